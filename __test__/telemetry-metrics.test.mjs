// `smartrecruiters/otel`: the metrics, and what stock instrumentation makes of the hooks.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { ClientCredentials, OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { recordMetrics, undiciHooks } from 'smartrecruiters/otel'
import { startSandbox } from 'smartrecruiters-sandbox'
import { authorize } from './support/grants.mjs'
import { MapStore } from './support/map-store.mjs'
import { assertSilent } from './support/secrets.mjs'
import { failure, serve } from './support/servers.mjs'
import { signedRequest, startReceiver } from './support/webhooks.mjs'

class Reader extends MetricReader {
  onForceFlush() {}
  onShutdown() {}
}

/** Records metrics until the test ends. `points(name)` gives the present points of a metric. */
function recorded(t, options) {
  const reader = new Reader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const stop = recordMetrics({ meterProvider, ...options })
  t.after(async () => {
    stop()
    await meterProvider.shutdown()
  })
  const all = async () => {
    const { resourceMetrics, errors } = await reader.collect()
    assert.deepEqual(errors, [])
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  }
  const points = async name => (await all()).find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
  return { all, points, stop }
}

/** Waits until a metric has a point. */
async function some(points, name) {
  for (;;) {
    const found = await points(name)
    if (found.length > 0) return found
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** A server that answers with the statuses in turn, and then with 200. */
function answering(t, statuses, options) {
  return serve(t, (_, response) => response.writeHead(statuses.shift() ?? 200).end(), options)
}

test('requests are recorded by the stable semantic conventions, and by path template', async t => {
  const { points } = recorded(t)
  const { sr, baseUrl } = await answering(t, [503], { retries: 1 })
  for (const id of [1, 2, 3]) await sr.get('/jobs/{id}', { params: { id } })
  const requests = await points('http.client.request.duration')
  const common = {
    'http.request.method': 'GET',
    'url.template': '/jobs/{id}',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(baseUrl).port),
    'url.scheme': 'http',
    'network.protocol.version': '1.1',
  }
  assert.deepEqual(
    requests.map(({ attributes, value }) => [attributes, value.count]),
    [
      [{ ...common, 'http.response.status_code': 503, 'error.type': '503' }, 1],
      [{ ...common, 'http.response.status_code': 200 }, 3],
    ],
  )
  assert.deepEqual(
    requests[0].value.buckets.boundaries,
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  )
  const calls = await points('smartrecruiters.call.duration')
  assert.deepEqual(
    calls.map(({ attributes, value }) => [attributes, value.count]),
    [[{ 'http.request.method': 'GET', 'url.template': '/jobs/{id}', 'http.response.status_code': 200 }, 3]],
  )
  const [retries] = await points('smartrecruiters.retries')
  assert.equal(retries.value, 1)
  const [queue] = await points('smartrecruiters.queue.duration')
  assert.equal(queue.value.count, 4)
})

test('requests without an answer are recorded by the type of their error', async t => {
  const { points } = recorded(t)
  const { sr } = await serve(t, (_, response) => response.destroy())
  await failure(sr.get('/jobs'))
  const [request] = await points('http.client.request.duration')
  assert.equal(request.attributes['error.type'], 'NETWORK')
  assert.equal(request.attributes['http.response.status_code'], undefined)
  const [call] = await points('smartrecruiters.call.duration')
  assert.equal(call.attributes['error.type'], 'NETWORK')
})

test('methods that the conventions do not know make one series', async t => {
  const { points } = recorded(t)
  const { sr } = await answering(t, [])
  for (const method of ['PURGE', 'MKCOL', 'LOCK']) await sr.request(method, '/jobs')
  assert.deepEqual(
    (await points('http.client.request.duration')).map(({ attributes }) => attributes['http.request.method']),
    ['_OTHER'],
  )
})

test('many ids make no more series than there are templates', async t => {
  const { points } = recorded(t)
  const { sr } = await answering(t, [])
  await Promise.all(Array.from({ length: 500 }, (_, id) => sr.get('/jobs/{id}', { params: { id } })))
  assert.equal((await points('http.client.request.duration')).length, 1)
})

test('the use of the rate limits is measured while a client is given', async t => {
  const { sr } = await answering(t, [429], { limits: {}, retries: 1 })
  const { points, stop } = recorded(t, { clients: [sr] })
  await sr.get('/jobs')
  const attributes = { 'http.request.method': 'GET', 'url.template': '/jobs' }
  for (const [name, least] of Object.entries({ used: 0, permitted: 1, in_flight: 0, waiting: 0 })) {
    const [point] = await points(`smartrecruiters.limit.${name}`)
    assert.deepEqual(point.attributes, attributes, name)
    assert.ok(point.value >= least, `${name} is ${point.value}`)
  }
  const [limited] = await points('smartrecruiters.rate_limited')
  assert.equal(limited.value, 1)
  stop()
  await sr.get('/jobs')
  const [call] = await points('smartrecruiters.call.duration')
  assert.equal(call.value.count, 1, 'nothing is recorded once it was stopped')
})

test('tokens, renewals, grants, stores and webhooks have metrics, none of which holds a secret', async t => {
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const { redirectUris, ...registered } = sandbox.app
  const app = new OAuthApp({
    clientId: registered.clientId,
    clientSecret: registered.clientSecret,
    redirectUri: redirectUris[0],
    baseUrl: sandbox.baseUrl,
  })
  const { webhooks, handler } = startReceiver(t)
  const { all, points } = recorded(t, { apps: [app], webhooks: [webhooks], requestDuration: false })
  const { clientId, clientSecret } = sandbox.client
  const store = new MapStore()
  const client = secret => {
    const credential = new ClientCredentials({ clientId, clientSecret: secret, store, encryptionKey: false })
    return new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl })
  }
  const sr = client(clientSecret)
  await sr.get('/jobs', { query: { q: 'canary-query' } })
  await some(points, 'smartrecruiters.tokens')
  store.fail = () => {
    throw new Error('the store is down')
  }
  await failure(client('canary-secret').get('/jobs'))
  await authorize(sandbox, app, 'acme')
  await app.keepAlive({ idle: 0 })
  await handler(signedRequest(webhooks))

  const [left] = await points('smartrecruiters.token.remaining')
  assert.deepEqual(left.attributes, { 'smartrecruiters.client_id': clientId })
  assert.ok(left.value > 0 && left.value <= 1800)
  await some(points, 'smartrecruiters.store.failures')
  while ((await points('smartrecruiters.tokens')).length < 2) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(
    (await points('smartrecruiters.tokens')).map(({ attributes, value }) => [attributes, value]),
    [
      [{ 'smartrecruiters.credential': 'clientCredentials' }, 1],
      [{ 'smartrecruiters.credential': 'clientCredentials', 'error.type': 'TOKEN_REFUSED' }, 1],
    ],
  )
  const [renewed] = await some(points, 'smartrecruiters.renewals')
  assert.deepEqual([renewed.attributes, renewed.value], [{ 'smartrecruiters.outcome': 'renewed' }, 1])
  const [failed] = await points('smartrecruiters.store.failures')
  assert.deepEqual(failed.attributes, { 'smartrecruiters.operation': 'load', 'error.type': 'STORE' })
  const grants = await points('smartrecruiters.grants')
  const counts = Object.fromEntries(
    grants.map(({ attributes, value }) => [attributes['smartrecruiters.days_left'], value]),
  )
  assert.deepEqual(Object.keys(counts).toSorted(), ['1', '14', '28', '3', '7', 'ended'])
  const [webhook] = await points('smartrecruiters.webhooks')
  assert.deepEqual(webhook.attributes, {
    'smartrecruiters.outcome': 'accepted',
    'smartrecruiters.event': 'job.created',
  })

  const depth = await points('smartrecruiters.webhooks.depth')
  assert.deepEqual(
    depth.map(({ attributes, value }) => [attributes['smartrecruiters.state'], value]),
    [
      ['waiting', 1],
      ['dead', 0],
    ],
  )

  const metrics = await all()
  assert.ok(!metrics.some(({ descriptor }) => descriptor.name === 'http.client.request.duration'))
  const token = (await sr.token()).accessToken
  assertSilent([clientSecret, registered.clientSecret, 'canary-secret', 'canary-query', token], ...metrics)
})

test('the dashboard asks for metrics that there are, by the names that Prometheus gives them', async t => {
  const { points } = recorded(t)
  const { sr } = await answering(t, [])
  await sr.get('/jobs')
  assert.equal((await points('smartrecruiters.call.duration')).length, 1)
  const source = readFileSync(new URL('../lib/otel.ts', import.meta.url), 'utf8')
  const made = [...source.matchAll(/'(smartrecruiters\.[a-z_.]+|http\.client\.request\.duration)',? \{/g)].map(
    ([, name]) => name,
  )
  const limits = [...source.matchAll(/gauge\('(\w+)'/g)].map(([, name]) => `smartrecruiters.limit.${name}`)
  const text = readFileSync(new URL('../docs/grafana-dashboard.json', import.meta.url), 'utf8')
  const { panels } = JSON.parse(text)
  const asked = new Set(
    panels
      .flatMap(({ targets }) => targets)
      .flatMap(
        ({ expr }) =>
          expr.replaceAll(/by \([^)]*\)/g, '').match(/\b(smartrecruiters|http_client)_[a-z_]+(?=[[{)])/g) ?? [],
      )
      .map(name => name.replace(/_seconds(_bucket|_count|_sum)?$/, '').replace(/_total$/, '')),
  )
  const known = new Set([...made, ...limits].map(name => name.replaceAll('.', '_')))
  assert.ok(known.size >= 14, `${known.size} metrics were found`)
  assert.deepEqual([...asked].toSorted(), [...known].toSorted())
})

test('the hooks name the spans of stock instrumentation by path template', async t => {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const instrumentation = new UndiciInstrumentation(undiciHooks)
  instrumentation.setTracerProvider(provider)
  t.after(() => instrumentation.disable())
  const { sr, baseUrl } = await answering(t, [])
  await sr.get('/jobs/{id}', { params: { id: 7 } })
  await fetch(`${baseUrl}/other`)
  const [ours, other] = exporter.getFinishedSpans()
  assert.equal(ours.name, 'GET /jobs/{id}')
  assert.equal(ours.attributes['url.template'], '/jobs/{id}')
  assert.equal(other.name, 'GET')
  assert.equal(other.attributes['url.template'], undefined)
})
