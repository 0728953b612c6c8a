import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

const tokenEndpoint = 'POST /identity/oauth/token'
const credentials = { grant_type: 'client_credentials' }

describe('a fault', () => {
  it(
    'that drops before leaves a refresh token unspent, and it still counts as presented',
    withSandbox({}, async (sandbox, client) => {
      const { refresh_token } = await client.grant()
      sandbox.fault({ kind: 'dropBefore', endpoint: tokenEndpoint })
      await assert.rejects(client.refresh(refresh_token))
      assert.equal((await client.refresh(refresh_token)).status, 200)
      assert.deepEqual(Object.values(sandbox.counters().refreshTokens), [2])
      assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 2, successes: 1 })
      assert.equal(sandbox.counters().unanswered, 1)
    }),
  )

  it(
    'that drops after spends it, at once or late',
    withSandbox({}, async (sandbox, client) => {
      for (const ms of [undefined, 5]) {
        const { refresh_token } = await client.grant()
        sandbox.fault({ kind: 'dropAfter', endpoint: tokenEndpoint, ...(ms && { ms }) })
        await assert.rejects(client.refresh(refresh_token))
        assert.equal((await client.refresh(refresh_token)).status, 400)
      }
      assert.equal(sandbox.counters().exchanges.refresh_token.successes, 2)
    }),
  )

  it(
    'that delays before or after lets the right answer through',
    withSandbox({}, async (sandbox, client) => {
      for (const when of ['before', 'after']) {
        sandbox.fault({ kind: 'delay', ms: 1, when, path: '/payload/' })
        assert.equal((await (await client.get('/payload/100000')).text()).length, 100_000)
      }
      assert.equal(sandbox.counters().faults.delay, 2)
    }),
  )

  it(
    'that holds keeps the request until it is cleared, processed or not',
    withSandbox({}, async (sandbox, client) => {
      const { content } = await (await client.get('/candidates?limit=2')).json()
      const cases = [
        ['before', content[0].id, 200],
        ['after', content[1].id, 404],
      ]
      for (const [when, id, meanwhile] of cases) {
        const hold = sandbox.fault({ kind: 'hold', when, endpoint: 'DELETE /candidates/{id}' })
        const arrived = sandbox.nextRequest()
        const deleted = client.get(`/candidates/${id}`, { method: 'DELETE' })
        await arrived
        assert.equal((await client.get(`/candidates/${id}`)).status, meanwhile)
        hold.clear()
        assert.equal((await deleted).status, 204)
      }
    }),
  )

  it(
    'that truncates announces the whole body and breaks off in the middle',
    withSandbox({}, async (sandbox, client) => {
      sandbox.fault({ kind: 'truncate', path: '/payload' })
      const answer = await client.get('/payload/1000')
      assert.equal(answer.headers.get('content-length'), '1000')
      await assert.rejects(answer.text())
    }),
  )

  it(
    'with a status answers in the vendor shape, or with the body it is given',
    withSandbox({}, async (sandbox, client) => {
      sandbox.fault({ kind: 'status', status: 503 })
      sandbox.fault({ kind: 'status', status: 500, body: 'oops', contentType: 'text/plain', headers: { 'x-a': 'b' } })
      const first = await client.get('/jobs')
      assert.equal(first.status, 503)
      assert.equal((await first.json()).errors[0].code, 'SERVICE_UNAVAILABLE')
      const second = await client.get('/jobs')
      assert.deepEqual([second.status, second.headers.get('x-a'), await second.text()], [500, 'b', 'oops'])
      assert.equal((await client.get('/jobs')).status, 200)
    }),
  )

  it(
    'with a status before creates nothing, and after does',
    withSandbox({}, async (sandbox, client) => {
      const total = async () => (await (await client.get('/jobs?limit=1')).json()).totalFound
      const create = () => client.send('POST', '/jobs', { title: 'Baker' })
      sandbox.fault({ kind: 'status', status: 502, endpoint: 'POST /jobs' })
      assert.equal((await create()).status, 502)
      assert.equal(await total(), 60)
      sandbox.fault({ kind: 'status', status: 502, endpoint: 'POST /jobs', when: 'after' })
      assert.equal((await create()).status, 502)
      assert.equal(await total(), 61)
    }),
  )

  it(
    'of 429 may carry Retry-After, in seconds or as a date',
    withSandbox({}, async (sandbox, client) => {
      for (const retryAfter of [undefined, 2, 'Wed, 21 Oct 2026 07:28:00 GMT']) {
        sandbox.fault({ kind: '429', ...(retryAfter !== undefined && { retryAfter }) })
        const answer = await client.get('/jobs')
        assert.equal(answer.status, 429)
        assert.equal(answer.headers.get('retry-after'), retryAfter === undefined ? null : String(retryAfter))
      }
    }),
  )

  it(
    'that is malformed answers nonsense with status 200, or whatever it is told',
    withSandbox({}, async (sandbox, client) => {
      sandbox.fault({ kind: 'malformed', endpoint: tokenEndpoint, contentType: undefined, times: undefined })
      sandbox.fault({ kind: 'malformed', endpoint: tokenEndpoint, body: {}, contentType: 'application/json' })
      const page = await client.token(credentials)
      assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html'])
      assert.match(await page.text(), /^<!doctype html>/)
      assert.equal(await (await client.token(credentials)).text(), '{}')
      assert.equal(sandbox.counters().exchanges.client_credentials.successes, 0)
    }),
  )

  it(
    'that answers in place of the server does so after the token was issued',
    withSandbox({}, async (sandbox, client) => {
      sandbox.fault({ kind: 'answer', endpoint: tokenEndpoint, body: '{"error":"invalid_grant"}' })
      const answer = await client.token(credentials)
      assert.deepEqual([answer.status, await answer.json()], [200, { error: 'invalid_grant' }])
      assert.equal(sandbox.counters().exchanges.client_credentials.successes, 1)
    }),
  )

  it(
    'that merges overwrites and removes fields of a success, and leaves an error alone',
    withSandbox({}, async (sandbox, client) => {
      const merge = { kind: 'merge', fields: { expires_in: null, extra: 1 }, remove: ['token_type'] }
      sandbox.fault({ ...merge, endpoint: tokenEndpoint, times: 2 })
      const { access_token, ...rest } = await (await client.token(credentials)).json()
      assert.deepEqual(rest, { expires_in: null, extra: 1 })
      assert.equal((await client.bearer('/users/me', access_token)).status, 200)
      assert.equal((await (await client.token({})).json()).extra, undefined)
    }),
  )
})

describe('a fault strikes', () => {
  it(
    'by endpoint, path, method, number of times, and after some',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const statuses = async paths => {
        const answers = []
        for (const [method, path] of paths) answers.push((await client.get(path, { method })).status)
        return answers
      }
      sandbox.fault({ kind: 'status', status: 500, endpoint: 'GET /jobs/{anything}', times: 2, after: 1 })
      const one = ['GET', '/jobs/none']
      assert.deepEqual(await statuses([one, ['GET', '/jobs'], one, one, one]), [404, 200, 500, 500, 404])

      const fault = sandbox.fault({ kind: 'status', status: 500, path: '/echo', method: 'post', times: Infinity })
      assert.deepEqual(
        await statuses([
          ['POST', '/echo/a'],
          ['POST', '/echo'],
          ['GET', '/echo'],
        ]),
        [500, 500, 200],
      )
      assert.equal(fault.hits, 2)
      fault.clear()
      assert.deepEqual(await statuses([['POST', '/echo']]), [200])
    }),
  )

  it(
    'the storage origin by its path',
    withSandbox({}, async (sandbox, client) => {
      sandbox.fault({ kind: 'truncate', endpoint: 'GET /files/{id}' })
      const redirect = await client.get('/candidates/attachments/size-1000')
      const download = async () => (await fetch(redirect.headers.get('location'))).arrayBuffer()
      await assert.rejects(download())
      assert.equal((await download()).byteLength, 1000)
    }),
  )

  it(
    'no request that the limits refuse',
    withSandbox({}, async (sandbox, client) => {
      const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates' })
      const fault = sandbox.fault({ kind: 'status', status: 500, endpoint: 'GET /candidates' })
      const arrived = sandbox.nextRequest()
      const first = client.get('/candidates')
      await arrived
      assert.equal((await client.get('/candidates')).status, 429)
      assert.equal(fault.hits, 0)
      hold.clear()
      await first
    }),
  )
})

describe('a fault that makes no sense', () => {
  const wrong = [
    [{ kind: 'explode' }, /"kind"/],
    [{ kind: 'delay' }, /"ms"/],
    [{ kind: 'delay', ms: -1 }, /"ms"/],
    [{ kind: 'status', status: 99 }, /"status"/],
    [{ kind: 'answer' }, /"body"/],
    [{ kind: 'truncate', times: 0 }, /"times"/],
    [{ kind: 'truncate', path: 'jobs' }, /"path"/],
    [{ kind: 'truncate', endpoint: 'GET /nowhere' }, /"endpoint"/],
    [{ kind: 'truncate', tiems: 2 }, /"tiems"/],
  ]
  for (const [spec, message] of wrong) {
    it(
      `is refused: ${JSON.stringify(spec)}`,
      withSandbox({}, sandbox => {
        assert.throws(
          () => sandbox.fault(spec),
          error => error instanceof TypeError && message.test(error.message),
        )
      }),
    )
  }
})
