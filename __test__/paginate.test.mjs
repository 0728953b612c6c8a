// Lists, item by item: prefetching, resuming, and lists that change or never end. `page-styles.test.mjs` has each of the
// vendor's lists.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ApiKey, ServerError, SmartRecruiters, SmartRecruitersError } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { deferred, failure, serve, settled } from './support/servers.mjs'

const POSTINGS = '/v1/companies/SandboxCompany/postings'
const POSTINGS_ENDPOINT = 'GET /v1/companies/{companyIdentifier}/postings'
const VALUES = '/configuration/job-properties/{id}/values'
const REVIEWS = '/reviews-api/v201910/reviews'

let sandbox
let sr
let property
let reviewed

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 250, candidates: 230 })
  sr = new SmartRecruiters({
    credential: new ApiKey(sandbox.apiKey),
    baseUrl: sandbox.baseUrl,
    retries: 0,
    limits: false,
  })
  property = (await sr.paginate('/configuration/job-properties').next()).value.id
  const { id: candidateId, primaryAssignment } = (await sr.paginate('/candidates').next()).value
  reviewed = { candidateId, jobId: primaryAssignment.job.id }
})
after(() => sandbox.close())
beforeEach(async () => {
  sandbox.clearFaults()
  // A list that was left may have asked for one more page, which would be counted here.
  await settled(sr, allRequests)
  sandbox.resetCounters()
})

const requests = endpoint => sandbox.counters().requests[endpoint] ?? 0
/** How many requests there were, without those of `settled()`. */
const allRequests = () => {
  const { 'GET /echo': _, ...counted } = sandbox.counters().requests
  return Object.values(counted).reduce((sum, count) => sum + count, 0)
}

async function all(list) {
  const items = []
  for await (const item of list) items.push(item)
  return items
}

/** A report has its id under a name of its own. */
const idOf = ({ id, reportId }) => id ?? reportId

async function collect(list) {
  return (await all(list)).map(idOf)
}

/** Reads so many items. */
async function take(list, count) {
  const ids = []
  while (ids.length < count) ids.push(idOf((await list.next()).value))
  return ids
}

// path, its endpoint, its items, requests for them, requests in pages of 20, the parameter of the size, parameters
const LISTS = [
  ['/candidates', 'GET /candidates', 230, 3, 12],
  ['/jobs', 'GET /jobs', 250, 3, 13],
  ['/user-api/v201804/users', 'GET /user-api/v201804/users', 250, 3, 13],
  ['/audit-api/v201910/audit-events', 'GET /audit-api/v201910/audit-events', 450, 5, 23],
  ['/approvals-api/v201910/approvals', 'GET /approvals-api/v201910/approvals', 130, 13, 13],
  ['/webhooks-api/v201907/subscriptions', 'GET /webhooks-api/v201907/subscriptions', 45, 1, 3],
  ['/reporting-api/v201804/reports', 'GET /reporting-api/v201804/reports', 37, 1, 2],
  ['/configuration/job-properties', 'GET /configuration/job-properties', 24, 1, 1],
  [VALUES, `GET ${VALUES}`, 300, 3, 15, 'pageSize'],
  [POSTINGS, POSTINGS_ENDPOINT, 125, 2, 7],
  ['/configuration/departments', 'GET /configuration/departments', 12, 1, 1],
  [REVIEWS, `GET ${REVIEWS}`, 3, 1, 1],
]

const options = (path, query) => ({
  ...(path === VALUES && { params: { id: property } }),
  ...(path === REVIEWS ? { query: { ...reviewed, ...query } } : query && { query }),
})

for (const [path, endpoint, total, most, least, size = 'limit'] of LISTS) {
  test(`all items of ${path} come, in order, each once, with no request too many`, async () => {
    const ids = await collect(sr.paginate(path, options(path)))
    assert.equal(ids.length, total)
    assert.equal(new Set(ids).size, total)
    assert.equal(requests(endpoint), most)
    assert.equal(sandbox.counters().statuses['200'], most)

    sandbox.resetCounters()
    const list = sr.paginate(path, options(path, { [size]: 20 }))
    assert.deepEqual(await collect(list), ids)
    assert.equal(requests(endpoint), least)
    const { done, duplicates, missing } = list.progress
    assert.deepEqual([done, duplicates, missing], [total, 0, 0])
  })
}

test('the files of a candidate, too, which come whole', async () => {
  const [candidate] = await take(sr.paginate('/candidates'), 1)
  const [job] = await take(sr.paginate('/jobs'), 1)
  for (const name of ['a.pdf', 'b.pdf']) {
    const form = new FormData()
    form.set('attachmentType', 'RESUME')
    form.set('file', new Blob(['x'], { type: 'application/pdf' }), name)
    await sr.post('/candidates/{candidate}/jobs/{job}/attachments', { params: { candidate, job }, form })
  }
  const names = []
  for await (const { name } of sr.paginate('/candidates/{candidate}/attachments', { params: { candidate } }))
    names.push(name)
  assert.deepEqual(names, ['resume.pdf', 'letter.pdf', 'a.pdf', 'b.pdf'])
})

test('requests ask for the largest page, in the order that misses nothing, and page ids arrive encoded', async () => {
  const asked = (path, at) => {
    let seen = 0
    return sandbox.nextRequest(request => request.path === path && ++seen === at)
  }
  const queries = Promise.all([asked('/jobs', 1), asked('/jobs', 2), asked(POSTINGS, 2)])
  await collect(sr.paginate('/jobs'))
  await collect(sr.paginate(POSTINGS))
  const [first, second, third] = (await queries).map(({ query }) => query)
  assert.equal(first, 'limit=100&sort=job_id')
  assert.match(second, /^limit=100&sort=job_id&pageId=[\w%]+$/)
  for (const encoded of ['%2F', '%2B', '%3D']) assert.ok(second.includes(encoded), second)
  assert.equal(third, 'limit=100&offset=100')

  const own = asked('/jobs', 1)
  await collect(sr.paginate('/jobs?sort=title', { query: { limit: 50 } }))
  assert.equal((await own).query, 'sort=title&limit=50')
})

test('pages come whole, with the total and a cursor to go on from', async () => {
  const list = sr.paginate('/jobs')
  const pages = []
  for await (const page of list.pages()) pages.push(page)
  assert.deepEqual(
    pages.map(({ items, total }) => [items.length, total]),
    [
      [100, 250],
      [100, 250],
      [50, 250],
    ],
  )
  assert.equal(pages[2].cursor, list.cursor)
  const rest = sr.paginate('/jobs', { from: pages[0].cursor })
  assert.deepEqual(
    await collect(rest),
    pages.slice(1).flatMap(({ items }) => items.map(({ id }) => id)),
  )
  assert.deepEqual(await collect(sr.paginate('/jobs', { from: pages[2].cursor })), [])
  assert.equal(requests('GET /jobs'), 3 + 2, 'what has ended asks for nothing')

  const [bare] = await all(sr.paginate(REVIEWS, options(REVIEWS)).pages())
  assert.deepEqual(Object.keys(bare), ['items', 'cursor'])

  const mixed = sr.paginate('/jobs')
  const first = await take(mixed, 3)
  const [page] = await all(mixed.pages())
  assert.equal(page.items.length, 97)
  assert.ok(!first.includes(page.items[0].id))
})

for (const [path, , total, , , size = 'limit'] of LISTS) {
  test(`a pass through ${path} goes on after any item, exactly`, async () => {
    const given = options(path, { [size]: 7 })
    const ids = await collect(sr.paginate(path, given))
    for (const taken of [0, 1, 6, 7, 8, 13, 14, 20, total - 1, total].filter(taken => taken <= total)) {
      const list = sr.paginate(path, given)
      assert.deepEqual(await take(list, taken), ids.slice(0, taken))
      const { cursor } = list
      await list.return()
      assert.equal(list.cursor, cursor)
      const rest = sr.paginate(path, { ...given, from: cursor })
      assert.equal(rest.progress.done, taken)
      assert.deepEqual(await collect(rest), ids.slice(taken), `after ${taken}`)
      assert.deepEqual([rest.progress.done, rest.progress.missing], [total, 0])
    }
  })
}

test('a cursor goes with its path and query alone', async () => {
  const list = sr.paginate('/candidates', { query: { limit: 5 } })
  const [first] = await take(list, 7)
  const { cursor } = list
  await list.return()
  assert.match(cursor, /^[\w-]+$/)
  assert.ok(!Buffer.from(cursor, 'base64url').toString().includes(sandbox.apiKey))
  assert.equal(sr.paginate('/candidates?limit=5', { from: cursor }).cursor, cursor)
  for (const from of [null, undefined]) {
    assert.equal((await sr.paginate('/candidates', { from }).next()).value.id, first)
  }
  for (const [path, query, from] of [
    ['/jobs', { limit: 5 }, cursor],
    ['/candidates', { limit: 6 }, cursor],
    ['/candidates', {}, cursor],
    ['/candidates', { limit: 5 }, 'nonsense'],
    ['/candidates', { limit: 5 }, ''],
    ['/candidates', { limit: 5 }, 7],
  ]) {
    assert.throws(() => sr.paginate(path, { query, from }), { name: 'ConfigurationError', field: 'from' })
  }
})

test('wrong arguments are refused before anything is asked', () => {
  for (const [field, path, given] of [
    ['path', 'jobs', {}],
    ['path', 7, {}],
    ['path', 'https://evil.example/jobs', {}],
    ['params.id', '/jobs/{id}/notes', {}],
    ['prefetch', '/jobs', { prefetch: -1 }],
    ['prefetch', '/jobs', { prefetch: 65 }],
    ['prefetch', '/jobs', { prefetch: '2' }],
    ['json', '/jobs', { json: {} }],
    ['pageSize', '/jobs', { pageSize: 10 }],
    ['signal', '/jobs', { signal: {} }],
    ['headers.authorization', '/jobs', { headers: { authorization: 'x' } }],
    ['paginate', '/jobs', 7],
  ]) {
    assert.throws(() => sr.paginate(path, given), { name: 'ConfigurationError', field })
  }
  assert.deepEqual(sandbox.counters().requests, {})
})

test('progress says what is done, what there is, and how long it takes', async () => {
  const list = sr.paginate('/candidates', { query: { limit: 20 } })
  assert.deepEqual(list.progress, { done: 0, rate: 0, duplicates: 0, missing: 0 })
  await take(list, 30)
  const { done, total, rate, eta } = list.progress
  assert.deepEqual([done, total], [30, 230])
  assert.ok(rate > 0 && eta > 0)
  await collect(list)
  assert.deepEqual([list.progress.done, list.progress.eta], [230, 0])
})

for (const [path, prefetch, expected] of [
  [POSTINGS, undefined, 1 + 8],
  [POSTINGS, 3, 1 + 3],
  [POSTINGS, 0, 1],
  ['/candidates', undefined, 1 + 1],
  ['/candidates', 8, 1 + 1],
  ['/candidates', 0, 1],
]) {
  test(`of ${path}, ${expected} pages are asked for while one is read, with prefetch ${prefetch}`, async () => {
    const asked = () => sandbox.counters().requests[path === POSTINGS ? POSTINGS_ENDPOINT : 'GET /candidates'] ?? 0
    const list = sr.paginate(path, { query: { limit: 5 }, ...(prefetch !== undefined && { prefetch }) })
    assert.equal(await settled(sr, asked), 0, 'nothing before it is wanted')
    // As many pages are held as are ahead, however long the reader takes.
    for (let page = 0; page < 4; page++) {
      await take(list, 5)
      assert.equal(await settled(sr, asked), page + expected)
    }
    await list.return()
    assert.equal(await settled(sr, asked), 3 + expected)
  })
}

test('pages that do not depend on each other are on their way at once, and come in order', async t => {
  const gate = deferred()
  const answered = deferred()
  let late = 0
  const { sr } = await serve(t, async (request, response) => {
    const offset = Number(new URL(request.url, 'http://x').searchParams.get('offset') ?? 0)
    if (offset === 5) await gate.promise
    const body = JSON.stringify({ content: rows(offset, offset + 5), totalFound: 45 })
    response.setHeader('content-type', 'application/json').end(body)
    if (offset > 5 && ++late === 7) answered.resolve()
  })
  const list = sr.paginate('/offers')
  const ids = await take(list, 5)
  // All others have come before the second.
  await answered.promise
  let came = false
  const sixth = list.next().then(({ value }) => {
    came = true
    ids.push(value.id)
  })
  await new Promise(setImmediate)
  assert.equal(came, false)
  gate.resolve()
  await sixth
  ids.push(...(await collect(list)))
  assert.deepEqual(
    ids,
    Array.from({ length: 45 }, (_, index) => index),
  )
})

for (const [path, onTheirWay] of [
  ['/candidates', 1],
  [POSTINGS, 8],
]) {
  const unanswered = () => sandbox.counters().unanswered
  const faults = { path, kind: 'hold', after: 1, times: Number.POSITIVE_INFINITY }
  const query = { limit: 5 }

  test(`a loop over ${path} that is left takes back what is on its way`, async () => {
    sandbox.fault(faults)
    const asked = () => sandbox.counters().concurrency.current
    for await (const _ of sr.paginate(path, { query })) {
      assert.equal(await settled(sr, asked), onTheirWay)
      break
    }
    assert.equal(await settled(sr, unanswered), onTheirWay)
    sandbox.clearFaults()
    const before = sandbox.counters().requests
    await settled(sr, unanswered)
    delete before['GET /echo']
    const after = sandbox.counters().requests
    delete after['GET /echo']
    assert.deepEqual(after, before)
  })

  test(`return() ends a next() of ${path} that waits, and what is on its way`, async () => {
    sandbox.fault(faults)
    const list = sr.paginate(path, { query })
    await take(list, 5)
    const waiting = list.next()
    assert.deepEqual(await list.return(), { value: undefined, done: true })
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.deepEqual(await list.next(), { value: undefined, done: true })
    assert.equal(await settled(sr, unanswered), onTheirWay)
  })

  test(`an abort ends a pass through ${path} between two pages and while one is awaited`, async () => {
    for (const waiting of [false, true]) {
      sandbox.resetCounters()
      sandbox.fault(faults)
      const controller = new AbortController()
      const reason = new Error('enough')
      const list = sr.paginate(path, { query, signal: controller.signal })
      await take(list, waiting ? 5 : 3)
      const next = waiting ? list.next() : undefined
      controller.abort(reason)
      assert.equal(await failure(next ?? list.next()), reason)
      assert.equal(await settled(sr, unanswered), onTheirWay)
      assert.equal(await failure(list.next()), reason)
      assert.equal(await failure(all(list.pages())), reason)
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
      sandbox.clearFaults()
    }
  })
}

test('a signal that aborts nothing keeps no listener, one that aborted lets nothing begin', async () => {
  const { signal } = new AbortController()
  await collect(sr.paginate('/jobs', { signal }))
  for await (const _ of sr.paginate('/jobs', { signal })) break
  for await (const _ of sr.paginate('/jobs', { signal }).pages()) break
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  sandbox.resetCounters()
  const aborted = AbortSignal.abort(new Error('before'))
  assert.equal((await failure(sr.paginate('/jobs', { signal: aborted }).next())).message, 'before')
  assert.equal((await failure(all(sr.paginate('/jobs', { signal: aborted }).pages()))).message, 'before')
  assert.equal(requests('GET /jobs'), 0)
})

test('an error ends a pass after all items before it, and its cursor goes on from there', async () => {
  const ids = await collect(sr.paginate(POSTINGS))
  for (const [path, expected] of [
    [POSTINGS, ids],
    ['/jobs', await collect(sr.paginate('/jobs'))],
  ]) {
    sandbox.fault({ path, kind: 'status', status: 500, after: 2 })
    const list = sr.paginate(path, { query: { limit: 20 } })
    const seen = []
    const error = await failure(
      (async () => {
        for await (const { id } of list) seen.push(id)
      })(),
    )
    assert.ok(error instanceof ServerError)
    assert.deepEqual([error.method, error.path], ['GET', path])
    assert.deepEqual(seen, expected.slice(0, 40))
    const rest = await collect(sr.paginate(path, { query: { limit: 20 }, from: list.cursor }))
    assert.deepEqual([...seen, ...rest], expected)
  }
})

/**
 * A list of 25 in pages of 5, independent of each other, whose page at `offset` fails once all were asked for, until
 * `mend` is called.
 */
async function failing(t, offset) {
  let broken = true
  const asked = []
  const all = deferred()
  const { sr } = await serve(t, async (request, response) => {
    const at = Number(new URL(request.url, 'http://x').searchParams.get('offset') ?? 0)
    if (asked.push(at) === 5) all.resolve()
    response.setHeader('content-type', 'application/json')
    if (at === offset && broken) {
      await all.promise
      return response.writeHead(500).end('{"message":"out of order"}')
    }
    response.end(JSON.stringify({ content: rows(at, at + 5), totalFound: 25 }))
  })
  return {
    sr,
    asked,
    mend() {
      broken = false
    },
  }
}

/** The ways to go through a list, each as a list of items. */
const WAYS = {
  items: list => list,
  pages: list => list.pages(),
  take: list => list.take(1000),
}

for (const [way, through] of Object.entries(WAYS)) {
  test(`a list that failed between pages asked ahead throws that error to every loop, by its ${way}`, async t => {
    const { sr, asked, mend } = await failing(t, 10)
    const list = sr.paginate('/offers')
    const seen = []
    const loop = async iterable => {
      for await (const part of iterable) seen.push(...(part.items ?? [part]))
    }
    const error = await failure(loop(through(list)))
    assert.ok(error instanceof ServerError)
    assert.deepEqual(seen, rows(0, 10))
    assert.equal(asked.length, 5, 'pages after it were asked for')
    mend()
    const requests = asked.length
    const { cursor } = list
    for (const again of Object.values(WAYS)) {
      assert.equal(await failure(loop(again(list))), error)
    }
    assert.equal(await failure(list.next()), error)
    assert.equal(await failure(list.toArray()), error)
    // Nothing takes the failure away: not even to leave.
    assert.deepEqual(await list.return(), { value: undefined, done: true })
    assert.equal(await failure(loop(list)), error)
    assert.equal(list.cursor, cursor)
    assert.equal(asked.length, requests)
    assert.deepEqual(await sr.paginate('/offers', { from: cursor }).toArray(), rows(10, 25))
  })

  test(`loops that share a list and its failure all throw it, by its ${way}`, async t => {
    const { sr } = await failing(t, 10)
    const seen = []
    const iterable = through(sr.paginate('/offers'))
    const errors = await Promise.all(
      Array.from({ length: 4 }, () =>
        failure(
          (async () => {
            for await (const part of iterable) seen.push(...(part.items ?? [part]))
          })(),
        ),
      ),
    )
    assert.ok(errors[0] instanceof ServerError)
    assert.equal(new Set(errors).size, 1)
    assert.deepEqual(
      seen.map(({ id }) => id).sort((a, b) => a - b),
      Array.from({ length: 10 }, (_, id) => id),
    )
    assert.equal(await failure(all(iterable)), errors[0])
  })

  test(`an abort reaches every loop that shares a list, those that wait and those that ask later, by its ${way}`, async t => {
    const waits = deferred()
    const { sr } = await serve(t, (request, response) => {
      if (request.url.includes('offset=5')) return waits.resolve()
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ content: rows(0, 5), totalFound: 25 }))
    })
    const controller = new AbortController()
    const reason = new Error('enough')
    const list = sr.paginate('/offers', { signal: controller.signal })
    const iterable = through(list)
    await take(list, 5)
    const loops = Array.from({ length: 4 }, () => failure(all(iterable)))
    await waits.promise
    controller.abort(reason)
    for (const loop of loops) assert.equal(await loop, reason)
    for (const again of Object.values(WAYS)) assert.equal(await failure(all(again(list))), reason)
    assert.equal(list.progress.done, 5)
  })

  test(`a loop over a list that was left says so, and how to go on, by its ${way}`, async () => {
    const list = sr.paginate('/jobs', { query: { limit: 20 } })
    const iterable = through(list)
    for await (const _ of iterable) break
    for (const again of [iterable, ...Object.values(WAYS).map(again => again(list))]) {
      const error = await failure(all(again))
      assert.ok(error instanceof SmartRecruitersError)
      assert.deepEqual([error.code, error.method, error.path], ['PAGINATION', 'GET', '/jobs'])
      assert.match(error.message, /`break`.*`paginate\(path, \{ from: list\.cursor \}\)`/)
    }
    assert.equal((await failure(list.toArray())).code, 'PAGINATION')
    assert.deepEqual(await list.return(), { value: undefined, done: true })
    // An iterator that was left has ended, as any.
    assert.deepEqual(await list.next(), { value: undefined, done: true })
    const rest = await sr.paginate('/jobs', { query: { limit: 20 }, from: list.cursor }).toArray()
    assert.equal(rest.length, 250 - list.progress.done)
  })

  test(`a loop over a list that has ended gets nothing, by its ${way}`, async () => {
    const list = sr.paginate('/jobs')
    assert.ok((await all(through(list))).length > 0)
    sandbox.resetCounters()
    for (const again of Object.values(WAYS)) assert.deepEqual(await all(again(list)), [])
    assert.deepEqual(await list.toArray(), [])
    assert.deepEqual(await list.return(), { value: undefined, done: true })
    assert.deepEqual(await list.next(), { value: undefined, done: true })
    assert.deepEqual(await all(list), [])
    assert.equal(requests('GET /jobs'), 0)
  })

  test(`return() of a loop by ${way} ends one that waits for a page, and what is on its way`, async () => {
    sandbox.fault({ path: POSTINGS, kind: 'hold', after: 1, times: Number.POSITIVE_INFINITY })
    const list = sr.paginate(POSTINGS, { query: { limit: 5 } })
    const iterator = through(list)[Symbol.asyncIterator]()
    await take(list, 5)
    const waiting = iterator.next()
    assert.deepEqual(await iterator.return(), { value: undefined, done: true })
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.equal(await settled(sr, () => sandbox.counters().unanswered), 8)
  })
}

test('an abort reaches those that wait even if another loop is left at once', async () => {
  sandbox.fault({ path: POSTINGS, kind: 'hold', after: 1, times: Number.POSITIVE_INFINITY })
  const controller = new AbortController()
  const reason = new Error('enough')
  const list = sr.paginate(POSTINGS, { query: { limit: 5 }, signal: controller.signal })
  await take(list, 5)
  const waiting = failure(list.next())
  await settled(sr, () => sandbox.counters().concurrency.current)
  controller.abort(reason)
  assert.deepEqual(await list.return(), { value: undefined, done: true })
  assert.equal(await waiting, reason)
  assert.equal(await failure(all(list)), reason)
  assert.equal(await settled(sr, () => sandbox.counters().unanswered), 8)
})

test('when one of the loops that share a list is left, the others throw, after its own error', async () => {
  for (const leave of ['break', 'throw']) {
    const list = sr.paginate('/jobs', { query: { limit: 20 } })
    let count = 0
    const loops = [3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY].map(async most => {
      let mine = 0
      for await (const _ of list) {
        count++
        if (++mine < most) continue
        if (leave === 'throw') throw new Error('mine')
        break
      }
    })
    const ends = await Promise.allSettled(loops)
    assert.equal(ends[0].status, leave === 'throw' ? 'rejected' : 'fulfilled')
    for (const { reason } of ends.slice(1)) assert.equal(reason?.code, 'PAGINATION')
    if (leave === 'throw') assert.equal((await failure(Promise.all(loops))).message, 'mine')
    assert.equal(list.progress.done, count)
    assert.ok(count < 250)
    assert.deepEqual(await list.next(), { value: undefined, done: true })
  }
})

test('toArray() gives what is left of a list, or as many items as wanted', async () => {
  const ids = await collect(sr.paginate('/jobs'))
  const list = sr.paginate('/jobs', { query: { limit: 20 } })
  const first = await take(list, 7)
  const rest = await list.toArray()
  assert.deepEqual([...first, ...rest.map(({ id }) => id)], ids)
  assert.deepEqual(await all(list), [], 'it has come to its end')

  for (const limit of [0, 1, 20, 21, 249, 250, 251, undefined]) {
    const list = sr.paginate('/jobs', { query: { limit: 20 } })
    const items = await list.toArray({ limit })
    assert.deepEqual(
      items.map(({ id }) => id),
      ids.slice(0, limit),
    )
    assert.equal(list.progress.done, items.length)
    if (limit <= 250) assert.equal((await failure(all(list))).code, 'PAGINATION')
    else assert.deepEqual(await all(list), [])
    assert.equal((await sr.paginate('/jobs', { query: { limit: 20 }, from: list.cursor }).toArray())[0]?.id, ids[limit])
  }
})

test('toArray() rejects if another loop leaves the list before its end', async () => {
  sandbox.fault({ path: POSTINGS, kind: 'hold', after: 1, times: Number.POSITIVE_INFINITY })
  const list = sr.paginate(POSTINGS, { query: { limit: 5 } })
  await list.next()
  const whole = failure(list.toArray())
  await settled(sr, () => sandbox.counters().unanswered)
  await list.return()
  assert.equal((await whole).code, 'PAGINATION')
})

test('take() gives as many items as wanted, in order, and takes back what was asked for ahead', async () => {
  const ids = await collect(sr.paginate(POSTINGS))
  const query = { limit: 5 }
  for (const limit of [1, 4, 5, 6, 125, 126]) {
    const list = sr.paginate(POSTINGS, { query })
    assert.deepEqual(await collect(list.take(limit)), ids.slice(0, limit))
    assert.equal(list.progress.done, Math.min(limit, 125))
    assert.deepEqual(await collect(sr.paginate(POSTINGS, { query, from: list.cursor })), ids.slice(limit))
  }

  sandbox.fault({ path: POSTINGS, kind: 'hold', after: 1, times: Number.POSITIVE_INFINITY })
  const seen = []
  for await (const { id } of sr.paginate(POSTINGS, { query }).take(3)) {
    seen.push(id)
    // With the last one, and not only when the loop asks for more.
    if (seen.length === 3) assert.equal(await settled(sr, () => sandbox.counters().unanswered), 8)
  }
  assert.deepEqual(seen, ids.slice(0, 3))

  sandbox.resetCounters()
  const none = sr.paginate(POSTINGS).take(0)
  assert.deepEqual(await all(none), [])
  assert.equal((await failure(all(none))).code, 'PAGINATION')
  assert.equal(requests(POSTINGS_ENDPOINT), 0)
})

test('those who ask a take() at the same time share its items', async () => {
  const ids = await collect(sr.paginate('/jobs'))
  for (const limit of [1, 30]) {
    const iterator = sr
      .paginate('/jobs', { query: { limit: 20 } })
      .take(limit)
      [Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 40 }, () => iterator.next()))
    assert.deepEqual(
      results.filter(({ done }) => !done).map(({ value }) => value.id),
      ids.slice(0, limit),
    )
  }
})

test('limits that are no whole number are refused, and the list is as it was', async () => {
  const list = sr.paginate('/jobs')
  for (const limit of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, '3', null, [], 3n]) {
    assert.throws(() => list.take(limit), { name: 'ConfigurationError', field: 'limit' })
    await assert.rejects(list.toArray({ limit }), { name: 'ConfigurationError', field: 'limit' })
  }
  assert.throws(() => list.take(), { name: 'ConfigurationError', field: 'limit' })
  await assert.rejects(list.toArray({ most: 3 }), { name: 'ConfigurationError', field: 'most' })
  await assert.rejects(list.toArray(3), { name: 'ConfigurationError', field: 'toArray' })
  assert.equal((await list.toArray({})).length, 250)
})

test('those who ask at the same time get each item once', async () => {
  const list = sr.paginate('/jobs', { query: { limit: 20 } })
  const results = await Promise.all(Array.from({ length: 300 }, () => list.next()))
  const ids = results.filter(({ done }) => !done).map(({ value }) => value.id)
  assert.deepEqual([...ids].sort(), await collect(sr.paginate('/jobs')))
  assert.equal(results.filter(({ done }) => done).length, 50)
})

test('workers can share a pass, and the failure of one ends it for all', async () => {
  const work = (list, each) =>
    Promise.all(
      Array.from({ length: 8 }, async () => {
        for await (const { id } of list) await each(id)
      }),
    )
  const ids = []
  await work(sr.paginate('/jobs', { query: { limit: 20 } }), async id => {
    await sr.get('/jobs/{id}', { params: { id } })
    ids.push(id)
  })
  assert.deepEqual(ids.sort(), await collect(sr.paginate('/jobs')))

  const list = sr.paginate('/jobs', { query: { limit: 20 } })
  const error = await failure(
    work(list, async id => {
      await sr.get(id === ids[5] ? '/jobs/no-such-job' : '/echo')
    }),
  )
  assert.equal(error.code, 'NOT_FOUND')
  assert.deepEqual(await list.next(), { value: undefined, done: true })
})

test('a client that was closed begins no pass, and ends those that it has', async () => {
  const client = new SmartRecruiters({
    credential: new ApiKey(sandbox.apiKey),
    baseUrl: sandbox.baseUrl,
    limits: false,
  })
  const list = client.paginate('/jobs', { query: { limit: 5 }, prefetch: 0 })
  await take(list, 5)
  await client.close()
  assert.equal((await failure(list.next())).code, 'CLOSED')
  assert.throws(() => client.paginate('/jobs'), { code: 'CLOSED' })
})

for (const [path, limit] of [
  ['/jobs', 20],
  ['/approvals-api/v201910/approvals', 9],
  [POSTINGS, 10],
]) {
  test(`a process that is killed again and again reads ${path} to its end, and no item twice`, async () => {
    const ids = await collect(sr.paginate(path, { query: { limit } }))
    const seen = []
    let from = ''
    let kills = 0
    // Anywhere in a page, and at its ends.
    for (const lines of [1, 5, limit - 1, limit, limit + 1, 2 * limit, 3, Number.POSITIVE_INFINITY]) {
      const program = fileURLToPath(new URL('./processes/resumable-pages.mjs', import.meta.url))
      const args = [program, sandbox.baseUrl, sandbox.apiKey, path, String(limit), from]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      let text = ''
      let count = 0
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        text += chunk
        count += chunk.split('\n').length - 1
        if (count >= lines) child.kill('SIGKILL')
      }
      const [code, signal] = await ended
      // What has no line end was not written to its end.
      for (const line of text.split('\n').slice(0, -1)) {
        const [id, cursor] = line.split(' ')
        seen.push(id)
        from = cursor
      }
      if (signal === 'SIGKILL') kills++
      else assert.equal(code, 0)
      if (code === 0) break
    }
    assert.ok(kills > 0, 'it was never killed')
    assert.deepEqual(seen, ids)
  })
}

/** A server whose pages the test makes: `answer(query, request)` gives the body, and perhaps a link. */
async function pager(t, answer) {
  let count = 0
  const { sr, baseUrl } = await serve(t, (request, response) => {
    count++
    const { body, link, type = 'application/json' } = answer(new URL(request.url, 'http://x').searchParams, request)
    if (link) response.setHeader('link', `<${link}>; rel="next"`)
    response.setHeader('content-type', type).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  return { sr, baseUrl, count: () => count }
}

const rows = (from, to) => Array.from({ length: to - from }, (_, index) => ({ id: from + index }))

/** The ids that came before the error, and the error. */
async function broken(list) {
  const ids = []
  const error = await failure(
    (async () => {
      for await (const { id } of list) ids.push(id)
    })(),
  )
  return { ids, error }
}

test('a page that is named twice as the next one is an error, after all that came before it', async t => {
  const pages = await pager(t, query => ({
    body: { content: rows(0, 2), nextPageId: query.get('pageId') === 'b' ? 'a' : query.has('pageId') ? 'b' : 'a' },
  }))
  const { ids, error } = await broken(pages.sr.paginate('/candidates'))
  assert.ok(error instanceof SmartRecruitersError)
  assert.deepEqual([error.code, error.method, error.path], ['PAGINATION', 'GET', '/candidates'])
  assert.equal(ids.length, 6)
  assert.equal(pages.count(), 3)

  const itself = await pager(t, (_, { url }) => ({ body: rows(0, 2), link: url }))
  const second = await broken(itself.sr.paginate('/webhooks-api/v201907/subscriptions'))
  assert.deepEqual([second.error.code, second.ids, itself.count()], ['PAGINATION', [0, 1], 1])
})

test('an empty page ends a list, even if it names another', async t => {
  const pages = await pager(t, query => ({
    body: query.has('pageId') ? { content: [], nextPageId: 'other' } : { content: rows(0, 3), nextPageId: 'a/+=' },
  }))
  assert.deepEqual(await collect(pages.sr.paginate('/candidates')), [0, 1, 2])
  assert.equal(pages.count(), 2)
})

test('a link to another origin is an error that names it, and gets no credential, nor any request', async t => {
  let strangers = 0
  const other = await serve(t, (_, response) => {
    strangers++
    response.setHeader('content-type', 'application/json').end('[]')
  })
  const pages = await pager(t, () => ({ body: rows(0, 2), link: `${other.baseUrl}/next?pageId=canary` }))
  for (const path of ['/approvals-api/v201910/approvals', '/anything']) {
    const list = pages.sr.paginate(path)
    const { ids, error } = await broken(list)
    assert.deepEqual([ids, error.code], [[0, 1], 'PAGINATION'])
    assert.ok(error.message.includes(other.baseUrl), error.message)
    assert.ok(!error.message.includes('canary'))
    assert.equal((await broken(pages.sr.paginate(path, { from: list.cursor }))).error.code, 'PAGINATION')
  }
  assert.equal(strangers, 0)
})

test('links may be relative, and lists that nobody knows are read by what they show', async t => {
  const pages = await pager(t, (query, { url }) => {
    const [path] = url.split('?')
    if (path === '/relative/list') return { body: rows(0, 2), link: 'more?pageId=a%2Fb%2B' }
    if (path === '/relative/more') return { body: rows(2, 3), link: query.has('end') ? '' : '?end=1' }
    if (path === '/ids') {
      const next = { a: 'b', null: 'a' }[query.get('pageId')]
      return { body: { content: rows(0, 1), ...(next && { nextPageId: next }) } }
    }
    if (path === '/numbers') {
      const page = Number(query.get('page') ?? 1)
      return { body: { content: rows(page, page + 1), nextPage: page < 3 ? page + 1 : null } }
    }
    const offset = Number(query.get('offset') ?? 0)
    return { body: { content: rows(offset, Math.min(offset + 4, 10)), totalFound: 10 } }
  })
  assert.deepEqual(await collect(pages.sr.paginate('/relative/list')), [0, 1, 2, 2])
  assert.deepEqual(await collect(pages.sr.paginate('/ids')), [0, 0, 0])
  assert.deepEqual(await collect(pages.sr.paginate('/numbers')), [1, 2, 3])
  assert.deepEqual(await collect(pages.sr.paginate('/offsets')), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('what is no list is an error that says what to do, and does not quote the answer', async t => {
  const bodies = {
    '/object': { canary: 1 },
    '/text': 'canary',
    '/empty': '',
    '/number': 7,
    '/content': { content: { canary: 1 } },
    '/cut': '{"content":[{"canary":1}',
  }
  const pages = await pager(t, (_, { url }) => ({ body: bodies[url.split('?')[0]] }))
  for (const path of Object.keys(bodies)) {
    const { error } = await broken(pages.sr.paginate(path))
    assert.equal(error.code, 'PAGINATION')
    assert.match(error.message, /`get`/)
    assert.doesNotMatch(error.message, /canary/)
  }
})

test('a server that ignores offsets is found out, and not read for ever', async t => {
  const pages = await pager(t, () => ({ body: { content: rows(0, 2), totalFound: 1000 } }))
  const { ids, error } = await broken(pages.sr.paginate('/anything'))
  assert.deepEqual([ids, error.code], [[0, 1], 'PAGINATION'])
})

test('items need no ids, and may be anything', async t => {
  const items = ['a', 7, null, { x: '\u00e9\ud83d\ude00' }, [1]]
  const pages = await pager(t, () => ({ body: items }))
  assert.deepEqual(await all(pages.sr.paginate('/anything')), items)
})

test('a list that changes while it is read says so, and leaves nothing out', async () => {
  const read = async change => {
    const list = sr.paginate(POSTINGS, { query: { limit: 20 }, prefetch: 0 })
    const ids = await take(list, 20)
    await change(ids)
    ids.push(...(await collect(list)))
    return { ids, ...list.progress }
  }
  const before = await collect(sr.paginate(POSTINGS))

  // What is taken out before our place moves the rest forward, over one that nobody sees.
  const hole = await read(ids => sr.delete('/jobs/{id}/publication', { params: { id: ids[3] } }))
  assert.equal(hole.ids.length, before.length - 1)
  assert.ok(!hole.ids.includes(before[20]))
  assert.deepEqual([hole.total, hole.duplicates, hole.missing], [before.length - 1, 0, 1])

  // What is put in there moves it back: one comes twice, and the new one does not come.
  const twice = await read(() => sr.post('/jobs/{id}/publication', { params: { id: before[3] } }))
  assert.equal(twice.ids.length, before.length)
  assert.equal(twice.ids.filter(id => id === twice.ids[20]).length, 2)
  assert.deepEqual([twice.total, twice.duplicates, twice.missing], [before.length, 1, 1])
})

test('rows that the API leaves out in silence are counted', async () => {
  const list = sr.paginate('/jobs', { query: { sort: 'title' } })
  assert.equal((await collect(list)).length, 248)
  assert.deepEqual([list.progress.total, list.progress.missing], [250, 2])
})

test('a pass can be piped as any asynchronous iterable', async () => {
  let count = 0
  for await (const { id } of Readable.from(sr.paginate('/jobs')).filter(({ status }) => status === 'FILLED')) {
    if (id) count++
  }
  assert.equal(count, 42)
})
