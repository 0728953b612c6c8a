// Logins in the browser: in a real Chromium, and with every request that may reach the local server.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { startSandbox } from 'smartrecruiters-sandbox'
import { isRoot, programPath } from '../../../__test__/support/programs.mjs'
import { configFolder, encryptionKey, run, start } from './support.mjs'

let browser

before(async () => {
  const executablePath = programPath('chromium', 'chromium')
  // Chromium refuses to run as root with its own sandbox.
  browser = await chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] })
})
after(() => browser?.close())

/** A sandbox with an app whose redirect URI is on this machine, and the words and variables of its login. */
async function setUp(t, { redirectUri, hostname = '127.0.0.1', refreshTokenReuse = 'reject' } = {}) {
  const sandbox = await startSandbox({ jobs: 1, candidates: 1, refreshTokenReuse })
  t.after(() => sandbox.close())
  const callback = redirectUri ?? `http://${hostname}:${await freePort()}/callback`
  const { clientId, clientSecret } = sandbox.addClient({ redirectUris: [callback] })
  const env = {
    ...(await configFolder(t)),
    ...encryptionKey(),
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
    // No browser opens by itself, also where there is a screen.
    BROWSER: '/nonexistent',
  }
  const words = [
    'auth',
    'login',
    '--client-id',
    clientId,
    '--redirect-uri',
    callback,
    '--authorize-url',
    sandbox.authorizeUrl,
  ]
  return { sandbox, callback, clientSecret, env, words }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a login, and resolves when it has printed the page to open. */
async function logIn(t, { words, env, clientSecret }) {
  const child = start(words, { env, stdin: 'pipe' })
  t.after(() => child.kill('SIGKILL'))
  if (clientSecret !== undefined) child.stdin.write(`${clientSecret}\n`)
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].on('data', chunk => {
      said[stream] += chunk
    })
  }
  const closed = once(child, 'close')
  const url = () => /^ {2}(http\S+)$/m.exec(said.stderr)?.[1]
  while (url() === undefined && child.exitCode === null) {
    await Promise.race([once(child.stderr, 'data'), closed])
  }
  assert.ok(url(), said.stderr)
  return { child, said, url: url(), ended: closed.then(([code]) => code) }
}

/** Sends a request to the local server as it stands: `fetch` would not send every header. */
async function send(url, { method = 'GET', headers = {} } = {}) {
  const sent = request(url, { method, headers })
  sent.end()
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, headers: response.headers, text }
}

/** The exchanges of authorization codes that reached the token endpoint. */
const exchanges = sandbox => sandbox.exchanges().filter(({ grantType }) => grantType === 'authorization_code').length

test('a login in Chromium stores a grant, which later runs renew without a browser', async t => {
  const set = await setUp(t)
  const { sandbox, env } = set
  const { url, said, ended } = await logIn(t, set)
  const page = await browser.newPage()
  await page.goto(url)
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${set.callback}?**`)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'You are logged in')
  await page.close()
  assert.equal(await ended, 0)
  assert.deepEqual(JSON.parse(said.stdout), {
    profile: 'default',
    credential: 'grant',
    baseUrl: sandbox.baseUrl,
    key: 'variable',
  })

  const status = JSON.parse((await run(['auth', 'status'], { env })).stdout)
  assert.equal(status.state, 'active')
  assert.ok(new Date(status.refreshTokenExpiresAt) > new Date())

  sandbox.expireAccessTokens()
  const { code, stdout, stderr } = await run(['api', '/jobs'], { env })
  assert.equal(code, 0, stderr)
  assert.equal(JSON.parse(stdout).content.length, 1)

  // The second login finds that the grant works, and opens nothing: no secret is asked for, and nobody is waited for.
  sandbox.expireAccessTokens()
  const again = await run(['auth', 'login'], { env })
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stderr, /works already/)
  assert.equal(exchanges(sandbox), 1)
})

test('a login is repeated without its options, and asks for the secret only if the key is lost', async t => {
  const set = await setUp(t)
  const { sandbox, clientSecret } = set
  const again = ['auth', 'login', '--force']
  for (const [words, env, secret] of [
    [set.words, set.env, clientSecret],
    [again, set.env, undefined],
    [again, { ...set.env, ...encryptionKey() }, clientSecret],
  ]) {
    const { url, ended, said } = await logIn(t, { words, env, clientSecret: secret })
    assert.equal((await send(await sandbox.consentTo(url))).status, 200)
    assert.equal(await ended, 0, said.stderr)
    assert.equal(JSON.parse((await run(['auth', 'status'], { env })).stdout).state, 'active')
    assert.equal((await run(['api', '/jobs'], { env })).code, 0)
  }
  assert.equal(exchanges(sandbox), 3)
  const other = await run([...again, '--base-url', 'http://127.0.0.1:9'], { env: set.env })
  assert.equal(other.code, 2)
  assert.match(other.stderr, /another API than the profile/)
})

test('nothing but the callback of this login ends it', async t => {
  const set = await setUp(t)
  const { url, ended, said } = await logIn(t, set)
  const good = new URL(await set.sandbox.consentTo(url))
  const foreign = new URL(good)
  foreign.searchParams.set('state', 'x'.repeat(43))
  const without = new URL(good)
  without.searchParams.delete('state')

  for (const [expected, target, options] of [
    [400, foreign],
    [400, without],
    [421, good, { headers: { host: 'evil.example' } }],
    [421, good, { headers: { host: `localhost:${good.port}` } }],
    [404, new URL('/favicon.ico', good)],
    [404, new URL('/', good)],
    [405, good, { method: 'HEAD' }],
    [405, good, { method: 'POST' }],
    [503, good, { headers: { 'sec-purpose': 'prefetch;prerender' } }],
  ]) {
    const { status } = await send(target, options)
    assert.equal(status, expected, `${options?.method ?? 'GET'} ${target.pathname} ${JSON.stringify(options?.headers)}`)
  }
  assert.equal(exchanges(set.sandbox), 0)

  // The browser sends the right one twice at once: one exchange, and the same page.
  const answers = await Promise.all([send(good), send(good)])
  for (const { status, text, headers } of answers) {
    assert.equal(status, 200)
    assert.match(text, /You are logged in/)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.ok(!text.includes(good.searchParams.get('code')))
  }
  assert.equal(await ended, 0)
  assert.equal(exchanges(set.sandbox), 1)
  assert.ok(!said.stdout.includes(good.searchParams.get('code')))
})

test('a second callback with another code does not replace the first', async t => {
  const set = await setUp(t)
  const { url, ended } = await logIn(t, set)
  const [first, second] = [await set.sandbox.consentTo(url), await set.sandbox.consentTo(url)]
  const hold = set.sandbox.fault({ kind: 'hold', path: '/identity/oauth/token' })
  const arrived = set.sandbox.nextRequest(({ path }) => path === '/identity/oauth/token')
  const answer = send(first)
  await arrived
  assert.equal((await send(second)).status, 409)
  hold.clear()
  assert.equal((await answer).status, 200)
  assert.equal(await ended, 0)
  assert.equal(exchanges(set.sandbox), 1)
})

test('a code that was used before ends the login with exit code 4, and stores nothing', async t => {
  const set = await setUp(t)
  const { url, ended, said } = await logIn(t, set)
  const callback = new URL(await set.sandbox.consentTo(url))
  await fetch(`${set.sandbox.baseUrl}/identity/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: new URL(url).searchParams.get('client_id'),
      client_secret: set.clientSecret,
      code: callback.searchParams.get('code'),
      redirect_uri: set.callback,
    }),
  })
  const { status, text } = await send(callback)
  assert.equal(status, 400)
  assert.match(text, /The login failed/)
  assert.equal(await ended, 4)
  assert.equal(said.stdout, '')
  assert.equal((await run(['auth', 'status'], { env: set.env })).code, 4)
})

test('a user who refuses ends the login with exit code 4', async t => {
  const set = await setUp(t)
  const { url, ended, said } = await logIn(t, set)
  const callback = await set.sandbox.consentTo(url, { deny: true })
  assert.equal((await send(callback)).status, 400)
  assert.equal(await ended, 4)
  assert.equal(said.stdout, '')
  assert.equal(exchanges(set.sandbox), 0)
})

test('localhost is guarded on both of its addresses', async t => {
  const set = await setUp(t, { hostname: 'localhost' })
  const { url, ended } = await logIn(t, set)
  const callback = new URL(await set.sandbox.consentTo(url))
  const { host, port } = callback
  const other = createServer()
  const listening = once(other, 'listening')
  other.listen({ host: '127.0.0.1', port: Number(port), exclusive: true })
  await assert.rejects(listening, { code: 'EADDRINUSE' })
  const direct = new URL(callback)
  direct.hostname = '127.0.0.1'
  assert.equal((await send(direct, { headers: { host } })).status, 200)
  assert.equal(await ended, 0)
})

test('a port that is taken is named, before anybody is asked for anything but the secret', async t => {
  const set = await setUp(t)
  const other = createServer().listen(Number(new URL(set.callback).port), '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const { code, stderr } = await run(set.words, { env: set.env, input: `${set.clientSecret}\n` })
  assert.equal(code, 1)
  assert.match(stderr, /Nothing can listen at http:\/\/127\.0\.0\.1:\d+\/callback: EADDRINUSE/)
})

test('the browser of $BROWSER is opened with the page', async t => {
  const set = await setUp(t)
  const folder = set.env.SMARTRECRUITERS_CONFIG_DIR
  const program = join(folder, 'browser')
  await writeFile(program, `#!/bin/sh\nprintf %s "$1" > "${folder}/url"\n`)
  await chmod(program, 0o755)
  const { url, child, said } = await logIn(t, { ...set, env: { ...set.env, BROWSER: program } })
  assert.match(said.stderr, /If it did not open/)
  let opened = ''
  while (opened === '') opened = await readFile(join(folder, 'url'), 'utf8').catch(() => '')
  assert.equal(opened, url)
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [130, null])
})

test('with --no-browser, or a redirect URI elsewhere, the URL of the callback is pasted', async t => {
  for (const [redirectUri, flags] of [
    [undefined, ['--no-browser']],
    ['https://app.example/callback', []],
  ]) {
    const set = await setUp(t, { redirectUri })
    const words = [...set.words, ...flags]
    const { url, child, ended, said } = await logIn(t, { ...set, words })
    child.stdin.end(`${await set.sandbox.consentTo(url)}\n`)
    assert.equal(await ended, 0, said.stderr)
    assert.equal(JSON.parse((await run(['auth', 'status'], { env: set.env })).stdout).state, 'active')
  }
})

test('without a place for secrets, the login is refused before anything else', async t => {
  const set = await setUp(t)
  const { SMARTRECRUITERS_ENCRYPTION_KEY: _, ...env } = set.env
  // No message bus, so no keyring.
  const { code, stdout, stderr } = await run(set.words, {
    env: { ...env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
  })
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /Secrets cannot be stored safely: .*\n.*SMARTRECRUITERS_ENCRYPTION_KEY.*--insecure-storage/)
  assert.doesNotMatch(stderr, /http/)
})
