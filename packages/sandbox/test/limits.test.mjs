import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

const { Limiter } = createRequire(import.meta.url)('../dist/limits.js')
const sliding = { window: 'sliding', concurrencyScope: 'credential' }

/** Admits a request at each instant, each answered at once. */
function decisions(limiter, instants, endpoint = 'GET /jobs', credential = 'key') {
  return instants.map(at => {
    const admission = limiter.admit(credential, endpoint, at)
    if (admission.admitted) admission.release()
    return admission.admitted
  })
}

describe('the rate', () => {
  it('is ten in any second, and a refused request takes no place', () => {
    const limiter = new Limiter(sliding)
    assert.deepEqual(decisions(limiter, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]), Array(10).fill(true))
    assert.deepEqual(decisions(limiter, [950, 999.9]), [false, false])
    assert.deepEqual(decisions(limiter, [1000, 1050, 1100]), [true, false, true])
  })

  it('is that of each second of the clock with a fixed window', () => {
    const limiter = new Limiter({ ...sliding, window: 'fixed' })
    assert.deepEqual(decisions(limiter, Array(10).fill(990)), Array(10).fill(true))
    assert.deepEqual(decisions(limiter, [999, 1000, 1001]), [false, true, true])
  })

  it('is counted for each credential and each endpoint on its own', () => {
    const limiter = new Limiter(sliding)
    decisions(limiter, Array(10).fill(0))
    assert.deepEqual(decisions(limiter, [1], 'GET /jobs', 'other'), [true])
    assert.deepEqual(decisions(limiter, [1], 'POST /jobs'), [true])
    assert.deepEqual(decisions(limiter, [1]), [false])
  })

  it('is two for publications and offer documents', () => {
    for (const endpoint of [
      'POST /jobs/{id}/publication',
      'DELETE /jobs/{id}/publication',
      'GET /offers/{id}/documents/{documentId}',
    ]) {
      assert.deepEqual(decisions(new Limiter(sliding), [0, 0, 0, 1000], endpoint), [true, true, false, true])
    }
  })
})

describe('the concurrency', () => {
  it('is eight for a credential over all endpoints', () => {
    const limiter = new Limiter(sliding)
    const held = Array.from({ length: 8 }, (_, index) => limiter.admit('key', `GET /${index}`, 0))
    assert.equal(limiter.admit('key', 'GET /jobs', 0).admitted, false)
    assert.equal(limiter.admit('other', 'GET /jobs', 0).admitted, true)
    held[0].release()
    assert.equal(limiter.admit('key', 'GET /jobs', 0).admitted, true)
  })

  it('is eight for each endpoint by option', () => {
    const limiter = new Limiter({ ...sliding, concurrencyScope: 'endpoint' })
    for (let index = 0; index < 8; index += 1) limiter.admit('key', 'GET /jobs', 0)
    assert.equal(limiter.admit('key', 'GET /jobs', 0).admitted, false)
    assert.equal(limiter.admit('key', 'GET /reviews', 0).admitted, true)
  })
})

describe('latency', () => {
  it(
    'comes before a request is counted, and after it is answered',
    withSandbox({ latencyBefore: 20, latencyAfter: 20 }, async (sandbox, client) => {
      const answers = await Promise.all([client.get('/jobs'), client.get('/jobs'), client.get('/jobs/none')])
      assert.deepEqual(
        answers.map(answer => answer.status),
        [200, 200, 404],
      )
      assert.equal((await answers[0].json()).content.length, 10)
      const { requests, statuses, span, concurrency } = sandbox.counters()
      assert.deepEqual(requests, { 'GET /jobs': 2, 'GET /jobs/{id}': 1 })
      assert.deepEqual(statuses, { 200: 2, 404: 1 })
      assert.ok(span.apiKey['GET /jobs'] > 0)
      assert.equal(concurrency.current, 0)
    }),
  )
})

describe('over HTTP the limits', () => {
  const names = ['limit', 'remaining', 'concurrent-limit', 'concurrent-remaining']
  const headersOf = answer => names.map(name => answer.headers.get(`x-ratelimit-${name}`))

  it(
    'show in four headers on each answer, errors included',
    withSandbox({}, async (_sandbox, client) => {
      assert.deepEqual(headersOf(await client.get('/jobs')), ['10', '9', '8', '7'])
      assert.deepEqual(headersOf(await client.get('/candidates')), ['10', '9', '1', '0'])
      assert.deepEqual(headersOf(await client.get('/jobs/none')), ['10', '9', '8', '7'])
      assert.deepEqual(headersOf(await client.get('/jobs', { headers: {} })), ['10', '10', '8', '8'])
    }),
  )

  it(
    'refuse a second GET /candidates while one is under way, and other requests not',
    withSandbox({}, async (sandbox, client) => {
      const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates' })
      const arrived = sandbox.nextRequest()
      const first = client.get('/candidates')
      await arrived
      const second = await client.get('/candidates')
      assert.equal(second.status, 429)
      assert.equal(second.headers.get('retry-after'), null)
      assert.deepEqual((await second.json()).errors, [{ code: 'TOO_MANY_REQUESTS', message: 'Too many requests' }])
      assert.equal((await client.get('/jobs')).status, 200)
      hold.clear()
      assert.equal((await first).status, 200)
      assert.equal((await client.get('/candidates')).status, 200)
      assert.equal(sandbox.counters().tooManyRequests, 1)
    }),
  )

  it(
    'send Retry-After by option',
    withSandbox({ retryAfter: 3 }, async (sandbox, client) => {
      sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates' })
      const arrived = sandbox.nextRequest()
      client.get('/candidates').catch(() => {})
      await arrived
      assert.equal((await client.get('/candidates')).headers.get('retry-after'), '3')
    }),
  )

  it(
    'can be switched off, headers too',
    withSandbox({ limits: false }, async (_sandbox, client) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/candidates')))
      assert.deepEqual([...new Set(answers.map(answer => answer.status))], [200])
      assert.deepEqual(headersOf(answers[0]), [null, null, null, null])
    }),
  )

  it(
    'do not hold for the token endpoint and the consent page',
    withSandbox({}, async (_sandbox, client) => {
      const form = { grant_type: 'client_credentials' }
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.token(form)))
      assert.deepEqual([...new Set(answers.map(answer => answer.status))], [200])
    }),
  )
})
