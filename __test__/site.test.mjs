// The site of the documentation: it is built without a warning, and read in a real Chromium.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import axe from 'axe-core'
import { chromium } from 'playwright-core'
import { OUTPUT } from '../site/build.mjs'
import { API, address, files, placeOf, read, root } from '../site/pages.mjs'
import { folder, PICTURES } from '../site/pictures/index.mjs'
import { isRoot, programPath } from './support/programs.mjs'

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}
/** What a page looks like is the same for all pages of a kind. */
const LOOKED_AT = [
  'docs/index.md',
  'docs/choosing.md',
  'docs/calls.md',
  'docs/concepts/once.md',
  'docs/errors/NETWORK.md',
  'docs/compatibility.md',
  'docs/performance.md',
  `${API}/smartrecruiters/classes/ApiKey.md`,
]

let browser
let origin
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://x')
  const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
  try {
    const content = await readFile(join(OUTPUT, path))
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream').end(content)
  } catch {
    response.writeHead(404).end()
  }
})

before(async () => {
  await promisify(execFile)(process.execPath, ['site/build.mjs'], { cwd: root })
  const executablePath = programPath('chromium', 'chromium')
  // Chromium refuses to run as root with its own sandbox.
  browser = await chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  origin = `http://127.0.0.1:${server.address().port}`
})
after(async () => {
  await browser?.close()
  server.close()
})

const KEYS = '.rp-search-button__hotkey[style*="opacity: 1"]'

/** Opens a page; `foreign` are the requests that leave the site, `complaints` what the console says. */
async function open(t, path, options) {
  const context = await browser.newContext(options)
  t.after(() => context.close())
  const foreign = []
  const complaints = []
  context.on('request', request => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) foreign.push(request.url())
  })
  context.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  const page = await context.newPage()
  await page.goto(`${origin}${path}`, { waitUntil: 'networkidle' })
  // The scripts of the page show which keys begin a search: from then on, they do.
  if (options?.javaScriptEnabled !== false) await page.waitForSelector(KEYS, { state: 'attached' })
  return { page, foreign, complaints }
}

const pageOf = file => `/${placeOf(file)}.html`

test('the navigation leads to every page of the docs, once', async () => {
  const listed = files()
  const docs = (await readdir(join(root, 'docs'), { recursive: true })).filter(name => name.endsWith('.md'))
  assert.ok(docs.length > 20, 'no pages were found')
  assert.deepEqual(
    docs.map(name => `docs/${name}`).filter(file => !listed.includes(file)),
    [],
  )
  assert.equal(new Set(listed.map(address)).size, listed.length)
})

test('the pictures are as they are drawn, and say in words what they show', async () => {
  for (const [name, draw] of Object.entries(PICTURES)) {
    const drawn = draw()
    assert.equal(await readFile(new URL(name, folder), 'utf8'), drawn, `run node site/pictures/index.mjs`)
    assert.match(drawn, /<title id="title">.{10,}<\/title>\n<desc id="description">.{50,}<\/desc>/)
    assert.match(drawn, /@media \(prefers-color-scheme: dark\)/)
  }
  const images = files().flatMap(file => [...read(file).matchAll(/!\[([^\]]*)\]\(/g)].map(([, words]) => words))
  assert.ok(images.length >= 4, 'no pictures were found')
  assert.deepEqual(
    images.filter(words => words.length < 20),
    [],
  )
})

test('a limit of ten requests in a second is what the recording shows', async () => {
  const times = JSON.parse(await readFile(join(root, 'site/pictures/limits.json'), 'utf8'))
  assert.equal(times.length, 40)
  for (const [index, time] of times.entries()) assert.ok((times[index + 10] ?? Infinity) - time >= 999, `${time}`)
})

test('each page is there as HTML and as Markdown', async () => {
  for (const file of files()) {
    const html = await readFile(join(OUTPUT, `${placeOf(file)}.html`), 'utf8')
    const text = await readFile(join(OUTPUT, `${placeOf(file)}.md`), 'utf8')
    assert.match(text, /^# /m)
    assert.ok(html.includes(`<link rel="alternate" type="text/markdown" href="/${placeOf(file)}.md"`), file)
  }
})

test('the dashboard can be downloaded from the page that describes it', async () => {
  assert.match(await readFile(join(OUTPUT, 'telemetry.html'), 'utf8'), /<a href="\/grafana-dashboard\.json"/)
  assert.equal(await readFile(join(OUTPUT, 'grafana-dashboard.json'), 'utf8'), read('docs/grafana-dashboard.json'))
})

test('llms.txt lists every page, and llms-full.txt is short enough', async () => {
  const list = await readFile(join(OUTPUT, 'llms.txt'), 'utf8')
  assert.deepEqual(
    files().filter(file => !list.includes(`](/${placeOf(file)}.md)`)),
    [],
  )
  const text = await readFile(join(OUTPUT, 'llms-full.txt'), 'utf8')
  assert.ok(Buffer.byteLength(text) <= 200_000)
  assert.match(text, /^# Grants$/m)
})

for (const [screen, viewport] of Object.entries({
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 900 },
})) {
  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing, nothing leaves the site, and nothing is cut off: ${screen}, ${colorScheme}`, async t => {
      for (const file of LOOKED_AT) {
        const { page, foreign, complaints } = await open(t, pageOf(file), { viewport, colorScheme })
        await page.evaluate(axe.source)
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run())
        assert.ok(passes.length > 10, 'axe did not run')
        assert.deepEqual(
          violations.map(({ id, nodes }) => `${file}: ${id}: ${nodes[0].html}`),
          [],
        )
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, file)
        assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] })
      }
    })
  }
}

test('the words of a picture are not smaller than they were drawn, on a phone too', async t => {
  let pictures = 0
  for (const file of files().filter(file => /!\[/.test(read(file)))) {
    const { page } = await open(t, pageOf(file), { viewport: { width: 390, height: 844 } })
    const sizes = await page
      .locator('.rp-doc img')
      .evaluateAll(all => all.map(({ src, width, naturalWidth }) => ({ src, width, naturalWidth })))
    pictures += sizes.length
    for (const { src, width, naturalWidth } of sizes) assert.ok(naturalWidth > 0 && width >= naturalWidth, src)
  }
  assert.ok(pictures >= 4, 'no pictures were found')
})

test('a page is read, and another one is reached, without scripts', async t => {
  for (const width of [390, 1280]) {
    const { page } = await open(t, pageOf('docs/calls.md'), {
      javaScriptEnabled: false,
      viewport: { width, height: 844 },
    })
    await page.getByRole('heading', { level: 1, name: 'Calls', exact: true }).waitFor()
    assert.match(await page.getByRole('main').textContent(), /const sr = SmartRecruiters\.fromEnv\(\)/)
    assert.ok((await page.getByRole('main').boundingBox()).width >= 380, 'the navigation leaves no room')
    await page.getByRole('complementary', { name: 'Pages' }).getByRole('link', { name: 'Limits', exact: true }).click()
    assert.equal(page.url(), `${origin}${pageOf('docs/limits.md')}`)
    await page.getByRole('heading', { level: 1, name: 'Limits', exact: true }).waitFor()
  }
})

test('search finds a page by the keyboard alone, without leaving the site', async t => {
  const { page, foreign } = await open(t, '/index.html')
  await page.keyboard.press('Control+k')
  await page.getByRole('textbox').or(page.getByRole('searchbox')).pressSequentially('responseLost')
  const found = page.getByRole('link', { name: /responseLost/ }).first()
  await found.waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(url => /\/(grants|errors|concepts|partners)/.test(url.pathname))
  assert.deepEqual(foreign, [])
})

/** What the issues of comparable packages ask, as a developer would search for it, and the page that answers. */
const SEARCHES = {
  'webhook body parser': '/webhooks',
  'duplicate webhook events': '/webhooks',
  'headers timeout longer': '/concepts/retries',
  'proxy option': '/http',
  'proxy self-signed certificate': '/tls',
  'custom base url': '/calls',
  'state browser session': '/errors/CALLBACK_REFUSED',
  'login cookie stripped': '/login',
  'oauth lambda': '/login',
  'grant user mapping': '/login',
  'encrypt tokens database': '/stores',
  'refresh token invalid': '/errors',
  'refresh access token manually': '/concepts/tokens',
  'store new refresh token': '/concepts/once',
  'refresh token 401': '/concepts/tokens',
  'revoke token': '/grants',
  'existing refresh token import': '/grants',
  'refresh token parallel requests': '/concepts/once',
  'linuxmusl binary platform': '/compatibility',
  'esbuild .node loader': '/compatibility',
  'Next.js module parse failed': '/compatibility',
  'mock requests test': '/testing',
  'rate limit multiple processes': '/limits',
  'retry POST backoff': '/concepts/retries',
  'serverless token cache': '/guides/serverless',
  'multipart form data': '/guides/files',
  'upload stream file': '/guides/files',
  'error response body': '/errors',
  'response headers': '/calls',
  'pagination limit items': '/lists',
  'download to file': '/guides/files',
  'authorization header logged error': '/security',
  'abort timeout reason': '/calls',
  'nestjs require esm': '/compatibility',
  'deno bun workers': '/compatibility',
  'mTLS client certificate': '/tls',
  'process does not exit': '/calls',
  'trace propagation': '/telemetry',
  'array query parameters': '/calls',
  'multiple tenants tokens': '/grants',
}

/** Searches as a user does; returns the paths of the pages that are found, in their order. */
async function searched(page, query) {
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByRole('textbox').or(page.getByRole('searchbox')).fill(query)
  const links = page.locator('.rp-search-panel__results').getByRole('link')
  await links.first().waitFor()
  const paths = await links.evaluateAll(all => all.map(({ pathname }) => pathname.replace(/(\.html|index\.html)$/, '')))
  return [...new Set(paths)]
}

test('search finds the page that has all words, wherever they are, and explains before it refers', async t => {
  const { page, foreign } = await open(t, '/index.html', { viewport: { width: 1280, height: 900 } })
  let apart = 0
  for (const [query, path] of Object.entries(SEARCHES)) {
    const found = await searched(page, query)
    assert.ok(found.slice(0, 5).includes(path), `${query}: ${found}`)
    const text = await readFile(join(OUTPUT, `${path}.md`), 'utf8')
    if (!text.toLowerCase().includes(query.toLowerCase())) apart += 1
    const firstLookedUp = found.findIndex(place => place.startsWith('/api/'))
    assert.ok(
      firstLookedUp === -1 ||
        found.slice(firstLookedUp).every(place => /^\/(api|reference|reliability|project|examples)\b/.test(place)),
      `${query}: ${found}`,
    )
  }
  assert.ok(apart > 30, 'the words of most queries do not stand together')
  assert.equal((await searched(page, 'ClientOptions'))[0], '/api/smartrecruiters/interfaces/ClientOptions')
  assert.deepEqual(foreign, [])
})

test('the results of a search can be read in light and dark', async t => {
  for (const colorScheme of ['light', 'dark']) {
    const { page } = await open(t, '/index.html', { colorScheme, viewport: { width: 390, height: 844 } })
    assert.ok((await searched(page, 'proxy certificate')).length > 3)
    await page.evaluate(axe.source)
    const { violations, passes } = await page.evaluate(() =>
      globalThis.axe.run('.rp-search-panel__results', { runOnly: ['color-contrast'] }),
    )
    assert.ok(passes[0].nodes.length > 5, 'axe did not run')
    assert.deepEqual(
      violations.flatMap(({ nodes }) => nodes.map(({ html }) => html)),
      [],
    )
  }
})

test('search does not miss what is typed while its index is loaded', async t => {
  const { page } = await open(t, '/index.html')
  let load
  const held = new Promise(resolve => {
    load = resolve
  })
  await page.route(/search_index/, route => held.then(() => route.continue()))
  // The page asks for the index when it can be used.
  const asked = page.waitForRequest(
    request => request.url().includes('search_index') && request.resourceType() === 'fetch',
  )
  await page.reload()
  await asked
  const found = searched(page, 'encrypt tokens database')
  await page.locator('.rp-search-panel__search-icon--loading').waitFor()
  load()
  assert.equal((await found)[0], '/stores')
})
