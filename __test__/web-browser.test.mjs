// The login and its pages in a real Chromium: cookies over https, tabs at once, the keyboard, and axe.

import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { after, before, test } from 'node:test'
import axe from 'axe-core'
import { chromium } from 'playwright-core'
import { OAuthApp, PartnerApp } from 'smartrecruiters'
import { loginHandler, partnerHandler, toNodeHandler } from 'smartrecruiters/web'
import { startSandbox } from 'smartrecruiters-sandbox'
import { authority, serverCertificate } from './support/certificates.mjs'
import { MapStore } from './support/map-store.mjs'
import { isRoot, programPath } from './support/programs.mjs'
import { listen } from './support/servers.mjs'
import { COOKIE_SECRET, codeExchanges } from './support/web.mjs'

let browser

before(async () => {
  const executablePath = programPath('chromium', 'chromium')
  // Chromium refuses to run as root with its own sandbox.
  browser = await chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] })
})
after(() => browser?.close())

/** Starts an app over https, with a sandbox behind it, and opens a browser context of its own. */
async function start(t, options = {}) {
  const sandbox = await startSandbox({ limits: false, jobs: 1, candidates: 1 })
  t.after(() => sandbox.close())
  const server = createServer(await serverCertificate(await authority()))
  const origin = `https://localhost:${await listen(t, server)}`
  const redirectUri = `${origin}/auth/callback`
  const { clientId, clientSecret } = sandbox.addClient({ redirectUris: [redirectUri] })
  const { baseUrl, partner } = sandbox
  const app = new OAuthApp({ clientId, clientSecret, redirectUri, baseUrl })
  const connected = []
  const login = loginHandler(app, {
    cookieSecret: COOKIE_SECRET,
    onConnected: grant => void connected.push(grant.id),
    onError: () => {},
  })
  const activation = partnerHandler(
    new PartnerApp({ clientId: partner.clientId, clientSecret: partner.clientSecret, baseUrl, store: new MapStore() }),
    { path: '/activate', onError: () => {} },
  )
  const html = '<!doctype html><html lang="en"><title>The app</title><main><h1>The app</h1></main></html>'
  const own = async () => new Response(html, { headers: { 'content-type': 'text/html' } })
  const answer = async request => (await login(request)) ?? (await activation(request)) ?? own()
  server.on('request', toNodeHandler(answer))
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
  t.after(() => context.close())
  const complaints = []
  context.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  return { sandbox, origin, context, connected, complaints }
}

const allow = page => page.getByRole('button', { name: 'Allow' }).click()
const heading = page => page.getByRole('heading', { level: 1 }).textContent()

test('twenty logins at once in one browser all succeed', async t => {
  const { sandbox, origin, context, connected, complaints } = await start(t)
  const pages = await Promise.all(Array.from({ length: 20 }, () => context.newPage()))
  // All of them are at the consent page before the first is allowed.
  await Promise.all(pages.map(page => page.goto(`${origin}/auth/login`)))
  assert.equal((await context.cookies(origin)).length, 20)
  await Promise.all(pages.map(allow))
  await Promise.all(pages.map(page => page.waitForURL(`${origin}/auth/callback?**`)))
  const headings = await Promise.all(pages.map(heading))
  assert.deepEqual(new Set(headings), new Set(['SmartRecruiters is connected']))
  assert.equal(new Set(connected).size, 20)
  assert.equal(codeExchanges(sandbox), 20)
  for (const { name, httpOnly, secure, sameSite, path } of await context.cookies(origin)) {
    assert.match(name, /^__Host-sr-login-/)
    assert.deepEqual({ httpOnly, secure, sameSite, path }, { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' })
  }
  assert.deepEqual(complaints, [])
})

test('reloading the callback and going back to it exchange nothing, and show the same', async t => {
  const { sandbox, origin, context, connected } = await start(t)
  const page = await context.newPage()
  await page.goto(`${origin}/auth/login`)
  await allow(page)
  await page.waitForURL(`${origin}/auth/callback?**`)
  await page.reload()
  assert.equal(await heading(page), 'SmartRecruiters is connected')
  await page.getByRole('link', { name: 'Continue' }).click()
  assert.equal(page.url(), `${origin}/`)
  await page.goBack()
  assert.equal(await heading(page), 'SmartRecruiters is connected')
  assert.equal(connected.length, 1)
  assert.equal(codeExchanges(sandbox), 1)
})

test('it works by the keyboard alone, and without scripts', async t => {
  const { origin, context, connected } = await start(t, { javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${origin}/auth/callback?state=x&code=y`)
  assert.equal(await heading(page), 'This login has expired')
  // The first stop is the link, from which Enter leads on.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/auth/callback?**`)
  assert.equal(await heading(page), 'SmartRecruiters is connected')
  assert.equal(connected.length, 1)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/`)
})

test('the link that has the focus is marked', async t => {
  const { origin, context } = await start(t)
  const page = await context.newPage()
  await page.goto(`${origin}/auth/callback?state=x&code=y`)
  const outline = () => page.evaluate(() => getComputedStyle(document.querySelector('a')).outlineStyle)
  assert.equal(await outline(), 'none')
  await page.keyboard.press('Tab')
  assert.equal(await outline(), 'solid')
})

test('axe finds nothing on any page, light or dark, and none is wider than a small phone', async t => {
  const { sandbox, origin, context, complaints } = await start(t, { viewport: { width: 320, height: 640 } })
  const page = await context.newPage()
  const deny = async () => {
    await page.goto(`${origin}/auth/login`)
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.waitForURL(`${origin}/auth/callback?**`)
  }
  const connect = async () => {
    await page.goto(`${origin}/auth/login`)
    await allow(page)
    await page.waitForURL(`${origin}/auth/callback?**`)
  }
  const fail = () => {
    sandbox.fault({ kind: 'answer', endpoint: 'POST /identity/oauth/token', body: {} })
    return connect()
  }
  const activate = companyId => () => page.goto(`${origin}/activate?companyId=${companyId}`)
  const seen = []
  for (const visit of [
    () => page.goto(`${origin}/auth/callback?state=x&code=y`),
    deny,
    fail,
    connect,
    activate('inactive-1'),
    activate(''),
    activate('acme'),
  ]) {
    await visit()
    seen.push(await heading(page))
    assert.equal(await page.title(), seen.at(-1))
    await page.evaluate(axe.source)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      const { violations, passes } = await page.evaluate(() => globalThis.axe.run())
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]),
        [],
        `${seen.at(-1)}, ${colorScheme}`,
      )
      assert.ok(passes.some(({ id }) => id === 'color-contrast'))
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 320), seen.at(-1))
  }
  assert.deepEqual(seen, [
    'This login has expired',
    'Access was not allowed',
    'The login did not work',
    'SmartRecruiters is connected',
    'The integration is not active',
    'This link is not complete',
    'SmartRecruiters is connected',
  ])
  // Chromium reports each status of 400 and more, and would report what the policy of a page forbids.
  assert.deepEqual(
    complaints.filter(text => !text.startsWith('Failed to load resource')),
    [],
  )
})
