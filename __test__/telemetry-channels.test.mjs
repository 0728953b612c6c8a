// The diagnostics channels of this package show what a call cannot: retries, waits, tokens, renewals and stores.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { createSecureServer } from 'node:http2'
import { test } from 'node:test'
import { ApiKey, ClientCredentials, OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { addon } from './support/addon.mjs'
import { authority, serverCertificate } from './support/certificates.mjs'
import { authorize } from './support/grants.mjs'
import { MapStore } from './support/map-store.mjs'
import { failure, listen, serve } from './support/servers.mjs'
import { signedRequest, startReceiver } from './support/webhooks.mjs'

/** Collects the records of a channel until the test ends. */
function collect(t, name) {
  const records = []
  const listen = record => records.push(record)
  subscribe(`smartrecruiters:${name}`, listen)
  t.after(() => unsubscribe(`smartrecruiters:${name}`, listen))
  return records
}

/** Waits until there is a record. */
async function some(records) {
  while (records.length === 0) await new Promise(resolve => setImmediate(resolve))
  return records
}

/** Answers with JSON. */
function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

test('the attempts of a call are published as they end, in the context of the caller', async t => {
  const statuses = [503, 503, 200]
  const { sr } = await serve(
    t,
    (_, response) => {
      const status = statuses.shift()
      json(response, status, {}, { 'x-request-id': `r-${status}`, ...(status === 503 && { 'retry-after': '0' }) })
    },
    { retries: 3 },
  )
  const storage = new AsyncLocalStorage()
  const attempts = []
  const listen = record => attempts.push({ ...record, store: storage.getStore() })
  subscribe('smartrecruiters:attempt', listen)
  t.after(() => unsubscribe('smartrecruiters:attempt', listen))
  await storage.run('mine', () => sr.get('/jobs/{id}', { params: { id: 7 } }))
  assert.deepEqual(
    attempts.map(({ method, template, attempt, status, next, requestId, httpVersion, remoteAddress, store }) => ({
      method,
      template,
      attempt,
      status,
      next,
      requestId,
      httpVersion,
      remoteAddress,
      store,
    })),
    [
      { attempt: 1, status: 503, next: 'retry', requestId: 'r-503' },
      { attempt: 2, status: 503, next: 'retry', requestId: 'r-503' },
      { attempt: 3, status: 200, next: 'end', requestId: 'r-200' },
    ].map(({ attempt, status, next, requestId }) => ({
      method: 'GET',
      template: '/jobs/{id}',
      attempt,
      status,
      next,
      requestId,
      httpVersion: '1.1',
      remoteAddress: '127.0.0.1',
      store: 'mine',
    })),
  )
  for (const { queueMs, preparationMs, durationMs } of attempts) {
    assert.ok(queueMs >= 0 && preparationMs >= 0 && durationMs > 0)
  }
  assert.ok(attempts[0].retryDelayMs >= 0 && attempts[2].retryDelayMs === undefined)
})

test('an attempt without an answer says why, and one that the deadline ended says nothing', async t => {
  const { sr } = await serve(t, ({ url }, response) => url === '/lost' && response.destroy())
  const attempts = collect(t, 'attempt')
  await failure(sr.get('/lost'))
  await failure(sr.get('/silent', { timeout: 50 }))
  const [lost, silent] = attempts
  assert.equal(lost.errorCode, 'NETWORK')
  assert.equal(lost.status, undefined)
  assert.equal(silent.errorCode, undefined)
  assert.equal(silent.status, undefined)
})

test('the tracing channel has one record of a call, from its start to the end of its promise', async t => {
  const { sr } = await serve(t, (_, response) => json(response, 200, {}, { 'x-request-id': 'r-1' }))
  const seen = []
  const subscribers = Object.fromEntries(
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map(name => [
      name,
      record => seen.push({ name, record, attempts: record.attempts }),
    ]),
  )
  const tracing = tracingChannel('smartrecruiters:call')
  tracing.subscribe(subscribers)
  t.after(() => tracing.unsubscribe(subscribers))
  await sr.get('/candidates/{id}', { params: { id: 'c' }, query: { q: 'Ada' } })
  assert.deepEqual(
    seen.map(({ name, attempts }) => [name, attempts]),
    [
      ['start', 0],
      ['end', 0],
      ['asyncStart', 1],
      ['asyncEnd', 1],
    ],
  )
  const [{ record }] = seen
  assert.ok(seen.every(other => other.record === record))
  const { durationMs, ...rest } = record
  assert.ok(durationMs > 0)
  assert.deepEqual(rest, {
    method: 'GET',
    template: '/candidates/{id}',
    url: `${sr.baseUrl}/candidates/c?q=REDACTED`,
    attempts: 1,
    status: 200,
    requestId: 'r-1',
  })
})

test('the tracing channel has the error of a call that failed', async t => {
  const { sr } = await serve(t, (_, response) => json(response, 404, {}))
  const seen = []
  const subscribers = { error: record => seen.push(record) }
  const tracing = tracingChannel('smartrecruiters:call')
  tracing.subscribe(subscribers)
  t.after(() => tracing.unsubscribe(subscribers))
  const error = await failure(sr.get('/jobs/1'))
  assert.equal(seen.length, 1)
  assert.equal(seen[0].error, error)
  assert.equal(seen[0].status, 404)
})

test('a store that is bound to the start of a call holds until its end', async t => {
  const { sr } = await serve(t, (_, response) => json(response, 200, {}))
  const storage = new AsyncLocalStorage()
  const start = channel('tracing:smartrecruiters:call:start')
  start.bindStore(storage, ({ template }) => `of ${template}`)
  t.after(() => start.unbindStore(storage))
  const seen = []
  const listen = () => seen.push(storage.getStore())
  for (const name of ['undici:request:create', 'undici:request:trailers', 'smartrecruiters:attempt']) {
    subscribe(name, listen)
    t.after(() => unsubscribe(name, listen))
  }
  await sr.get('/jobs')
  assert.deepEqual(seen, ['of /jobs', 'of /jobs', 'of /jobs'])
  assert.equal(storage.getStore(), undefined)
})

test('waits for a turn and answers with 429 are published', async t => {
  let refused = false
  const { sr } = await serve(
    t,
    (_, response) => {
      if (refused) return json(response, 200, {})
      refused = true
      json(response, 429, {}, { 'x-request-id': 'r-429' })
    },
    { limits: {}, retries: 3 },
  )
  const [limits, queue] = [collect(t, 'limit'), collect(t, 'queue')]
  await sr.get('/jobs')
  assert.equal(limits.length, 1)
  assert.equal(limits[0].template, '/jobs')
  assert.equal(limits[0].requestId, 'r-429')
  assert.ok(limits[0].pauseMs > 0)
  assert.ok(queue.length > 0 && queue.every(({ template, waitMs }) => template === '/jobs' && waitMs >= 1))
})

test('tokens that were obtained or refused are published', async t => {
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const tokens = collect(t, 'token')
  const client = (clientId, clientSecret) =>
    new SmartRecruiters({ credential: new ClientCredentials({ clientId, clientSecret }), baseUrl: sandbox.baseUrl })
  const { clientId, clientSecret } = sandbox.client
  await client(clientId, clientSecret).get('/jobs')
  await some(tokens)
  const [{ durationMs, expiresInMs, ...token }] = tokens.splice(0)
  assert.deepEqual(token, { credential: 'clientCredentials', id: clientId })
  assert.ok(durationMs > 0 && expiresInMs > 0)
  const error = await failure(client(clientId, 'wrong').get('/jobs'))
  await some(tokens)
  assert.equal(tokens[0].error.code, error.code)
  assert.equal(tokens[0].error.error, 'invalid_client')
})

test('renewals of grants are published with their outcome', async t => {
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const renewals = collect(t, 'renewal')
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const app = new OAuthApp({ clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl })
  await authorize(sandbox, app, 'acme')
  await app.keepAlive({ idle: 0 })
  await some(renewals)
  assert.deepEqual(renewals.splice(0), [{ grantId: 'acme', outcome: 'renewed' }])
})

test('a store that is down is published, although no call fails', async t => {
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const failures = collect(t, 'store')
  const store = new MapStore()
  store.fail = () => {
    throw new Error('the disk is full')
  }
  const credential = new ClientCredentials({
    clientId: sandbox.client.clientId,
    clientSecret: sandbox.client.clientSecret,
    store,
    encryptionKey: false,
  })
  await new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl }).get('/jobs')
  await some(failures)
  assert.equal(failures[0].operation, 'load')
  assert.equal(failures[0].error.code, 'STORE')
})

test('what a receiver of webhooks does is published', async t => {
  const records = collect(t, 'webhook')
  const { webhooks, handler } = startReceiver(t)
  await handler(signedRequest(webhooks, { id: 'e' }))
  await handler(signedRequest(webhooks, { body: '{}' }))
  webhooks.onAny(() => {
    throw new Error('not now')
  })
  while (records.length < 3) await new Promise(resolve => setImmediate(resolve))
  const shown = records.map(({ outcome, id, event, attempt, error }) => [outcome, id, event, attempt, error?.message])
  assert.deepEqual(shown[0], ['accepted', 'e', 'job.created', undefined, undefined])
  assert.deepEqual(shown[1].slice(0, 4), ['rejected', undefined, undefined, undefined])
  assert.equal(records[1].error.reason, 'noMatch')
  assert.deepEqual(shown[2], ['failed', 'e', 'job.created', 1, 'not now'])
  assert.ok(records.every(({ durationMs }) => durationMs > 0))
})

test('nothing is made for a call while nothing listens', async t => {
  const { sr } = await serve(t, (_, response) => json(response, 200, {}))
  const { prototype } = addon().NativeClient
  const { describe, send } = prototype
  const made = { described: 0, observed: 0 }
  prototype.describe = function (...args) {
    made.described++
    return describe.apply(this, args)
  }
  prototype.send = function (...args) {
    made.observed += args.at(-1) === true
    return send.apply(this, args)
  }
  t.after(() => Object.assign(prototype, { describe, send }))
  await sr.get('/jobs')
  assert.deepEqual(made, { described: 0, observed: 0 })
  const attempts = collect(t, 'attempt')
  await sr.get('/jobs')
  assert.deepEqual(made, { described: 1, observed: 1 })
  assert.equal(attempts.length, 1)
})

test('an answer by HTTP/2 is published as such', async t => {
  const ca = await authority()
  const server = createSecureServer(await serverCertificate(ca))
  server.on('stream', stream => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' })
    stream.end('{}')
  })
  const baseUrl = `https://localhost:${await listen(t, server)}`
  const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, ca: ca.cert })
  const attempts = collect(t, 'attempt')
  const protocols = []
  const sent = ({ socket }) => protocols.push(socket.alpnProtocol)
  subscribe('undici:client:sendHeaders', sent)
  t.after(() => unsubscribe('undici:client:sendHeaders', sent))
  await sr.get('/jobs')
  assert.deepEqual(
    attempts.map(({ httpVersion, origin }) => [httpVersion, origin]),
    [['2', baseUrl]],
  )
  assert.deepEqual(protocols, ['h2'])
})
