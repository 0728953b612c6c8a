// Two proxies that others wrote, squid and tinyproxy: what they let through, refuse, and drop.

import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { before, test } from 'node:test'
import { inspect } from 'node:util'
import { ApiKey, NetworkError, SmartRecruiters } from 'smartrecruiters'
import { authority, serverCertificate } from '../../__test__/support/certificates.mjs'
import { deferred, failure, listen, serve } from '../../__test__/support/servers.mjs'
import { startTinyproxy } from '../../__test__/support/tinyproxy.mjs'
import { needs } from '../support/children.mjs'
import { startSquid } from '../support/squid.mjs'

const USER = 'tester'
const PASSWORD = 'canary-password'

let ca
let certificate
before(async () => {
  ca = await authority()
  certificate = await serverCertificate(ca)
})

const client = options =>
  new SmartRecruiters({ credential: new ApiKey('key'), ca: ca.cert, retries: 0, limits: false, ...options })

/** Servers of both kinds, and the header fields of what reaches them. */
async function origins(t) {
  const seen = []
  const answer = (request, response) => {
    seen.push(request.headers)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
  }
  const { baseUrl: plain } = await serve(t, answer)
  const secure = `https://localhost:${await listen(t, createServer(certificate, answer))}`
  return { seen, urls: [plain, secure] }
}

const proxies = { squid: startSquid, tinyproxy: startTinyproxy }
const withLogin = (port, login) => `http://${login}@127.0.0.1:${port}`

for (const [name, start] of Object.entries(proxies)) {
  const skip = needs({ linux: true, programs: { [name]: name } })

  test(`calls through ${name}, with and without a login`, { skip }, async t => {
    const open = await start(t)
    const guarded = await start(t, { user: USER, password: PASSWORD })
    const { seen, urls } = await origins(t)
    for (const baseUrl of urls) {
      for (const proxy of [open.url, withLogin(guarded.port, `${USER}:${PASSWORD}`)]) {
        // A connection that the proxy has closed is no failure of a GET.
        const sr = client({ baseUrl, proxy, retries: 3 })
        for (let call = 0; call < 5; call++) assert.deepEqual(await sr.get('/jobs'), { ok: true })
      }
    }
    assert.equal(seen.length, 20)
    assert.ok(seen.every(headers => headers['proxy-authorization'] === undefined && headers['x-smarttoken'] === 'key'))
    t.diagnostic('figure: 20 of 20 calls succeed; the login reaches the API in 0 of them')
  })

  test(`${name} refuses a login, or a place`, { skip }, async t => {
    const open = await start(t)
    const guarded = await start(t, { user: USER, password: 'another' })
    const { seen, urls } = await origins(t)
    let refused = 0
    for (const baseUrl of urls) {
      for (const proxy of [guarded.url ?? '', withLogin(guarded.port, `${USER}:${PASSWORD}`)]) {
        const error = await failure(client({ baseUrl, proxy }).get('/jobs'))
        const shown = `${inspect(error, { depth: 9, showHidden: true })}${error.stack}${JSON.stringify(error)}`
        assert.ok(!shown.includes(PASSWORD) && !shown.includes(btoa(`${USER}:${PASSWORD}`)))
        assert.match(shown, /40[17]/)
        refused++
      }
    }
    // No server listens there, and squid does not even ask.
    const closed = await failure(client({ baseUrl: 'https://localhost:1', proxy: open.url }).get('/jobs'))
    assert.ok(closed instanceof NetworkError)
    assert.equal(closed.sent, false)
    assert.equal(seen.length, 0)
    t.diagnostic(`figure: ${refused + 1} of ${refused + 1} are typed errors that show no password; 0 requests arrive`)
  })

  test(`${name} ends in the middle of a tunnel`, { skip }, async t => {
    const proxy = await start(t)
    const arrived = deferred()
    const server = createServer(certificate, () => arrived.resolve())
    const baseUrl = `https://localhost:${await listen(t, server)}`
    const called = failure(client({ baseUrl, proxy: proxy.url }).post('/jobs', { json: {} }))
    await arrived.promise
    await proxy.kill()
    const error = await called
    assert.ok(error instanceof NetworkError, `${error}`)
    assert.deepEqual([error.kind, error.sent], ['reset', true])
    t.diagnostic('figure: a NetworkError that says that the request was sent; it is not repeated')
  })
}
