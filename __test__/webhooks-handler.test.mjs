// `webhooks.handler()`: what is answered, and when.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { connect } from 'node:net'
import { test } from 'node:test'
import fastify from 'fastify'
import { fastifyPlugin, toNodeHandler } from 'smartrecruiters/web'
import { MapStore } from './support/map-store.mjs'
import { listen } from './support/servers.mjs'
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
    [400, 'refused: malformedBody', request({ payload: '' })],
    [401, 'refused: noMatch', request({ body: '' })],
    [401, 'refused: noMatch', request({ headers: { link: '<https://api.smartrecruiters.com/jobs/1>; rel=self' } })],
    [401, 'refused: noMatch', repeated(request(), 'event-name')],
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

/** The request with a second line of a header, as `Headers` join them. */
function repeated(request, name) {
  request.headers.append(name, request.headers.get(name))
  return request
}

test('an event without a listener, of an unknown name or with a link is accepted', async t => {
  const { webhooks, handler } = startReceiver(t)
  const { listener, all } = calls(2)
  webhooks.onAny(listener)
  const link = 'https://api.smartrecruiters.com/jobs/1'
  assert.equal((await handler(signedRequest(webhooks, { name: 'job.frobnicated' }))).status, 202)
  assert.equal((await handler(signedRequest(webhooks, { link }))).status, 202)
  const found = (await all).map(({ event }) => [event.name, event.link])
  assert.deepEqual(found.sort(), [
    ['job.created', link],
    ['job.frobnicated', undefined],
  ])
})

test('an event whose listener fails is tried again, whatever it has thrown', async t => {
  for (const thrown of [new Error('it broke'), undefined, Object.create(null)]) {
    const { listener, all } = calls(1)
    const { webhooks, handler } = startReceiver(t, {
      attempts: 2,
      onError: (error, context) => listener({ error, ...context }),
    })
    webhooks.onAny(() => Promise.reject(thrown))
    assert.equal((await handler(signedRequest(webhooks, { id: 'e' }))).status, 202)
    const [{ error, event, attempt, outcome }] = await all
    assert.equal(error, thrown)
    assert.deepEqual([event.id, attempt, outcome], ['e', 1, 'again'])
  }
})

test('an onError that fails changes no answer, and ends no handling', async t => {
  const warnings = []
  const warned = warning => void warnings.push(warning.message)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  let fail = () => {
    throw new Error('the log is full')
  }
  const { webhooks, handler } = startReceiver(t, { concurrency: 1, attempts: 1, onError: () => fail() })
  const { listener, all } = calls(3)
  webhooks.onAny(context => {
    listener(context)
    throw new Error('it broke')
  })
  assert.equal((await handler(new Request(URL_OF_RECEIVER, { method: 'POST', body: '{}' }))).status, 401)
  for (const id of ['one', 'two', 'three']) {
    assert.equal((await handler(signedRequest(webhooks, { id }))).status, 202)
    fail = () => Promise.reject(new Error('the log is full'))
  }
  await all
  await webhooks.close()
  assert.deepEqual(warnings, Array(4).fill('`onError` failed: Error: the log is full'))
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
  t.mock.timers.tick(4500)
  assert.deepEqual(await answered(await response), [503, 'try again later'])
  t.mock.timers.reset()
  store.swap = swap
  assert.equal((await handler(signedRequest(webhooks, { id: 'e' }))).status, 202)
})

test('an event that is stored after the answer is handled once, however often it is sent', async t => {
  const store = new MapStore()
  const { webhooks, handler } = startReceiver(t, { store })
  const { listener, seen, all } = calls(2)
  webhooks.onAny(listener)
  const { swap } = store
  let write
  const asked = new Promise(resolve => {
    store.swap = (...record) => {
      store.swap = swap
      resolve()
      return new Promise(settle => {
        write = () => settle(store.swap(...record))
      })
    }
  })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const response = handler(signedRequest(webhooks, { id: 'late' }))
  await asked
  t.mock.timers.tick(4500)
  assert.deepEqual(await answered(await response), [503, 'try again later'])
  t.mock.timers.reset()
  write()
  for (const id of ['late', 'late', 'other']) {
    assert.equal((await handler(signedRequest(webhooks, { id }))).status, 202)
  }
  await all
  await webhooks.close()
  assert.deepEqual(seen.map(({ event }) => event.id).sort(), ['late', 'other'])
})

test('the store has what the body left of the time for the answer', async t => {
  const store = new MapStore()
  const { webhooks, handler } = startReceiver(t, { store })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = new Promise(resolve => {
    store.swap = () => {
      resolve()
      return new Promise(() => {})
    }
  })
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const request = signedRequest(webhooks)
  const text = await request.clone().text()
  const body = new ReadableStream({
    pull(controller) {
      now = 3000
      controller.enqueue(Buffer.from(text))
      controller.close()
    },
  })
  const response = handler(new Request(request.url, { method: 'POST', headers: request.headers, body, duplex: 'half' }))
  await asked
  t.mock.timers.tick(1499)
  assert.equal(await Promise.race([response, new Promise(resolve => setImmediate(resolve, 'waiting'))]), 'waiting')
  t.mock.timers.tick(1)
  assert.deepEqual(await answered(await response), [503, 'try again later'])
})

test('a handshake does not wait for a store that hangs', async t => {
  const store = new MapStore()
  const { handler } = startReceiver(t, { store })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = new Promise(resolve => {
    store.load = () => {
      resolve()
      return new Promise(() => {})
    }
  })
  const response = handler(new Request(URL_OF_RECEIVER, { method: 'POST', headers: { 'x-hook-secret': 'hook' } }))
  await asked
  t.mock.timers.tick(4500)
  const answer = await response
  assert.equal(answer.headers.get('x-hook-secret'), null)
  assert.deepEqual(await answered(answer), [503, 'try again later'])
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

/** Servers that could read a body before the handler does, or do not end it. */
const SERVERS = {
  'node:http': (t, handler) => listen(t, createServer(toNodeHandler(handler))),
  Fastify: async (t, handler) => {
    const app = fastify()
    t.after(() => app.close())
    app.register(fastifyPlugin(handler), { prefix: '/webhooks' })
    await app.listen({ port: 0 })
    return app.server.address().port
  },
}

for (const [name, start] of Object.entries(SERVERS)) {
  test(`behind ${name}, a body that stops halfway is given up after 5 seconds`, async t => {
    const { handler } = startReceiver(t)
    let begin
    const began = new Promise(resolve => {
      begin = resolve
    })
    const port = await start(t, request => {
      const response = handler(request)
      begin()
      return response
    })
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    const head = 'POST /webhooks HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n'
    socket.write(`${head}{"id":`)
    await began
    t.mock.timers.tick(5000)
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 408 /)
  })

  test(`behind ${name}, GET and HEAD are told which method to use`, async t => {
    const port = await start(t, startReceiver(t).handler)
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`http://127.0.0.1:${port}/webhooks`, { method })
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST'])
      assert.equal(await answer.text(), method === 'GET' ? 'POST webhooks here\n' : '')
    }
  })
}

test('over HTTP/2, requests are accepted and refused as over HTTP/1.1', async t => {
  const warnings = []
  const warned = warning => void warnings.push(warning.name)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const { webhooks, handler } = startReceiver(t)
  const port = await listen(t, createHttp2Server(toNodeHandler(handler)))
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const send = async ({ headers, body }) => {
    const stream = session.request({ ':method': 'POST', ':path': '/webhooks', ...headers })
    stream.on('error', () => {})
    stream.end(body)
    const [{ ':status': status }] = await once(stream, 'response')
    return status
  }
  const good = webhooks.sign({
    name: 'job.created',
    payload: { id: 'é' },
    link: 'https://api.smartrecruiters.com/jobs/1',
  })
  assert.equal(await send(good), 202)
  assert.equal(await send({ ...good, headers: { ...good.headers, 'event-name': 'job.updated' } }), 401)
  assert.equal(await send({ ...good, body: 'x'.repeat(1024 * 1024 + 1) }), 413)
  assert.equal(await send(good), 202)
  assert.ok(!warnings.includes('UnsupportedWarning'), 'HTTP/2 has no header for closing a connection')
})
