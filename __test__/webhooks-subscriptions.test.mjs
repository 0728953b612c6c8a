// Webhooks with the sandbox as SmartRecruiters: subscriptions, deliveries, what they are about, and what was missed.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { ApiKey, ConfigurationError, SmartRecruiters } from 'smartrecruiters'
import { toNodeHandler, Webhooks } from 'smartrecruiters/web'
import { startSandbox } from 'smartrecruiters-sandbox'
import { MapStore } from './support/map-store.mjs'
import { calls } from './support/webhooks.mjs'

/** A sandbox with a client, and a receiver that it can reach. */
async function start(t, options = {}) {
  const sandbox = await startSandbox({ limits: false, jobs: 3, candidates: 1, data: { subscriptions: [] } })
  t.after(() => sandbox.close())
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl })
  t.after(() => sr.close())
  const store = new MapStore()
  const errors = []
  const settings = {
    store,
    client: sr,
    onError: (error, context) => void errors.push({ error, ...context }),
    ...options,
  }
  const webhooks = new Webhooks(settings)
  t.after(() => webhooks.close())
  /** What answers in place of the receiver, while that is down. */
  const outage = { handler: undefined }
  const handler = webhooks.handler()
  const token = webhooks.tokenHandler({ path: '/token' })
  const server = createServer(
    toNodeHandler(async request => (await outage.handler?.(request)) ?? (await token(request)) ?? handler(request)),
  )
  server.listen(0)
  t.after(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/webhooks`
  return { sandbox, sr, store, settings, webhooks, errors, outage, url }
}

test('a subscription is made, activated and used, without any secret in the code', async t => {
  const { sandbox, webhooks, url, errors } = await start(t)
  const { listener, all } = calls(1)
  webhooks.on('job.created', listener)
  const subscription = await webhooks.subscribe({ url, events: ['job.created', 'job.updated'] })
  assert.deepEqual(
    { ...subscription, id: 'id' },
    { id: 'id', url, events: ['job.created', 'job.updated'], active: true },
  )
  const [{ id }] = (
    await fetch(`${sandbox.baseUrl}/jobs`, { headers: { 'x-smarttoken': sandbox.apiKey } }).then(r => r.json())
  ).content
  const [delivery] = await sandbox.emit('job.created', { id }, { link: `${sandbox.baseUrl}/jobs/${id}` })
  assert.equal(delivery.status, 202)
  const [{ event, resource }] = await all
  assert.deepEqual(event.payload, { id })
  assert.equal((await resource()).id, id)
  assert.deepEqual(errors, [])
})

test('subscribing again changes nothing, and other events replace the subscription', async t => {
  const { webhooks, settings, url } = await start(t)
  const first = await webhooks.subscribe({ url, events: ['job.created'] })
  const again = new Webhooks(settings)
  assert.deepEqual(await again.subscribe({ url, events: ['job.created', 'job.created'] }), first)
  assert.deepEqual(await webhooks.subscriptions(), [first])
  const other = await webhooks.subscribe({ url, events: ['job.updated'] })
  assert.deepEqual(await webhooks.subscriptions(), [other])
  await webhooks.unsubscribe(other.id)
  await webhooks.unsubscribe(other.id)
  assert.deepEqual(await webhooks.subscriptions(), [])
})

test('a key that was replaced at SmartRecruiters is fetched by subscribing again', async t => {
  const { sandbox, sr, webhooks, url } = await start(t)
  const { id } = await webhooks.subscribe({ url, events: ['job.created'] })
  await sr.post('/webhooks-api/v201907/subscriptions/{id}/secret-key', { params: { id } })
  assert.equal((await sandbox.emit('job.created', { id: '1' }))[0].status, 202, 'the former key signs for a day')
  await webhooks.subscribe({ url, events: ['job.created'] })
  sandbox.advanceTime(25 * 3600)
  assert.equal((await sandbox.emit('job.created', { id: '2' }))[0].status, 202)
})

test('callback authentication is what the subscription says, with tokens of the own endpoint', async t => {
  for (const type of ['basic', 'header', 'oauth2']) {
    await t.test(type, async t => {
      const tokenServiceUrl = 'http://127.0.0.1/token'
      const authentication = {
        basic: { type, username: 'sr', password: 'secret' },
        header: { type, headerName: 'x-from', headerValue: 'secret' },
        oauth2: { type, clientId: 'sr', clientSecret: 'secret', tokenServiceUrl },
      }[type]
      const { sandbox, webhooks, url, sr } = await start(t, { callbackAuthentication: authentication })
      if (type === 'oauth2') {
        // The port is known only now.
        sr.post = (
          (post, origin) =>
          (path, { json, ...rest }) => {
            const callbackAuthentication = { ...json?.callbackAuthentication, tokenServiceUrl: `${origin}/token` }
            return post.call(sr, path, { ...rest, ...(json && { json: { ...json, callbackAuthentication } }) })
          }
        )(sr.post, new URL(url).origin)
      }
      await webhooks.subscribe({ url, events: ['job.created'] })
      assert.equal((await sandbox.emit('job.created', { id: '1' }))[0].status, 202)
    })
  }
})

test('after a day of outage, replay() brings what is missing, and nothing twice', async t => {
  const { sandbox, webhooks, url, outage } = await start(t)
  const handled = []
  const { listener, all } = calls(60)
  webhooks.onAny(context => {
    handled.push(context.event.id)
    listener(context)
  })
  await webhooks.subscribe({ url, events: ['job.created'] })
  const emit = (from, to) =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) => {
        const id = `event-${from + index}`
        return sandbox.emit('job.created', { id }, { id })
      }),
    )
  await emit(0, 20)
  outage.handler = () => new Response(null, { status: 500 })
  await emit(20, 50)
  sandbox.advanceTime(12 * 3600)
  await sandbox.repeatWebhooks()
  outage.handler = undefined
  await emit(50, 60)
  const result = await webhooks.replay()
  assert.deepEqual([result.taken, result.unverified, result.unreadable], [30, 0, 0])
  assert.ok(result.read > 60, `${result.read} entries`)
  await all
  const again = await webhooks.replay()
  assert.deepEqual([again.read, again.taken], [result.read, 0])
  assert.equal((await webhooks.replay({ since: Date.now() + 60_000 })).read, 0)
  sandbox.advanceTime(24 * 3600)
  await sandbox.repeatWebhooks()
  await webhooks.close()
  assert.deepEqual(handled.sort(), Array.from({ length: 60 }, (_, index) => `event-${index}`).sort())
})

test('replay() reads the log whatever its order, and of other receivers only on demand', async t => {
  const { sandbox, sr, webhooks, url, outage } = await start(t)
  await webhooks.subscribe({ url, events: ['job.created'] })
  const elsewhere = new Webhooks({ client: sr, handshake: true })
  const other = createServer(toNodeHandler(elsewhere.handler())).listen(0)
  t.after(() => other.close())
  await once(other, 'listening')
  await elsewhere.subscribe({ url: `http://127.0.0.1:${other.address().port}/`, events: ['job.updated'] })
  outage.handler = () => new Response(null, { status: 500 })
  const since = Date.now()
  sandbox.advanceTime(3600)
  for (const id of ['one', 'two']) await sandbox.emit('job.created', { id }, { id })
  await sandbox.emit('job.updated', { id: 'foreign' }, { id: 'foreign' })
  outage.handler = undefined
  const { paginate } = sr
  sr.paginate = async function* (path, options) {
    const all = []
    for await (const entry of paginate.call(sr, path, options)) all.push(entry)
    // The oldest first, which may be before the time that is asked for.
    yield* path.endsWith('callbacks-log') ? [{ ...all[0], timestamp: new Date(0).toISOString() }, ...all] : all
  }
  assert.deepEqual(await webhooks.replay({ since, url }), { read: 2, taken: 2, unverified: 0, unreadable: 0 })
  const everything = await webhooks.replay({ since })
  assert.deepEqual([everything.read, everything.taken], [3, 1])
})

test('an event that fails becomes a dead letter, which can be repeated and dropped', async t => {
  const { sandbox, webhooks, url, errors } = await start(t, { attempts: 1 })
  let broken = true
  const failed = calls(2)
  const repeated = calls(3)
  webhooks.on('job.created', context => {
    failed.listener(context)
    repeated.listener(context)
    if (broken) throw new RangeError('it broke')
  })
  await webhooks.subscribe({ url, events: ['job.created'] })
  for (const id of ['one', 'two']) await sandbox.emit('job.created', { id }, { id })
  await failed.all
  const letters = []
  while (letters.length < 2) {
    letters.length = 0
    for await (const letter of webhooks.deadLetters()) letters.push(letter)
  }
  const [{ event, attempts, error, receivedAt, deadSince }] = letters.sort((a, b) => (a.event.id < b.event.id ? -1 : 1))
  assert.deepEqual([event.id, event.payload, attempts, error], ['one', { id: 'one' }, 1, 'RangeError: it broke'])
  assert.ok(receivedAt <= deadSince)
  assert.deepEqual(
    errors.map(({ error, event, attempt, outcome }) => [error.message, event.name, attempt, outcome]),
    Array(2).fill(['it broke', 'job.created', 1, 'dead']),
  )
  broken = false
  assert.deepEqual([await webhooks.repeat('one'), await webhooks.drop('two')], [true, true])
  assert.deepEqual([await webhooks.repeat('one'), await webhooks.drop('none')], [false, false])
  await repeated.all
  await webhooks.close()
  const left = []
  for await (const letter of webhooks.deadLetters()) left.push(letter)
  assert.deepEqual(left, [])
})

test('a listener that takes too long is told, and counts as failed', async t => {
  const { sandbox, webhooks, url, errors } = await start(t, { attempts: 1, timeout: 50 })
  const aborted = new Promise(resolve => {
    webhooks.onAny(
      ({ signal }) => new Promise(() => signal.addEventListener('abort', () => resolve(signal.reason), { once: true })),
    )
  })
  await webhooks.subscribe({ url, events: ['job.created'] })
  await sandbox.emit('job.created', { id: '1' })
  assert.match((await aborted).message, /longer than `timeout`/)
  await webhooks.close()
  assert.deepEqual([errors[0].error, errors[0].outcome], [await aborted, 'dead'])
})

test('resource() reads with the client of the customer, and from the API alone', async t => {
  const { sandbox, sr } = await start(t)
  const elsewhere = createServer((_req, res) => res.end('{}')).listen(0)
  t.after(() => elsewhere.close())
  await once(elsewhere, 'listening')
  let reached = 0
  elsewhere.on('request', () => reached++)
  const webhooks = new Webhooks({
    secrets: 'secret',
    attempts: 1,
    onError: () => {},
    client: event => (event.payload.company === 'acme' ? sr : assert.fail('whose is it?')),
  })
  t.after(() => webhooks.close())
  const { listener, all } = calls(4)
  webhooks.onAny(listener)
  const [{ id }] = (await sr.get('/jobs')).content
  const links = {
    good: `${sandbox.baseUrl}/jobs/${id}`,
    foreign: `http://127.0.0.1:${elsewhere.address().port}/jobs/${id}`,
    user: `${sandbox.baseUrl.replace('//', '//user@')}/jobs/${id}`,
    none: undefined,
  }
  for (const [name, link] of Object.entries(links)) {
    const { headers, body } = webhooks.sign({ id: name, name: 'job.updated', payload: { company: 'acme' }, link })
    const request = new Request('https://app.example.com/', { method: 'POST', headers, body })
    assert.equal((await webhooks.handler()(request)).status, 202)
  }
  for (const { event, resource } of await all) {
    if (event.id === 'good') assert.equal((await resource()).id, id)
    else await assert.rejects(resource(), error => error instanceof ConfigurationError, event.id)
  }
  assert.equal(reached, 0)
})

test('what needs a client says so', async () => {
  const webhooks = new Webhooks({ secrets: 'secret', client: () => assert.fail() })
  for (const use of [
    () => webhooks.subscribe({ url: 'https://app.example.com/', events: ['job.created'] }),
    () => webhooks.replay(),
    () => webhooks.subscriptions(),
  ]) {
    await assert.rejects(use, error => error instanceof ConfigurationError && error.field === 'client')
  }
  const none = new Webhooks({ secrets: 'secret' })
  await assert.rejects(none.subscribe({ url: 'https://a.example', events: [] }), { field: 'events' })
  await assert.rejects(none.replay({ since: 'yesterday' }), { field: 'since' })
})
