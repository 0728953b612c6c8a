// Sentry's Node SDK, with nothing set for this package, sees every call. It has its own copy of the instrumentation of
// undici.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, beforeEach, test } from 'node:test'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import * as Sentry from '@sentry/node-core'
import { SentryPropagator, SentrySampler, SentrySpanProcessor } from '@sentry/opentelemetry'
import { failure, serve } from './support/servers.mjs'

/** The transactions that Sentry would have sent. */
const transactions = []

before(() => {
  const client = Sentry.init({
    dsn: 'https://public@sentry.example/1',
    tracesSampleRate: 1,
    // As `@sentry/node` does it where traces are sampled.
    integrations: [Sentry.nativeNodeFetchIntegration({ spans: true })],
    transport: () => ({ send: async () => ({}), flush: async () => true }),
    beforeSendTransaction: event => {
      transactions.push(event)
      return null
    },
  })
  const provider = new NodeTracerProvider({
    sampler: new SentrySampler(client),
    spanProcessors: [new SentrySpanProcessor()],
  })
  provider.register({ propagator: new SentryPropagator(), contextManager: new Sentry.SentryContextManager() })
})
beforeEach(() => transactions.splice(0))

/** The HTTP spans of what `work` does, and what it returns. */
async function traced(work) {
  const result = await Sentry.startSpan({ name: 'parent' }, work)
  await Sentry.flush()
  assert.equal(transactions.length, 1)
  const [{ spans, contexts }] = transactions.splice(0)
  return { result, spans, parent: contexts.trace.span_id, traceId: contexts.trace.trace_id }
}

test('each of 100 calls at once has one span below its parent, and its trace on the wire', async t => {
  const { sr } = await serve(t, ({ headers }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(headers))
  })
  const { result, spans, parent, traceId } = await traced(() =>
    Promise.all(Array.from({ length: 100 }, (_, id) => sr.get('/jobs/{id}', { params: { id } }))),
  )
  assert.equal(spans.length, 100)
  for (const headers of result) {
    const [trace, id] = headers['sentry-trace'].split('-')
    const span = spans.find(span => span.span_id === id)
    assert.equal(span.parent_span_id, parent)
    assert.equal(trace, traceId)
    assert.match(headers.baggage, new RegExp(`sentry-trace_id=${traceId}`))
  }
})

test('spans end whatever becomes of a call', async t => {
  const { sr, server } = await serve(t, ({ url }, response) => {
    if (url === '/lost') response.destroy()
    else if (url !== '/silent') response.writeHead(Number(url.slice(1))).end('answered')
  })
  const { spans } = await traced(async () => {
    await sr.get('/200')
    await failure(sr.get('/404'))
    await failure(sr.get('/503'))
    await failure(sr.get('/lost'))
    await failure(sr.get('/silent', { timeout: 50 }))
    const controller = new AbortController()
    const arrived = once(server, 'request')
    const aborted = failure(sr.get('/silent', { signal: controller.signal }))
    await arrived
    controller.abort()
    await aborted
    await (await sr.fetch('/200')).text()
  })
  assert.deepEqual(
    spans.map(({ data, timestamp }) => [new URL(data['url.full'] ?? data.url).pathname, timestamp > 0]),
    ['/200', '/404', '/503', '/lost', '/silent', '/silent', '/200'].map(path => [path, true]),
  )
  assert.deepEqual(
    spans.map(({ data }) => data['http.response.status_code']),
    [200, 404, 503, undefined, undefined, undefined, 200],
  )
})
