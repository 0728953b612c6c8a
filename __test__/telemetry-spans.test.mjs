// Stock instrumentation of undici, which knows nothing of this package, sees every call.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { once } from 'node:events'
import { after, before, beforeEach, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { startTracing } from './support/opentelemetry.mjs'
import { failure, serve } from './support/servers.mjs'

const { exporter, instrumentation, api } = await startTracing()
const { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } = api
let sandbox

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 250 })
})
beforeEach(() => exporter.reset())
after(async () => {
  instrumentation.disable()
  await sandbox.close()
})

/** Answers with JSON. */
function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** The only span that has ended. */
function onlySpan() {
  const spans = exporter.getFinishedSpans()
  assert.equal(spans.length, 1, `${spans.length} spans have ended`)
  return spans[0]
}

/** Runs `work` as the child of a span of its own, and returns both. */
function within(name, work) {
  return trace.getTracer('test').startActiveSpan(name, async span => {
    const result = await work(span)
    span.end()
    return { span, result }
  })
}

/** A client of a server that answers with the request's headers. */
async function echo(t, options) {
  return serve(t, (request, response) => json(response, 200, request.headers), options)
}

test('each of 100 calls at once has one span, the right parent, and its traceparent on the wire', async t => {
  const { sr } = await echo(t)
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, number) =>
      within(`parent ${number}`, () => sr.get('/jobs/{id}', { params: { id: number } })),
    ),
  )
  const spans = exporter.getFinishedSpans().filter(span => span.name === 'GET')
  assert.equal(spans.length, 100)
  for (const { span: parent, result } of all) {
    const span = spans.find(span => span.spanContext().spanId === result.traceparent.split('-')[2])
    assert.equal(span.parentSpanContext.spanId, parent.spanContext().spanId)
    assert.equal(span.spanContext().traceId, result.traceparent.split('-')[1])
  }
  assert.equal(new Set(all.map(({ result }) => result.traceparent)).size, 100)
})

test('a span says what was called, without the credential and without the values of the query', async t => {
  const { sr, baseUrl } = await echo(t)
  await sr.get('/candidates/{id}', { params: { id: 'c-1' }, query: { q: 'Ada Lovelace', tag: ['a', 'b'] } })
  const { attributes, status } = onlySpan()
  const url = `${baseUrl}/candidates/c-1?q=REDACTED&tag=REDACTED`
  assert.equal(attributes['url.full'], url)
  assert.equal(attributes['url.path'], '/candidates/c-1')
  assert.equal(attributes['http.request.method'], 'GET')
  assert.equal(attributes['http.response.status_code'], 200)
  assert.equal(attributes['network.peer.address'], '127.0.0.1')
  assert.equal(attributes['network.peer.port'], Number(new URL(baseUrl).port))
  assert.equal(attributes['network.protocol.version'], '1.1')
  assert.match(attributes['user_agent.original'], /^smartrecruiters\//)
  assert.equal(status.code, SpanStatusCode.UNSET)
})

test('a client can show the values of the query', async t => {
  const { sr } = await echo(t, { telemetry: { queryValues: true } })
  await sr.get('/candidates', { query: { q: 'Ada' } })
  assert.equal(onlySpan().attributes['url.query'], '?q=Ada')
})

test('an unsuccessful answer ends its span with its status', async t => {
  const { sr } = await serve(t, ({ url }, response) => json(response, Number(url.slice(1)), {}))
  for (const status of [404, 503]) {
    exporter.reset()
    await failure(sr.get(`/${status}`))
    const span = onlySpan()
    assert.equal(span.attributes['http.response.status_code'], status)
    assert.equal(span.attributes['error.type'], String(status))
    assert.equal(span.status.code, SpanStatusCode.ERROR)
  }
})

test('a timeout, an abort and a lost connection end their spans', async t => {
  const { sr, server } = await serve(t, (request, response) => {
    if (request.url === '/lost') response.destroy()
  })
  await failure(sr.get('/silent', { timeout: 50 }))
  assert.equal(onlySpan().attributes['error.type'], 'TIMEOUT')
  exporter.reset()
  await failure(sr.get('/lost'))
  assert.equal(onlySpan().attributes['error.type'], 'NETWORK')
  exporter.reset()
  const controller = new AbortController()
  const arrived = once(server, 'request')
  const aborted = failure(sr.get('/silent', { signal: controller.signal }))
  await arrived
  controller.abort()
  assert.equal((await aborted).name, 'AbortError')
  const span = onlySpan()
  assert.equal(span.status.code, SpanStatusCode.UNSET, 'who aborts a call knows that it did not end')
  assert.equal(span.attributes['error.type'], undefined)
})

test('a span ends too if the signal was aborted with a reason that is not an error', async t => {
  const { sr, server } = await serve(t, () => {})
  const controller = new AbortController()
  const arrived = once(server, 'request')
  const aborted = failure(sr.get('/silent', { signal: controller.signal }))
  await arrived
  controller.abort('enough')
  assert.equal(await aborted, 'enough')
  assert.equal(onlySpan().status.code, SpanStatusCode.UNSET)
})

test('the span of a Response lasts until its body was read, cancelled or failed', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    // The rest follows later, so that the body does not arrive with its headers.
    response.write('first')
    open.push(response)
  })
  const open = []
  const opened = async (path, signal) => {
    exporter.reset()
    const response = await sr.get(path, { signal }).asResponse()
    assert.equal(exporter.getFinishedSpans().length, 0, 'the body is still to be read')
    return response
  }
  const read = await opened('/read')
  open.pop().end(' and last')
  assert.equal(await read.text(), 'first and last')
  assert.equal(onlySpan().status.code, SpanStatusCode.UNSET)

  const cancelled = await opened('/cancelled')
  await cancelled.body.cancel()
  onlySpan()

  const failed = await opened('/failed')
  open.pop().destroy()
  await failure(failed.text())
  assert.equal(onlySpan().status.code, SpanStatusCode.ERROR)

  const controller = new AbortController()
  await opened('/aborted', controller.signal)
  controller.abort()
  assert.equal(onlySpan().status.code, SpanStatusCode.UNSET)
})

test('close() ends the spans of bodies that nobody has read', async t => {
  const { sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const response = await sr.fetch('/open')
  assert.equal(exporter.getFinishedSpans().length, 0)
  await sr.close()
  onlySpan()
  await response.body.cancel()
  onlySpan()
  await failure(sr.get('/closed'))
  onlySpan()
})

test('the span of a Response that was collected unread ends', async t => {
  const { sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  await sr.fetch('/forgotten')
  while (exporter.getFinishedSpans().length === 0) {
    gc()
    await new Promise(resolve => setImmediate(resolve))
  }
  onlySpan()
})

test('a call through fetch has one span', async t => {
  const { sr } = await echo(t)
  const { span, result } = await within('parent', async () => (await sr.fetch('/jobs')).json())
  const [child] = exporter.getFinishedSpans().filter(({ name }) => name === 'GET')
  assert.equal(child.parentSpanContext.spanId, span.spanContext().spanId)
  assert.equal(result.traceparent.split('-')[2], child.spanContext().spanId)
})

test('each page of a list has a span below the loop that reads it', async () => {
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl })
  const { span } = await within('loop', async () => {
    let count = 0
    for await (const _ of sr.paginate('/jobs')) count++
    assert.equal(count, 250)
  })
  const pages = exporter.getFinishedSpans().filter(({ name }) => name === 'GET')
  assert.equal(pages.length, 3)
  for (const page of pages) {
    assert.equal(page.parentSpanContext.spanId, span.spanContext().spanId)
    assert.equal(page.attributes['http.response.status_code'], 200)
    assert.equal(page.attributes['url.path'], '/jobs')
  }
})

test('headers that a subscriber adds are sent, except those that only the client may set', async t => {
  const { sr } = await echo(t)
  const add = ({ request }) => {
    request.addHeader('x-trace', 'yes')
    request.headers.push('X-Pushed', 'too', 'Authorization', 'Bearer forged', 'x-broken', 'a\r\nb')
  }
  diagnostics.subscribe('undici:request:create', add)
  t.after(() => diagnostics.unsubscribe('undici:request:create', add))
  const sent = await sr.get('/echo', { headers: { 'x-own': 'mine' } })
  assert.equal(sent['x-trace'], 'yes')
  assert.equal(sent['x-pushed'], 'too')
  assert.equal(sent['x-own'], 'mine')
  assert.equal(sent['x-smarttoken'], 'key')
  assert.equal(sent.authorization, undefined)
  assert.equal(sent['x-broken'], undefined)
  assert.match(sent['user-agent'], /^smartrecruiters\/[\d.]+$/)
})

test('every message has the same request and arrives in the context of the caller', async t => {
  const { sr } = await echo(t)
  const storage = new AsyncLocalStorage()
  const seen = []
  const channels = ['request:create', 'client:sendHeaders', 'request:headers', 'request:trailers']
  for (const name of channels) {
    const listen = message => seen.push({ name, ...message, store: storage.getStore() })
    diagnostics.subscribe(`undici:${name}`, listen)
    t.after(() => diagnostics.unsubscribe(`undici:${name}`, listen))
  }
  const call = storage.run('mine', () => sr.post('/candidates', { json: { name: 'Ada' } }))
  assert.deepEqual(
    seen.map(({ name }) => name),
    ['request:create'],
    'in the turn of the call',
  )
  await call
  assert.deepEqual(
    seen.map(({ name }) => name),
    channels,
  )
  for (const { request, store } of seen) {
    assert.equal(request, seen[0].request)
    assert.equal(store, 'mine')
  }
  const [{ request }, { socket }, { response }, { trailers }] = seen
  assert.equal(request.method, 'POST')
  assert.equal(request.origin, sr.baseUrl)
  assert.equal(request.path, '/candidates')
  assert.equal(request.template, '/candidates')
  assert.equal(request.contentType, 'application/json')
  assert.equal(request.contentLength, '{"name":"Ada"}'.length)
  assert.equal(request.completed, true)
  assert.equal(socket.remoteAddress, '127.0.0.1')
  assert.equal(response.statusCode, 200)
  assert.ok(response.headers.length > 0 && response.headers.every(Buffer.isBuffer))
  assert.deepEqual(trailers, [])
})

test('a subscriber that throws changes no call', async () => {
  // In a process of its own: what a subscriber throws is an uncaught exception, as for every diagnostics channel.
  const program = `
    import { subscribe } from 'node:diagnostics_channel'
    import { createServer } from 'node:http'
    import { ApiKey, SmartRecruiters } from 'smartrecruiters'
    const names = ['undici:request:create', 'undici:client:sendHeaders', 'undici:request:headers',
      'undici:request:trailers', 'smartrecruiters:attempt', 'tracing:smartrecruiters:call:asyncEnd']
    for (const name of names) subscribe(name, () => { throw new Error(name) })
    const thrown = []
    process.on('uncaughtException', error => {
      thrown.push(error.message)
      if (thrown.length === names.length) console.log(JSON.stringify(thrown.toSorted()) === JSON.stringify(names.toSorted()))
    })
    const server = createServer((request, response) => response.end('answered')).listen(0, '127.0.0.1', async () => {
      const baseUrl = 'http://127.0.0.1:' + server.address().port
      const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl })
      console.log(await (await sr.fetch('/')).text())
      server.close()
      server.closeAllConnections()
    })
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const part of child.stdout) output += part
  assert.deepEqual(output.trim().split('\n').toSorted(), ['answered', 'true'])
})

test('a malformed request has no span, and fails as it does unobserved', async t => {
  const { sr } = await echo(t)
  assert.equal((await failure(sr.get('/jobs/{id}'))).code, 'CONFIGURATION')
  assert.equal(exporter.getFinishedSpans().length, 0)
  const forged = await failure(sr.get('/echo', { headers: { authorization: 'x' } }))
  assert.equal(forged.field, 'headers.authorization')
  assert.equal(onlySpan().attributes['error.type'], 'CONFIGURATION')
})

test('100,000 ids make no more names than there are templates', async t => {
  const { sr } = await serve(t, (_, response) => response.end())
  const templates = new Set()
  const listen = ({ request }) => templates.add(request.template)
  diagnostics.subscribe('undici:request:create', listen)
  t.after(() => diagnostics.unsubscribe('undici:request:create', listen))
  instrumentation.disable()
  t.after(() => instrumentation.enable())
  for (let first = 0; first < 100_000; first += 500) {
    // An aborted call is described, and not sent.
    const signal = AbortSignal.abort()
    const calls = Array.from({ length: 500 }, (_, index) => {
      const id = `${first + index}`
      const path = index % 2 ? '/jobs/{id}' : '/candidates/{candidate}/jobs/{job}'
      return failure(sr.get(path, { params: index % 2 ? { id } : { candidate: id, job: id }, signal }))
    })
    await Promise.all(calls)
  }
  assert.equal(templates.size, 2, [...templates].slice(0, 10).join(' '))
})

test('the context of the caller is not changed', async t => {
  const { sr } = await echo(t)
  await context.with(ROOT_CONTEXT, async () => {
    await sr.get('/echo')
    assert.equal(trace.getActiveSpan(), undefined)
    assert.equal(propagation.getActiveBaggage(), undefined)
  })
})
