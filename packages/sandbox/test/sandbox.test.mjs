import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { startSandbox } from '../index.mjs'
import { control, withSandbox } from './support.mjs'

const { CounterBook } = createRequire(import.meta.url)('../dist/counters.js')

describe('the options', () => {
  const wrong = [
    ['port', 70_000],
    ['accessTokenLifetime', 0],
    ['refreshTokenReuse', 'maybe'],
    ['limits', 'no'],
    ['jobs', 1.5],
    ['retryAfter', -1],
    ['colour', 'red'],
  ]
  for (const [name, value] of wrong) {
    it(`refuse ${name}: ${value} by name`, async () => {
      await assert.rejects(
        startSandbox({ [name]: value }),
        error => error instanceof TypeError && error.message.includes(`"${name}"`),
      )
    })
  }

  it(
    'set how much data there is',
    withSandbox({ jobs: 3, candidates: 0 }, async (_sandbox, client) => {
      assert.equal((await (await client.get('/jobs')).json()).totalFound, 3)
      assert.deepEqual((await (await client.get('/candidates')).json()).content, [])
    }),
  )
})

describe('a sandbox', () => {
  it('closes while requests are under way, and rejects those who wait', async () => {
    const sandbox = await startSandbox({ jobs: 1, candidates: 1 })
    sandbox.fault({ kind: 'hold' })
    const arrived = sandbox.nextRequest()
    const pending = fetch(`${sandbox.baseUrl}/jobs`, { headers: { 'x-smarttoken': sandbox.apiKey } })
    await arrived
    const never = sandbox.nextRequest()
    await Promise.all([sandbox.close(), assert.rejects(pending), assert.rejects(never, /the sandbox was closed/)])
    await assert.rejects(fetch(sandbox.baseUrl))
    await sandbox.close()
  })

  it('is disposed of like any resource', async () => {
    const sandbox = await startSandbox({ jobs: 1, candidates: 1 })
    await sandbox[Symbol.asyncDispose]()
    await assert.rejects(fetch(sandbox.baseUrl))
  })

  it('fails to start on a port that is taken, and leaves nothing open', async () => {
    const first = await startSandbox({ jobs: 1, candidates: 1 })
    const port = Number(new URL(first.baseUrl).port)
    await assert.rejects(startSandbox({ port, jobs: 1, candidates: 1 }), { code: 'EADDRINUSE' })
    await first.close()
  })

  it('has other secrets at every start', async () => {
    const [a, b] = await Promise.all([startSandbox({ jobs: 1 }), startSandbox({ jobs: 1 })])
    assert.notEqual(a.apiKey, b.apiKey)
    assert.notEqual(a.client.clientSecret, b.client.clientSecret)
    await Promise.all([a.close(), b.close()])
  })
})

describe('nextRequest', () => {
  it(
    'tells of a request before it is answered, without its secrets',
    withSandbox({}, async (sandbox, client) => {
      const hold = sandbox.fault({ kind: 'hold' })
      const next = sandbox.nextRequest(({ path }) => path === '/echo')
      const answer = client.get('/echo?a=1')
      const arrived = await next
      assert.deepEqual(
        [arrived.origin, arrived.method, arrived.endpoint, arrived.query, arrived.credential],
        ['api', 'GET', 'GET /echo', 'a=1', 'apiKey'],
      )
      assert.equal(arrived.headers['x-smarttoken'], '<redacted>')
      hold.clear()
      assert.equal((await answer).headers.get('x-request-id'), arrived.id)
    }),
  )
})

describe('the counters', () => {
  it(
    'count requests, answers and exchanges',
    withSandbox({}, async (sandbox, client) => {
      await client.get('/jobs')
      await client.get('/jobs/none')
      await client.get('/jobs', { headers: {} })
      await client.get('/nowhere')
      await client.token({ grant_type: 'client_credentials' })
      await client.token({ grant_type: 'password' })
      const counters = sandbox.counters()
      assert.deepEqual(counters.requests, {
        'GET /jobs': 2,
        'GET /jobs/{id}': 1,
        'GET (unmatched)': 1,
        'POST /identity/oauth/token': 2,
      })
      assert.deepEqual(counters.statuses, { 200: 2, 400: 1, 401: 1, 404: 2 })
      assert.deepEqual(counters.statusesByEndpoint['GET /jobs'], { 200: 1, 401: 1 })
      assert.equal(counters.unauthorized, 1)
      assert.deepEqual(counters.exchanges.client_credentials, { attempts: 1, successes: 1 })
      assert.deepEqual(counters.exchanges.other, { attempts: 1, successes: 0 })
      assert.deepEqual(counters.tokensIssued, { access: 1, refresh: 0, accessByCredential: { client: 1 } })
    }),
  )

  it(
    'count each refresh token by its hash and hold no secret',
    withSandbox({}, async (sandbox, client) => {
      const { refresh_token, access_token } = await client.grant()
      await client.refresh(refresh_token)
      await client.refresh(refresh_token)
      await client.bearer('/users/me', access_token)
      const counters = sandbox.counters()
      const hash = createHash('sha256').update(refresh_token).digest('hex').slice(0, 16)
      assert.deepEqual(counters.refreshTokens, { [hash]: 2 })
      const text = JSON.stringify(counters)
      const secrets = [refresh_token, access_token, sandbox.apiKey, sandbox.app.clientSecret, sandbox.app.clientId]
      for (const secret of secrets) assert.ok(!text.includes(secret))
    }),
  )

  it(
    'tell how many requests were in flight at once, over all and for each credential',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const hold = sandbox.fault({ kind: 'hold', times: Infinity })
      let seen = 0
      const allHere = sandbox.nextRequest(() => {
        seen += 1
        return seen === 5
      })
      const pending = [...Array.from({ length: 4 }, () => client.get('/jobs')), client.bearer('/jobs', 'unknown')]
      await allHere
      assert.equal(sandbox.counters().concurrency.current, 5)
      hold.clear()
      await Promise.all(pending)
      assert.deepEqual(sandbox.counters().concurrency, { current: 0, peak: 5, peakByCredential: { apiKey: 4 } })
    }),
  )

  it('find the busiest second wherever it lies', () => {
    const book = new CounterBook()
    for (const at of [0, 900, 950, 1000, 1800, 1899, 1900, 1949.9, 5000]) book.arrived('GET /jobs', 'key', at)
    assert.deepEqual(book.snapshot().peakPerSecond, { key: { 'GET /jobs': 6 } })
  })

  it(
    'count connections, and start over when told, but for what is open',
    withSandbox({}, async sandbox => {
      const answered = () =>
        new Promise((resolve, reject) => {
          request(`${sandbox.baseUrl}/echo`, { agent: false }, answer => answer.resume().once('close', resolve))
            .once('error', reject)
            .end()
        })
      await answered()
      await answered()
      assert.equal(sandbox.counters().connections.opened, 2)
      sandbox.resetCounters()
      assert.deepEqual(sandbox.counters().requests, {})
      assert.equal(sandbox.counters().connections.opened, 0)
    }),
  )
})

describe('the control API', () => {
  it(
    'reads and resets counters, and does not count itself',
    withSandbox({}, async (sandbox, client) => {
      await client.get('/jobs')
      const { body } = await control(sandbox, 'GET', '/counters')
      assert.deepEqual(body.requests, { 'GET /jobs': 1 })
      assert.equal((await control(sandbox, 'POST', '/reset')).status, 204)
      assert.deepEqual(sandbox.counters().requests, {})
    }),
  )

  it(
    'sets, lists and clears faults, and says what is wrong with one',
    withSandbox({}, async (sandbox, client) => {
      const spec = { kind: 'status', status: 500, path: '/jobs', times: 'Infinity' }
      const set = await control(sandbox, 'POST', '/faults', spec)
      assert.deepEqual([set.status, set.body], [201, { id: 1 }])
      assert.equal((await client.get('/jobs')).status, 500)
      assert.deepEqual((await control(sandbox, 'GET', '/faults')).body, [{ id: 1, hits: 1, spec }])
      assert.equal((await control(sandbox, 'DELETE', '/faults')).status, 204)
      assert.equal((await client.get('/jobs')).status, 200)
      const wrong = await control(sandbox, 'POST', '/faults', { kind: 'explode' })
      assert.equal(wrong.status, 400)
      assert.match(wrong.body.message, /"kind"/)
    }),
  )

  it(
    'makes credentials that work, and lists them',
    withSandbox({}, async (sandbox, client) => {
      const key = await control(sandbox, 'POST', '/credentials', { type: 'apiKey', scopes: ['jobs_read'] })
      assert.equal(key.status, 201)
      const headers = { 'x-smarttoken': key.body.apiKey }
      assert.equal((await client.get('/jobs', { headers })).status, 200)
      assert.equal((await client.get('/candidates', { headers })).status, 403)
      const made = await control(sandbox, 'POST', '/credentials', { type: 'client' })
      assert.equal((await client.token({ grant_type: 'client_credentials' }, made.body)).status, 200)
      const { body } = await control(sandbox, 'GET', '/credentials')
      assert.deepEqual(
        body.clients.map(({ label }) => label),
        ['client', 'app', 'partner', made.body.label],
      )
      assert.equal((await control(sandbox, 'POST', '/credentials', { type: 'x' })).status, 400)
      assert.equal((await control(sandbox, 'POST', '/credentials', { type: 'apiKey', scopes: 1 })).status, 400)
    }),
  )

  it(
    'expires access tokens and moves time',
    withSandbox({}, async (sandbox, client) => {
      const first = await client.grant()
      assert.equal((await control(sandbox, 'POST', '/expire-access-tokens')).status, 204)
      assert.equal((await client.bearer('/users/me', first.access_token)).status, 401)
      const [second, third] = [await client.grant(), await client.grant()]
      assert.equal((await control(sandbox, 'POST', '/expire-access-tokens', { label: 'app/grant-2' })).status, 204)
      assert.equal((await client.bearer('/users/me', second.access_token)).status, 401)
      assert.equal((await client.bearer('/users/me', third.access_token)).status, 200)
      assert.equal((await control(sandbox, 'POST', '/expire-access-tokens', { label: 1 })).status, 400)
      await control(sandbox, 'POST', '/advance-time', { seconds: 28 * 86_400 })
      assert.equal((await client.refresh(first.refresh_token)).status, 400)
    }),
  )

  it(
    'issues many grants, and lists every exchange without a secret',
    withSandbox({}, async (sandbox, client) => {
      const { body: grants } = await control(sandbox, 'POST', '/grants', { count: 3 })
      assert.deepEqual(
        grants.map(({ label }) => label),
        ['app/grant-1', 'app/grant-2', 'app/grant-3'],
      )
      assert.equal((await control(sandbox, 'POST', '/grants', { count: 0 })).status, 400)
      const { refreshToken } = grants[1]
      const next = await (await client.refresh(refreshToken)).json()
      assert.equal((await client.refresh(refreshToken)).status, 400)
      assert.equal((await client.refresh(next.refresh_token)).status, 200)
      const form = new URLSearchParams({ grant_type: 'client_credentials', ...client.asBody(sandbox.client) })
      await fetch(`${sandbox.tokenUrl}?process=7`, { method: 'POST', body: form })

      const { body: exchanges } = await control(sandbox, 'GET', '/exchanges')
      const [first, again, second, other] = exchanges
      assert.equal(exchanges.length, 4)
      assert.deepEqual([first.presented, first.issuedTo], [again.presented, 'app/grant-2'])
      assert.deepEqual([again.issuedTo, again.issued], [undefined, undefined])
      assert.equal(second.presented, first.issued)
      assert.deepEqual([other.query, other.grantType, other.issuedTo], ['process=7', 'client_credentials', 'client'])
      assert.ok(first.at < other.at)
      assert.equal(new Set(exchanges.map(({ id }) => id)).size, 4)
      assert.ok(!JSON.stringify(exchanges).includes(refreshToken.slice(0, 12)))
      sandbox.resetCounters()
      assert.deepEqual(sandbox.exchanges(), [])
    }),
  )

  it(
    'names its paths to a request for any other',
    withSandbox({}, async sandbox => {
      const { status, body } = await control(sandbox, 'POST', '/emits?x=1', {})
      assert.equal(status, 404)
      assert.match(body.message, /^The control API has no POST \/_sandbox\/emits; it has GET \/_sandbox, /)
      for (const path of ['GET /_sandbox/counters', 'DELETE /_sandbox/faults', 'POST /_sandbox/emit']) {
        assert.ok(body.message.includes(path), path)
      }
      assert.ok(!/HEAD|\*/.test(body.message))
    }),
  )

  it(
    'consents, and waits for a request',
    withSandbox({}, async (sandbox, client) => {
      const { clientId, redirectUris } = sandbox.app
      const given = { clientId, redirectUri: redirectUris[0], state: 's' }
      const { body } = await control(sandbox, 'POST', '/consent', given)
      assert.equal(new URL(body.location).searchParams.get('state'), 's')

      const next = control(sandbox, 'GET', '/next-request?endpoint=GET%20/jobs')
      let arrived
      // The wait is under way once the request is in; until then more requests are sent.
      next.then(answer => {
        arrived = answer.body
      })
      while (!arrived) await client.get('/jobs')
      assert.equal(arrived.endpoint, 'GET /jobs')
    }),
  )
})
