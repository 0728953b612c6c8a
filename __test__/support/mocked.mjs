/** What every library of mocks has to show behind a bridge; the test files say how each is told to. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { ApiKey, ClientCredentials, NetworkError, NotFoundError, SmartRecruiters } from 'smartrecruiters'
import { startBridge } from 'smartrecruiters/testing'

/**
 * Runs the tests. `mocks` answer on `https://api.smartrecruiters.com`:
 *
 * - `json(method, path, status, body)` once with JSON,
 * - `echo(path)` a POST with 201 and the JSON that it was sent, as `{ received }`,
 * - `token(accessToken)` a token exchange, and gives a list of the forms that were sent,
 * - `guarded(path, accessToken)` a GET with this bearer token with `'in'`,
 * - `fails(path)` a GET with an error of the network,
 * - `fetch` is what the bridge is given, if that is not the global one.
 */
export function behavesAsMocked({ json, echo, token, guarded, fails, fetch }) {
  async function client(t, options = {}) {
    const bridge = await startBridge({ ...(fetch && { fetch }) })
    t.after(() => bridge.close())
    return new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: bridge.baseUrl, retries: 0, ...options })
  }

  test('a GET gets the JSON of the mock', async t => {
    json('GET', '/jobs/1', 200, { id: '1', title: 'Ingénieur' })
    const sr = await client(t)
    assert.deepEqual(await sr.get('/jobs/{id}', { params: { id: 1 } }), { id: '1', title: 'Ingénieur' })
  })

  test('the mock sees the body of a POST', async t => {
    echo('/jobs')
    const sr = await client(t)
    const { data, response } = await sr.post('/jobs', { json: { title: 'Ingénieur' } }).withResponse()
    assert.equal(response.status, 201)
    assert.deepEqual(data, { received: { title: 'Ingénieur' } })
  })

  test('the token of a mocked exchange is used', async t => {
    const forms = token('the-token')
    guarded('/users/me', 'the-token')
    const sr = await client(t, { credential: new ClientCredentials({ clientId: 'id', clientSecret: 'secret' }) })
    assert.equal(await sr.get('/users/me'), 'in')
    assert.deepEqual(forms, [{ grant_type: 'client_credentials', client_id: 'id', client_secret: 'secret' }])
  })

  test('an error answer is the error that the API would make', async t => {
    json('GET', '/jobs/2', 404, { message: 'Job not found' })
    const sr = await client(t)
    await assert.rejects(
      sr.get('/jobs/2'),
      error => error instanceof NotFoundError && /Job not found/.test(error.message),
    )
  })

  test('an error of the network is a NetworkError, and a warning says where it comes from', async t => {
    fails('/jobs/3')
    const sr = await client(t)
    const warned = once(process, 'warning')
    await assert.rejects(sr.get('/jobs/3'), NetworkError)
    const [{ code, message }] = await warned
    assert.equal(code, 'SMARTRECRUITERS_BRIDGE')
    assert.match(message, /GET https:\/\/api\.smartrecruiters\.com\/jobs\/3: ./)
  })

  test('a request without a mock fails, and a warning names it', async t => {
    const sr = await client(t)
    const warned = once(process, 'warning')
    await assert.rejects(sr.get('/elsewhere'), NetworkError)
    const [{ message }] = await warned
    assert.match(message, /GET https:\/\/api\.smartrecruiters\.com\/elsewhere: ./)
  })
}
