// `webhooks.handler()`: what is answered, and when.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { serve as serveHono } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { fastifyPlugin, toNodeHandler } from 'smartrecruiters/web'
import { MapStore } from './support/map-store.mjs'
import { calls, SECRET, signedRequest, startReceiver, URL_OF_RECEIVER } from './support/webhooks.mjs'

const PASSWORD = 'canary-password'

/** The answer's status and text, which must hold no secret. */
async function answered(response) {
  const text = await response.text()
  const bytes = text + JSON.stringify([...response.headers])
  for (const secret of [SECRET, PASSWORD]) assert.ok(!bytes.includes(secret), bytes)
  return [response.status, text.trim()]
}

test('a request is stored, answered with 202, and then handled', async t => {
  const { webhooks, handler, errors } = startReceiver(t)
  const { listener, all } = calls(1)
  assert.deepEqual(await answered(await handler(signedRequest(webhooks, { id: 'e' }))), [202, ''])
  webhooks.on('job.created', listener)
  const [{ event, attempt, signal, receivedAt }] = await all
  assert.deepEqual([event.id, event.payload, attempt, signal.aborted], ['e', { id: 'job-1' }, 1, false])
  assert.ok(receivedAt instanceof Date)
  assert.deepEqual(errors, [])
})

test('the answer does not wait for a listener', async t => {
  const { webhooks, handler } = startReceiver(t)
  let end
  const ended = new Promise(resolve => {
    end = resolve
  })
  const began = new Promise(resolve => {
    webhooks.onAny(() => {
      resolve()
      return ended
    })
  })
  assert.equal((await handler(signedRequest(webhooks))).status, 202)
  await began
  assert.equal((await handler(signedRequest(webhooks))).status, 202)
  end()
})

test('copies of an event are accepted and run nothing', async t => {
  const { webhooks, handler } = startReceiver(t)
  const { listener, seen, all } = calls(2)
  webhooks.onAny(listener)
  for (const id of ['e', 'e', 'e', 'f']) {
    assert.equal((await handler(signedRequest(webhooks, { id }))).status, 202)
  }
  await all
  assert.equal((await handler(signedRequest(webhooks, { id: 'e' }))).status, 202)
  await webhooks.close()
  assert.deepEqual(seen.map(({ event }) => event.id).sort(), ['e', 'f'])
})

test('each request is refused for its own reason, and nothing of it is stored', async t => {
  const store = new MapStore()
  const { webhooks, handler, errors } = startReceiver(t, { store })
  const request = options => signedRequest(webhooks, options)
  const table = [
    [401, 'refused: missingSignature', request({ headers: { 'smartrecruiters-signature': '' } })],
    [401, 'refused: noMatch', request({ headers: { 'event-name': 'job.updated' } })],
    [401, 'refused: noMatch', request({ body: '{"id": "job-1"}' })],
    [401, 'refused: tooOld', request({ timestamp: Date.now() - 27 * 3600_000 })],
    [401, 'refused: fromFuture', request({ timestamp: Date.now() + 400_000 })],
    [400, 'refused: malformedBody', request({ payload: 'null' })],
    [400, 'refused: tooManySignatures', request({ headers: { 'smartrecruiters-signature': 'v1=0;'.repeat(17) } })],
    [413, 'refused: bodyTooLarge', request({ payload: { id: 'x'.repeat(1024 * 1024) } })],
  ]
  for (const [status, text, sent] of table) assert.deepEqual(await answered(await handler(sent)), [status, text])
  assert.deepEqual(
    errors.map(({ error }) => `refused: ${error.reason}`),
    table.map(([, text]) => text),
  )
  assert.equal(store.size ?? [...(await store.due(Number.MAX_SAFE_INTEGER, 10))].length, 0)
  const got = await handler(new Request(URL_OF_RECEIVER))
  assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST'])
})

test('a body that is too long is refused before it has arrived', async t => {
  const { handler } = startReceiver(t)
  let sent = 0
  const body = new ReadableStream({
    pull(controller) {
      sent += 65_536
      controller.enqueue(new Uint8Array(65_536))
    },
  })
  const response = await handler(new Request(URL_OF_RECEIVER, { method: 'POST', body, duplex: 'half' }))
  assert.deepEqual(await answered(response), [413, 'refused: bodyTooLarge'])
  assert.ok(sent < 1.3 * 1024 * 1024, `${sent} bytes were read`)
  const declared = new Request(URL_OF_RECEIVER, { method: 'POST', headers: { 'content-length': '1048577' }, body: 'a' })
  assert.equal((await handler(declared)).status, 413)
})

test('a body that does not arrive is given up after 5 seconds', async t => {
  const { handler } = startReceiver(t)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let cancelled = false
  const body = new ReadableStream({
    cancel() {
      cancelled = true
    },
  })
  const response = handler(new Request(URL_OF_RECEIVER, { method: 'POST', body, duplex: 'half' }))
  t.mock.timers.tick(4999)
  assert.equal(await Promise.race([response, new Promise(resolve => setImmediate(resolve, 'waiting'))]), 'waiting')
  t.mock.timers.tick(1)
  assert.deepEqual(await answered(await response), [408, 'refused: bodyTooSlow'])
  assert.ok(cancelled)
})

test('a store that fails or hangs gives 503, so that SmartRecruiters sends the event again', async t => {
  const store = new MapStore()
  const { webhooks, handler, errors } = startReceiver(t, { store })
  const { swap } = store
  store.swap = () => Promise.reject(new Error('it is down'))
  assert.deepEqual(await answered(await handler(signedRequest(webhooks, { id: 'e' }))), [503, 'try again later'])
  assert.equal(errors[0].error.code, 'STORE')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = new Promise(resolve => {
    store.swap = () => {
      resolve()
      return new Promise(() => {})
    }
  })
  const response = handler(signedRequest(webhooks, { id: 'e' }))
  await asked
  t.mock.timers.tick(4000)
  assert.deepEqual(await answered(await response), [503, 'try again later'])
  t.mock.timers.reset()
  store.swap = swap
  assert.equal((await handler(signedRequest(webhooks, { id: 'e' }))).status, 202)
})

test('a handshake is echoed only when one is expected', async t => {
  const shake = secret =>
    new Request(URL_OF_RECEIVER, { method: 'POST', headers: { 'x-hook-secret': secret }, body: '{}' })
  const { handler } = startReceiver(t)
  const refused = await handler(shake('hook'))
  assert.deepEqual([refused.status, refused.headers.get('x-hook-secret')], [403, null])
  const { handler: expecting } = startReceiver(t, { handshake: true })
  const echoed = await expecting(shake('hook-!~'))
  assert.deepEqual([echoed.status, echoed.headers.get('x-hook-secret'), echoed.body], [200, 'hook-!~', null])
  for (const bad of ['a b', 'é', 'x'.repeat(257)]) {
    const response = await expecting(shake(bad))
    assert.deepEqual([response.status, response.headers.get('x-hook-secret')], [400, null], bad)
  }
})

test('callback authentication is required besides the signature', async t => {
  const basic = `Basic ${Buffer.from(`sr:${PASSWORD}`).toString('base64')}`
  const table = [
    [{ type: 'basic', username: 'sr', password: PASSWORD }, { authorization: basic }, { authorization: `${basic}x` }],
    [{ type: 'header', headerName: 'x-key', headerValue: PASSWORD }, { 'X-Key': PASSWORD }, { 'x-key': 'no' }],
  ]
  for (const [callbackAuthentication, good, bad] of table) {
    const { webhooks, handler } = startReceiver(t, { callbackAuthentication })
    assert.equal((await handler(signedRequest(webhooks, { headers: good }))).status, 202)
    for (const headers of [bad, {}]) {
      const response = await handler(signedRequest(webhooks, { headers }))
      assert.deepEqual(await answered(response), [401, 'refused: unauthorized'])
    }
    const unsigned = signedRequest(webhooks, { headers: { ...good, 'smartrecruiters-signature': '' } })
    assert.deepEqual(await answered(await handler(unsigned)), [401, 'refused: missingSignature'])
  }
})

test('SmartRecruiters gets a token for its client credentials, in any process of the fleet', async t => {
  const callbackAuthentication = {
    type: 'oauth2',
    clientId: 'sr',
    clientSecret: PASSWORD,
    tokenServiceUrl: 'https://app.example.com/token',
  }
  const [one, other] = [0, 1].map(() => startReceiver(t, { callbackAuthentication }))
  const ask = form => {
    const body = new URLSearchParams(form)
    return one.webhooks.tokenHandler()(new Request('https://app.example.com/token', { method: 'POST', body }))
  }
  const form = { grant_type: 'client_credentials', client_id: 'sr', client_secret: PASSWORD }
  const issued = await ask(form)
  assert.equal(issued.headers.get('cache-control'), 'no-store')
  const { access_token, token_type, expires_in } = await issued.json()
  assert.deepEqual([issued.status, token_type, expires_in], [200, 'Bearer', 3600])
  const bearer = token => signedRequest(other.webhooks, { headers: { authorization: `Bearer ${token}` } })
  assert.equal((await other.handler(bearer(access_token))).status, 202)
  assert.deepEqual(await answered(await other.handler(bearer(`${access_token}x`))), [401, 'refused: unauthorized'])
  assert.deepEqual(await answered(await ask({ ...form, client_secret: 'no' })), [401, '{"error":"invalid_client"}'])
  assert.deepEqual(await answered(await ask({})), [400, '{"error":"unsupported_grant_type"}'])
})

test('with a path, the handler answers nothing else', async t => {
  const { webhooks } = startReceiver(t)
  const handler = webhooks.handler({ path: '/webhooks' })
  assert.equal((await handler(signedRequest(webhooks))).status, 202)
  assert.equal(await handler(signedRequest(webhooks, { url: 'https://app.example.com/other' })), undefined)
})

/** Sends a signed request to a server, and returns the answer's status and text, and how long it took. */
async function post(port, { headers, body }) {
  const start = performance.now()
  const request = httpRequest({ port, method: 'POST', path: '/webhooks', headers })
  request.end(body)
  const [response] = await once(request, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, text, took: performance.now() - start }
}

async function listening(t, server) {
  t.after(() => server.close())
  if (!server.listening) await once(server, 'listening')
  return server.address().port
}

const PARSED_FIRST = { status: 500, says: /before it reached the handler[\s\S]*app\.use\('\/webhooks'/ }
const ACCEPTED = { status: 202, says: /^$/ }

/** Servers, with a body parser in every place where people put one, and what becomes of a signed request. */
const SERVERS = {
  'node:http, nothing before': [ACCEPTED, (t, handler) => listening(t, createServer(toNodeHandler(handler)).listen(0))],
  'node:http, the body read before': [
    PARSED_FIRST,
    (t, handler) => {
      const serve = toNodeHandler(handler)
      const server = createServer(async (req, res) => {
        for await (const _ of req);
        serve(req, res)
      })
      return listening(t, server.listen(0))
    },
  ],
  ...Object.fromEntries(
    [
      ['express.json() before', PARSED_FIRST, app => app.use(express.json())],
      ['express.text() before', PARSED_FIRST, app => app.use(express.text({ type: '*/*' }))],
      ['express.raw() before', PARSED_FIRST, app => app.use(express.raw({ type: '*/*' }))],
      ['express.json() after', ACCEPTED, () => {}, app => app.use(express.json())],
      ['express.json() for other routes', ACCEPTED, app => app.use('/api', express.json())],
    ].map(([name, expected, before, after]) => [
      `Express, ${name}`,
      [
        expected,
        (t, handler) => {
          const app = express()
          before(app)
          app.use('/webhooks', toNodeHandler(handler))
          after?.(app)
          return listening(t, app.listen(0))
        },
      ],
    ]),
  ),
  ...Object.fromEntries(
    [
      ['its own parsers', () => {}],
      ['a parser for everything', app => app.addContentTypeParser('*', (_request, _body, done) => done(null, {}))],
    ].map(([name, before]) => [
      `Fastify, ${name}`,
      [
        ACCEPTED,
        async (t, handler) => {
          const app = fastify()
          before(app)
          app.register(fastifyPlugin(handler), { prefix: '/webhooks' })
          await app.listen({ port: 0 })
          t.after(() => app.close())
          return app.server.address().port
        },
      ],
    ]),
  ),
  ...Object.fromEntries(
    [
      ['nothing before', ACCEPTED, async (_context, next) => next()],
      ['the raw body consumed before', PARSED_FIRST, async ({ req }, next) => next(await req.raw.text())],
    ].map(([name, expected, before]) => [
      `Hono, ${name}`,
      [
        expected,
        (t, handler) => {
          const app = new Hono()
          app.use(before)
          app.all('/webhooks', ({ req }) => handler(req.raw))
          return listening(t, serveHono({ fetch: app.fetch, port: 0 }))
        },
      ],
    ]),
  ),
}

for (const [name, [expected, start]] of Object.entries(SERVERS)) {
  test(`behind ${name}: ${expected.status}`, async t => {
    const { webhooks, handler, errors } = startReceiver(t)
    const port = await start(t, handler)
    const { status, text } = await post(port, webhooks.sign({ name: 'job.created', payload: { id: 'é' } }))
    assert.equal(status, expected.status, text)
    assert.match(text, expected.says)
    assert.deepEqual(
      errors.map(({ error }) => error.reason),
      expected === ACCEPTED ? [] : ['bodyConsumed'],
    )
  })
}
