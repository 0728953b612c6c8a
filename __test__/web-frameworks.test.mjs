// One suite over servers of every kind: each runs as a program of its own, from `web/`. CI starts the light ones; with
// WEB_FRAMEWORKS=all, as in the nightly run, the package is installed beside NestJS, Next.js, Bun and Deno, too.

import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { startSandbox } from 'smartrecruiters-sandbox'
import { frameworkCommand, HEAVY, installFrameworks, LIGHT } from './support/frameworks.mjs'
import { freePort, startProgram } from './support/programs.mjs'
import { listen } from './support/servers.mjs'
import { Browser, COOKIE_SECRET, codeExchanges } from './support/web.mjs'

for (const name of LIGHT) describe(name, () => suite(port => frameworkCommand(name, { port })))

if (HEAVY.length > 0) {
  let folder
  before(async () => {
    folder = await installFrameworks()
  })
  after(() => rm(folder, { recursive: true, force: true }))
  for (const name of HEAVY) describe(name, () => suite(port => frameworkCommand(name, { folder, port })))
}

function suite(commandOf) {
  const closing = []
  const context = { after: close => closing.unshift(close) }
  const reports = []
  let sandbox
  let origin

  before(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    sandbox = await startSandbox({ limits: false, jobs: 1, candidates: 1 })
    context.after(() => sandbox.close())
    const reporting = createServer(async (request, response) => {
      let body = ''
      for await (const part of request) body += part
      reports.push(JSON.parse(body))
      response.end()
    })
    const reportUrl = `http://127.0.0.1:${await listen(context, reporting)}/`
    const redirectUri = `${origin}/auth/callback`
    const { clientId, clientSecret } = sandbox.addClient({ redirectUris: [redirectUri] })
    const { baseUrl, partner } = sandbox
    const settings = {
      oauth: { clientId, clientSecret, redirectUri, baseUrl },
      partner: { clientId: partner.clientId, clientSecret: partner.clientSecret, baseUrl },
      cookieSecret: COOKIE_SECRET,
      reportUrl,
    }
    const env = { ...process.env, PORT: String(port), WEB_SETTINGS: JSON.stringify(settings) }
    await startProgram(context, port, ...commandOf(port), { env })
  })
  after(async () => {
    for (const close of closing) await close()
  })

  /** A browser in front of the server. It says that it wants another host, which must decide nothing. */
  function open() {
    return new Browser(request => {
      const { pathname, search, port } = new URL(request.url)
      const headers = new Headers(request.headers)
      headers.set('x-forwarded-host', 'evil.example')
      const url = `http://127.0.0.1:${port}${pathname}${search}`
      return fetch(url, { method: request.method, headers, redirect: 'manual' })
    })
  }

  /** What was reported since the last time. */
  const reported = () => reports.splice(0)

  async function goToCallback(browser, { query = '', deny } = {}) {
    const answer = await browser.visit(`${origin}/auth/login${query}`)
    assert.equal(answer.status, 302)
    return sandbox.consentTo(answer.headers.get('location'), { deny })
  }

  test('a login succeeds, and its callback again shows the same and exchanges nothing', async () => {
    const browser = open()
    const callback = await goToCallback(browser, { query: '?who=ada&returnTo=/jobs' })
    const before = new Map(browser.cookies)
    const exchanged = codeExchanges(sandbox)
    const visits = [browser.visit(callback), browser.visit(callback, { cookies: before })]
    const answers = [...(await Promise.all(visits)), await browser.visit(callback)]
    for (const answer of answers) {
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, `${origin}/jobs`])
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
    }
    assert.equal(codeExchanges(sandbox) - exchanged, 1)
    assert.deepEqual(reported(), [{ connected: 'ada' }])
  })

  test('cookies of the app and of the login are all set', async () => {
    const browser = open()
    const callback = await goToCallback(browser, { query: '?who=with+a+session' })
    const answer = await browser.visit(callback)
    const names = answer.headers.getSetCookie().map(line => line.replace(/[=-].*/, ''))
    assert.deepEqual(names.sort(), ['session', 'sr', 'theme'])
    assert.deepEqual(reported(), [{ connected: 'with a session' }])
  })

  test('what fails shows a page, and its error is typed', async () => {
    const browser = open()
    const exchanged = codeExchanges(sandbox)
    const page = async answer => {
      assert.match(answer.headers.get('content-type'), /^text\/html; *charset=utf-8$/i)
      assert.match(answer.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/)
      return [answer.status, /<h1>(.*)<\/h1>/.exec(await answer.text())[1]]
    }
    const foreign = await goToCallback(open())
    assert.deepEqual(await page(await browser.visit(foreign)), [400, 'This login has expired'])
    const denied = await goToCallback(browser, { deny: true })
    assert.deepEqual(await page(await browser.visit(denied)), [403, 'Access was not allowed'])
    assert.equal(codeExchanges(sandbox) - exchanged, 0)
    sandbox.fault({ kind: 'answer', endpoint: 'POST /identity/oauth/token', body: {} })
    const empty = await goToCallback(browser)
    assert.deepEqual(await page(await browser.visit(empty)), [502, 'The login did not work'])
    assert.equal(codeExchanges(sandbox) - exchanged, 1)
    assert.deepEqual(reported(), [
      { error: 'CALLBACK_REFUSED' },
      { error: 'AUTHORIZATION_DENIED' },
      { error: 'TOKEN_INVALID' },
    ])
  })

  test('HEAD, a prefetch and POST begin nothing', async () => {
    const browser = open()
    const login = `${origin}/auth/login`
    assert.equal((await browser.visit(login, { method: 'HEAD' })).status, 204)
    assert.equal((await browser.visit(login, { headers: { 'sec-purpose': 'prefetch' } })).status, 503)
    assert.equal((await browser.visit(login, { method: 'POST' })).status, 405)
    assert.equal(browser.cookies.size, 0)
  })

  test('a customer is connected and sent back to SmartRecruiters', async () => {
    const redirect = `${sandbox.baseUrl}/done?a=b`
    const url = `${origin}/activate?${new URLSearchParams({ companyId: 'acme', redirect })}`
    const answer = await open().visit(url)
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, redirect])
    const foreign = await open().visit(url.replace(encodeURIComponent(sandbox.baseUrl), 'https%3A%2F%2Fevil.example'))
    assert.deepEqual([foreign.status, foreign.headers.get('location')], [200, null])
    assert.deepEqual(reported(), [{ activated: 'acme' }, { activated: 'acme' }])
  })

  test('other paths are those of the server', async () => {
    assert.equal((await fetch(`${origin}/auth/unknown`)).status, 404)
    assert.deepEqual(await (await fetch(`${origin}/own`)).json(), {})
    const headers = { 'content-type': 'application/json' }
    const sent = await fetch(`${origin}/own`, { method: 'POST', headers, body: '{"a":1}' })
    assert.deepEqual(await sent.json(), { a: 1 })
  })
}
