// Limits: a paced client against a server that counts as the vendor's does.
//
// A few seconds at full load; with LIMITS_SECONDS=60 (`npm run nightly`) a minute, in which as much has to be used as is
// promised.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ApiKey,
  ConfigurationError,
  QueueFullError,
  RateLimitError,
  SmartRecruiters,
  SmartRecruitersError,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { failure, serve } from './support/servers.mjs'

const SECONDS = Number(process.env.LIMITS_SECONDS ?? 4)
/** Whether a run is long enough for what is promised. */
const IS_WHOLE = SECONDS >= 60
/** What a short run has to use. A client that leaves two of ten places empty does not. */
const SHORT_SHARE = 0.9
const ATTEMPTS = 3

async function start(t, { client = {}, ...options } = {}) {
  const sandbox = await startSandbox({ jobs: 20, candidates: 20, ...options })
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl, ...client })
  t.after(async () => {
    await sr.close()
    await sandbox.close()
  })
  return { sandbox, sr, arrivals: recordArrivals(sandbox) }
}

/** When each request reached the sandbox, in milliseconds, by endpoint. */
function recordArrivals(sandbox) {
  const arrivals = {}
  sandbox
    .nextRequest(({ endpoint }) => {
      arrivals[endpoint] ??= []
      arrivals[endpoint].push(performance.now())
      // Matches none, so that the sandbox shows all of them.
      return false
    })
    .catch(() => {})
  return arrivals
}

/** Keeps `width` calls in progress until the time is over. */
async function load({ width, call }) {
  const end = performance.now() + SECONDS * 1000
  const worker = async () => {
    while (performance.now() < end) await call()
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/**
 * Which shares of what `limit` permits were used. `inTime`: of the requests that are permitted in the time of the load.
 * `steady`: a request is permitted one second after the one that came `limit` requests before it. Time beyond that second
 * was not used.
 */
function used(arrivals, limit) {
  const inTime = arrivals.filter(at => at < arrivals[0] + SECONDS * 1000).length / (limit * SECONDS)
  const gaps = arrivals.slice(limit).map((at, index) => at - arrivals[index])
  return { inTime, steady: (1000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0) }
}

/**
 * Runs these loads at once and asserts that each used its `share` of what its endpoint permits, and never more than all.
 *
 * A short run lasts a few seconds, so a single second in which the machine does something else costs a large share. It
 * asserts less, and is repeated if it falls short: what the client itself loses, it loses each time.
 */
async function assertUsed(t, arrivals, loads) {
  for (let attempt = 1; ; attempt++) {
    for (const endpoint of Object.keys(loads)) delete arrivals[endpoint]
    await Promise.all(Object.values(loads).map(load))
    const short = []
    for (const [endpoint, { limit, share }] of Object.entries(loads)) {
      for (const [of, figure] of Object.entries(used(arrivals[endpoint], limit))) {
        t.diagnostic(`${endpoint} ${of}: ${(figure * 100).toFixed(2)} % used`)
        assert.ok(figure <= 1.0001, `${endpoint} ${of}: ${figure}`)
        if (figure < (IS_WHOLE ? share : SHORT_SHARE)) short.push(`${endpoint} ${of}: ${figure}`)
      }
    }
    if (short.length === 0) return
    assert.ok(!IS_WHOLE && attempt < ATTEMPTS, short.join(', '))
  }
}

function listJobs(sr) {
  return sr.get('/jobs', { query: { limit: 1, sort: 'job_id' } })
}

function assertKept(sandbox, peaks) {
  const { tooManyRequests, peakPerSecond, concurrency, statuses } = sandbox.counters()
  assert.equal(tooManyRequests, 0)
  assert.deepEqual(Object.keys(statuses), ['200'])
  assert.deepEqual(peakPerSecond.apiKey, peaks)
  assert.ok(concurrency.peakByCredential.apiKey <= 8, `${concurrency.peakByCredential.apiKey} at once`)
}

for (const window of ['sliding', 'fixed']) {
  test(`all that a ${window} window permits is used, and no more`, async t => {
    const { sandbox, sr, arrivals } = await start(t, { window })
    await assertUsed(t, arrivals, { 'GET /jobs': { limit: 10, share: 0.99, width: 24, call: () => listJobs(sr) } })
    assertKept(sandbox, { 'GET /jobs': 10 })
    const [limits] = sr.limits()
    assert.deepEqual(
      { ...limits, used: 0, longestWait: 0 },
      {
        endpoint: 'GET /jobs',
        perSecond: 10,
        concurrent: 8,
        used: 0,
        inFlight: 0,
        waiting: 0,
        longestWait: 0,
        tooManyRequests: 0,
      },
    )
    assert.ok(limits.longestWait > 0)
  })
}

for (const latency of [{ latencyBefore: 50 }, { latencyAfter: 50 }, { latencyBefore: 25, latencyAfter: 25 }]) {
  test(`the same with a latency of ${JSON.stringify(latency)}`, async t => {
    const { sandbox, sr, arrivals } = await start(t, latency)
    await assertUsed(t, arrivals, { 'GET /jobs': { limit: 10, share: 0.97, width: 24, call: () => listJobs(sr) } })
    assertKept(sandbox, { 'GET /jobs': 10 })
  })
}

test('candidates are read by one call at once, and jobs published twice a second', async t => {
  const { sandbox, sr, arrivals } = await start(t)
  const jobs = await sr.get('/jobs', { query: { limit: 20, sort: 'job_id' } })
  const ids = jobs.content.map(job => job.id)
  sandbox.resetCounters()
  let next = 0
  const id = () => ids[next++ % ids.length]
  const of = (limit, call) => ({ limit, share: 0.99, width: 4, call })
  await assertUsed(t, arrivals, {
    'GET /candidates': of(10, () => sr.get('/candidates', { query: { limit: 1 } })),
    'POST /jobs/{id}/publication': of(2, () =>
      sr.post('/jobs/{id}/publication', { params: { id: id() } }).catch(() => {}),
    ),
    'GET /jobs/{id}': of(10, () => sr.get('/jobs/{id}', { params: { id: id() } })),
  })
  const { tooManyRequests, peakPerSecond } = sandbox.counters()
  assert.equal(tooManyRequests, 0)
  assert.equal(peakPerSecond.apiKey['GET /candidates'], 10)
  assert.equal(peakPerSecond.apiKey['POST /jobs/{id}/publication'], 2)
  assert.equal(peakPerSecond.apiKey['GET /jobs/{id}'], 10)
})

test('all clients of one credential share its limits', async t => {
  const { sandbox, sr } = await start(t)
  const credential = new ApiKey(sandbox.apiKey)
  const clients = [sr, sr.withCredential(credential), new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl })]
  await Promise.all(Array.from({ length: 27 }, (_, call) => clients[call % 3].get('/jobs')))
  assert.equal(sandbox.counters().tooManyRequests, 0)
  assert.equal(sandbox.counters().peakPerSecond.apiKey['GET /jobs'], 10)
  const other = sandbox.addApiKey()
  await sr.withCredential(new ApiKey(other.apiKey)).get('/jobs')
  assert.equal(sandbox.counters().requests['GET /jobs'], 28)
})

test('a slot is held until its answer is read', async t => {
  const { sandbox, sr } = await start(t, { client: { limits: { concurrent: 1 } } })
  const answer = await sr.get('/payload/5000000').asResponse()
  assert.equal(sr.limits().find(({ endpoint }) => endpoint === 'GET /payload/{id}').inFlight, 1)
  const waits = sr.get('/jobs')
  assert.equal((await answer.arrayBuffer()).byteLength, 5_000_000)
  await waits
  assert.deepEqual(
    sr.limits().map(({ inFlight }) => inFlight),
    [0, 0],
  )
  assert.equal(sandbox.counters().concurrency.peak, 1)
})

test('without limits nothing is held back, and nothing is known', async t => {
  const { sandbox, sr } = await start(t, { client: { limits: false, retries: 0 } })
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => sr.get('/jobs')))
  assert.ok(outcomes.some(({ reason }) => reason instanceof RateLimitError))
  assert.ok(sandbox.counters().tooManyRequests > 0)
  assert.deepEqual(sr.limits(), [])
})

test('a 429 is waited out by all calls of its endpoint, and counted', async t => {
  const { sandbox, sr } = await start(t)
  sandbox.fault({ kind: '429', retryAfter: 1, endpoint: 'GET /jobs' })
  const refused = sr.get('/jobs')
  while (sandbox.counters().tooManyRequests === 0 || sr.limits()[0].tooManyRequests === 0)
    await sr.get('/configuration/departments')
  const next = sr.get('/jobs')
  while (sr.limits()[0].waiting < 2) await new Promise(setImmediate)
  await Promise.all([refused, next])
  assert.equal(sr.limits()[0].tooManyRequests, 1)
  assert.equal(sandbox.counters().requests['GET /jobs'], 3)
})

test('the rows of a user change the table', async t => {
  const endpoints = { 'GET /jobs': { perSecond: 3 }, 'GET /configuration/departments': { concurrent: 1 } }
  const { sandbox, sr } = await start(t, { client: { limits: { endpoints } } })
  await Promise.all(Array.from({ length: 7 }, () => sr.get('/jobs')))
  await Promise.all(Array.from({ length: 4 }, () => sr.get('/configuration/departments')))
  assert.equal(sandbox.counters().peakPerSecond.apiKey['GET /jobs'], 3)
  assert.deepEqual(
    sr.limits().map(({ perSecond, concurrent }) => [perSecond, concurrent]),
    [
      [3, 8],
      [10, 1],
    ],
  )
})

test('a call that waits for its turn can be aborted, times out, and is refused when too many wait', async t => {
  const { sandbox, sr } = await start(t, { client: { limits: { queue: 2 } } })
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates' })
  const arrived = sandbox.nextRequest()
  const first = sr.get('/candidates')
  await arrived
  const aborted = failure(sr.get('/candidates', { signal: AbortSignal.timeout(50) }))
  const late = failure(sr.get('/candidates', { timeout: 60 }))
  const full = await failure(sr.get('/candidates'))
  assert.ok(full instanceof SmartRecruitersError)
  assert.equal(full.code, 'QUEUE_FULL')
  assert.match(full.message, /^2 calls are already waiting for GET \/candidates/)
  assert.equal((await aborted).name, 'TimeoutError')
  assert.equal((await late).phase, 'queue')
  assert.equal(sr.limits()[0].waiting, 0)
  hold.clear()
  await first
  assert.equal(sandbox.counters().requests['GET /candidates'], 1)
})

test('a call that cannot get its turn within its deadline is refused at once, and told when it would have it', async t => {
  const { sandbox, sr } = await start(t)
  const began = Date.now()
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, () =>
      sr.get('/jobs', { timeout: 2500 }).then(
        () => ({ took: Date.now() - began }),
        error => ({ error, took: Date.now() - began }),
      ),
    ),
  )
  const refused = outcomes.filter(({ error }) => error instanceof QueueFullError)
  // Eight go at once, and ten or so in each second after: the last would come after more than three.
  assert.ok(refused.length >= 10 && refused.length < 30, `${refused.length}`)
  for (const { error, took } of refused) {
    assert.equal(error.code, 'QUEUE_FULL')
    assert.match(
      error.message,
      /^a call to GET \/jobs would get its turn in \d+ ms at the earliest, and has \d+ ms left/,
    )
    assert.ok(took < 1000, `${took} ms`)
    assert.ok(error.turnAt - began > 2400, `${error.turnAt - began} ms`)
  }
  const done = outcomes.filter(({ error }) => error === undefined).length
  assert.equal(sandbox.counters().requests['GET /jobs'], done)
})

test('a call whose turn comes too late for an answer is not sent', async t => {
  let done = 0
  const { baseUrl } = await serve(t, (request, response) => {
    request.resume().on('end', () =>
      setTimeout(() => {
        done++
        response.writeHead(201).end()
      }, 300),
    )
  })
  const sr = new SmartRecruiters({ credential: new ApiKey('too-late'), baseUrl, timeout: 2700 })
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => sr.post('/jobs', { json: { i } })))
  await sr.close()
  const fulfilled = outcomes.filter(({ status }) => status === 'fulfilled').length
  assert.equal(done, fulfilled, 'what was done was reported as done')
  const late = outcomes.filter(({ reason }) => reason?.code === 'TIMEOUT')
  for (const { reason } of late) {
    assert.equal(reason.phase, 'queue')
    assert.match(
      reason.message,
      /^the call's turn came \d+ ms before its deadline, and an answer of POST \/jobs usually takes \d+ ms/,
    )
  }
})

test('where answers that nobody reads hold all places, the error of those that wait says so', async t => {
  const { baseUrl } = await serve(t, (_request, response) => {
    response.setHeader('content-type', 'application/json').write(' '.repeat(200_000))
  })
  const sr = new SmartRecruiters({ credential: new ApiKey('unread'), baseUrl, limits: { concurrent: 3 } })
  const held = await Promise.all([1, 2, 3].map(() => sr.fetch('/jobs')))
  const error = await failure(sr.get('/jobs', { timeout: 100 }))
  assert.deepEqual([error.code, error.phase], ['TIMEOUT', 'queue'])
  assert.match(error.message, /3 answers of GET \/jobs are unread; read or cancel the body of each `Response`$/)
  const other = await failure(sr.get('/users', { timeout: 100 }))
  assert.match(other.message, /3 answers of GET \/jobs are unread/)
  for (const { body } of held) await body.cancel()
  // Without limits it is the connections that they hold.
  const free = new SmartRecruiters({ credential: new ApiKey('unread'), baseUrl, limits: false })
  const many = await Promise.all(Array.from({ length: 64 }, () => free.fetch('/jobs')))
  assert.match((await failure(free.get('/jobs', { timeout: 100 }))).message, /64 answers of the API are unread/)
  for (const { body } of many) await body.cancel()
})

test('interactive calls go before those of a batch', async t => {
  const { sandbox, sr } = await start(t, { client: { limits: { concurrent: 1 } } })
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /jobs' })
  const arrived = sandbox.nextRequest()
  const order = []
  const call = async (name, priority) => {
    await sr.get('/jobs', { priority })
    order.push(name)
  }
  const first = call('first', 'interactive')
  await arrived
  const batch = [call('batch 1', 'batch'), call('batch 2', 'batch')]
  const interactive = [call('interactive 1', 'interactive'), call('interactive 2')]
  while (sr.limits()[0].waiting < 4) await new Promise(setImmediate)
  hold.clear()
  await Promise.all([first, ...batch, ...interactive])
  assert.deepEqual(order, ['first', 'interactive 1', 'interactive 2', 'batch 1', 'batch 2'])
})

test('a wrong option is named', async t => {
  const { sandbox, sr } = await start(t)
  const options = { credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl }
  const rows = endpoints => ({ endpoints })
  for (const [field, limits] of [
    ['limits', true],
    ['limits', 10],
    ['perSecond', { perSecond: 10 }],
    ['limits.concurrent', { concurrent: 0 }],
    ['limits.concurrent', { concurrent: 1.5 }],
    ['limits.queue', { queue: -1 }],
    ['limits.concurrencyScope', { concurrencyScope: 'company' }],
    ['limits.endpoints', { endpoints: [] }],
    ['limits.endpoints', rows({ '/jobs': {} })],
    ['limits.endpoints', rows({ 'GET jobs': {} })],
    ['limits.endpoints', rows({ 'get /jobs': {} })],
    ["limits.endpoints['GET /jobs'].perSecond", rows({ 'GET /jobs': { perSecond: 0 } })],
    ["limits.endpoints['GET /jobs'].concurrent", rows({ 'GET /jobs': { concurrent: '1' } })],
    ['rate', rows({ 'GET /jobs': { rate: 1 } })],
  ]) {
    assert.throws(
      () => new SmartRecruiters({ ...options, limits }),
      error => error instanceof ConfigurationError && error.field === field,
      `${field}: ${JSON.stringify(limits)}`,
    )
  }
  assert.equal((await failure(sr.get('/jobs', { priority: 'high' }))).field, 'priority')
})
