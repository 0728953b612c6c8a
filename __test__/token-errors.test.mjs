// What a token endpoint says when it gives no token, as its `TokenError` shows it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientCredentials, OAuthApp, SmartRecruiters, TokenError } from 'smartrecruiters'
import { failure, otherThan, serve } from './support/servers.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }
const CLIENT = { clientId: 'client', clientSecret: 'secret-0123456789' }

/** A server whose token endpoint gives what `answer(form)` returns, and what it was asked. */
async function start(t, answer) {
  const asked = []
  const { baseUrl } = await serve(t, async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    if (request.url !== '/identity/oauth/token') return response.writeHead(200, JSON_TYPE).end('{"ok":true}')
    asked.push(new URLSearchParams(body))
    const { status = 200, headers = JSON_TYPE, body: text = '' } = answer(asked.at(-1))
    response.writeHead(status, headers).end(text)
  })
  return { asked, baseUrl }
}

function client(baseUrl) {
  return new SmartRecruiters({ credential: new ClientCredentials(CLIENT), baseUrl, limits: false, retries: 0 })
}

async function errorOf(t, answer) {
  const { asked, baseUrl } = await start(t, () => answer)
  const error = await failure(client(baseUrl).get('/jobs'))
  assert.ok(error instanceof TokenError)
  assert.equal(asked.length, 1)
  return error
}

test("a refusal in the vendor's own form shows the vendor's words, status, headers and request id", async t => {
  const error = await errorOf(t, {
    status: 400,
    headers: { 'x-request-id': 'r-1', 'set-cookie': 'session=canary', via: '1.1 gateway' },
    body: '{"message":"Client unknown","errors":[{"code":"UNKNOWN_CLIENT","message":"Client unknown"}]}',
  })
  assert.equal(error.code, 'TOKEN_REFUSED')
  assert.equal(error.error, undefined)
  assert.equal(error.errorDescription, 'Client unknown (UNKNOWN_CLIENT)')
  assert.equal(error.status, 400)
  assert.equal(error.requestId, 'r-1')
  assert.equal(error.headers.via, '1.1 gateway')
  assert.equal(error.retryAfter, undefined)
  assert.match(error.message, /the server says: Client unknown \(UNKNOWN_CLIENT\)$/)
  assert.ok(!JSON.stringify(error).includes('canary'))
})

test('a 401 without an OAuth error code says to check the credentials, and they are not presented again soon', async t => {
  for (const body of ['', '{"message":"Bad credentials"}']) {
    const { asked, baseUrl } = await start(t, () => ({ status: 401, body }))
    const sr = client(baseUrl)
    for (let call = 0; call < 50; call++) {
      const error = await failure(sr.get('/jobs'))
      assert.equal(error.code, 'TOKEN_REFUSED')
      assert.match(error.message, /check clientId and clientSecret/)
    }
    assert.equal(asked.length, 1)
  }
})

test('a Retry-After is shown in milliseconds, and nobody asks before', async t => {
  const { asked, baseUrl } = await start(t, () => ({ status: 429, headers: { 'retry-after': '20' }, body: '{}' }))
  const sr = client(baseUrl)
  for (let call = 0; call < 50; call++) {
    const error = await failure(sr.get('/jobs'))
    assert.deepEqual([error.code, error.status, error.retryAfter], ['TOKEN_UNAVAILABLE', 429, 20_000])
  }
  assert.equal(asked.length, 1)
})

test('a success without tokens that names an error is that error', async t => {
  const body = '{"access_token":null,"refresh_token":null,"error":"invalid_client","error_description":"gone"}'
  const error = await errorOf(t, { body })
  assert.deepEqual(
    [error.code, error.error, error.errorDescription, error.status],
    ['TOKEN_REFUSED', 'invalid_client', 'gone', 200],
  )
})

test('a page in place of an answer is shown by its title', async t => {
  const body = '<html><head><title>Maintenance</title></head><body>Back soon</body></html>'
  const error = await errorOf(t, { status: 503, headers: { 'content-type': 'text/html' }, body })
  assert.deepEqual([error.code, error.errorDescription], ['TOKEN_UNAVAILABLE', 'Maintenance'])
})

test('a good refresh token beside an unusable access token is kept, and the next use renews', async t => {
  const { asked, baseUrl } = await start(t, form =>
    form.get('refresh_token') === 'rt1'
      ? { body: '{"access_token":"a t","refresh_token":"rt2","token_type":"N_A"}' }
      : { body: '{"access_token":"at","refresh_token":"rt3","expires_in":1799}' },
  )
  const app = new OAuthApp({ ...CLIENT, redirectUri: 'http://localhost:3000/cb', baseUrl })
  const grant = await app.import({ id: 'g', refreshToken: 'rt1' })
  const sr = new SmartRecruiters({ credential: grant, limits: false })
  const error = await failure(sr.get('/jobs'))
  assert.equal(error.code, 'TOKEN_INVALID')
  const { value } = await otherThan('TOKEN_INVALID', () => sr.get('/jobs'))
  assert.deepEqual(value, { ok: true })
  assert.deepEqual(
    asked.map(form => form.get('refresh_token')),
    ['rt1', 'rt2'],
  )
})
