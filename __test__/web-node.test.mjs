// toNodeHandler and fastifyPlugin: odd requests, bodies, cookies, and clients that leave.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import express from 'express'
import fastify from 'fastify'
import { ConfigurationError } from 'smartrecruiters'
import { fastifyPlugin, toNodeHandler } from 'smartrecruiters/web'
import { deferred, listen } from './support/servers.mjs'

/** Says what request it was given. */
const echo = async request =>
  Response.json({
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    body: Buffer.from(await request.arrayBuffer()).toString('latin1'),
  })

/** Starts a server of `listener`; returns its origin. */
async function start(t, listener) {
  return `http://127.0.0.1:${await listen(t, createServer(listener))}`
}

/** Sends bytes as they are, and returns what comes back until the server closes. */
async function raw(origin, head) {
  const socket = connect(new URL(origin).port, '127.0.0.1')
  socket.end(head)
  return text(socket)
}

/** What a raw request with this target and host became, as the handler saw it. */
async function seenBy(t, targets) {
  const urls = []
  const origin = await start(
    t,
    toNodeHandler(async request => {
      urls.push(request.url)
      return new Response('ok')
    }),
  )
  const seen = []
  for (const [target, host = 'app.example'] of targets) {
    urls.length = 0
    const answer = await raw(origin, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    // Node itself refuses some targets with a 400.
    seen.push(urls[0] ?? answer.replace(/^HTTP\/1\.1 40[04] [\s\S]*/, 'refused'))
  }
  return seen
}

test('a target never reaches another host or path than the one that was asked for', async t => {
  assert.deepEqual(
    await seenBy(t, [
      ['/a?b=c'],
      ['//evil.example/a'],
      ['/\\evil.example/a'],
      ['/a/../b'],
      ['/%2e%2e/a'],
      ['/a%00b'],
      ['/@evil.example'],
      ['http://evil.example/a?b'],
      ['HTTPS://user:pw@evil.example:8080/a'],
      ['http:///a'],
      ['ftp://evil.example/a'],
      ['javascript:alert(1)'],
      ['*'],
      ['evil.example:443'],
      ['/%'],
    ]),
    [
      'http://app.example/a?b=c',
      'http://app.example//evil.example/a',
      'http://app.example//evil.example/a',
      'http://app.example/b',
      'http://app.example/a',
      'http://app.example/a%00b',
      'http://app.example/@evil.example',
      'http://app.example/a?b',
      'http://app.example/a',
      'http://app.example/',
      'refused',
      'refused',
      'refused',
      'refused',
      'http://app.example/%',
    ],
  )
})

test('a host that is not one becomes localhost', async t => {
  const hosts = [
    'app.example:3000',
    '[::1]:3000',
    'a_b',
    'evil.example/path?',
    'a@evil.example',
    'a b',
    'app:99999',
    '%41',
    '',
  ]
  assert.deepEqual(
    await seenBy(
      t,
      hosts.map(host => ['/a', host]),
    ),
    [
      'http://app.example:3000/a',
      'http://[::1]:3000/a',
      'http://a_b/a',
      ...Array.from({ length: 6 }, () => 'http://localhost/a'),
    ],
  )
})

test('method, headers and body arrive as they were sent', async t => {
  const origin = await start(t, toNodeHandler(echo))
  const body = Uint8Array.from({ length: 100_000 }, (_, index) => index)
  const answer = await fetch(`${origin}/hook?x=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=x', 'x-a': '1', cookie: 'a=b; c=d' },
    body,
  })
  const seen = await answer.json()
  assert.deepEqual([seen.url, seen.method], [`${origin}/hook?x=1`, 'POST'])
  assert.deepEqual(Buffer.from(seen.body, 'latin1'), Buffer.from(body))
  const headers = new Headers(seen.headers)
  assert.deepEqual(
    ['content-type', 'x-a', 'cookie'].map(name => headers.get(name)),
    ['application/json; charset=x', '1', 'a=b; c=d'],
  )
})

test('status, headers, several cookies and the body of an answer are sent; HEAD has no body', async t => {
  const answering = toNodeHandler(async () => {
    const headers = new Headers({ 'x-a': '1', 'set-cookie': 'a=1' })
    headers.append('set-cookie', 'b=2')
    return new Response('brewing', { status: 418, headers })
  })
  const origin = await start(t, (req, res) => {
    // As the session of a middleware.
    res.setHeader('set-cookie', 'session=0')
    answering(req, res)
  })
  for (const [method, body] of [
    ['GET', 'brewing'],
    ['HEAD', ''],
  ]) {
    const answer = await fetch(origin, { method })
    assert.deepEqual([answer.status, answer.headers.get('x-a'), await answer.text()], [418, '1', body])
    assert.deepEqual(answer.headers.getSetCookie(), ['session=0', 'a=1', 'b=2'])
  }
})

test('a request that is not the handler’s is passed on with its body unread', async t => {
  const app = express()
    .use(toNodeHandler(async () => undefined))
    .use(express.json())
    .post('/own', (req, res) => void res.json({ got: req.body }))
  const origin = await start(t, app)
  const answer = await fetch(`${origin}/own`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  })
  assert.deepEqual(await answer.json(), { got: { a: 1 } })
  const alone = await fetch(
    await start(
      t,
      toNodeHandler(async () => undefined),
    ),
  )
  assert.deepEqual([alone.status, await alone.text()], [404, ''])
})

test('a mounted router of Express does not change the path', async t => {
  const origin = await start(t, express().use('/auth', toNodeHandler(echo)))
  assert.equal((await (await fetch(`${origin}/auth/login?x`)).json()).url, `${origin}/auth/login?x`)
})

test('an error of the handler goes to `next`, or is a 500 that says nothing', async t => {
  const failing = toNodeHandler(() => Promise.reject(new Error('canary')))
  const app = express()
    .use(failing)
    .use((error, _req, res, _next) => void res.status(503).send(error.message))
  const handled = await fetch(await start(t, app))
  assert.deepEqual([handled.status, await handled.text()], [503, 'canary'])
  const alone = await fetch(await start(t, failing))
  assert.deepEqual([alone.status, await alone.text()], [500, ''])
})

test('a body that a parser has read is an error that says what to change', async t => {
  const errors = []
  const app = express()
    .use(express.json())
    .use(toNodeHandler(echo))
    .use((error, _req, res, _next) => {
      errors.push(error)
      res.status(500).end()
    })
  const origin = await start(t, app)
  const headers = { 'content-type': 'application/json' }
  assert.equal((await fetch(origin, { method: 'POST', headers, body: '{"a":1}' })).status, 500)
  const [error] = errors
  assert.ok(error instanceof ConfigurationError, String(error))
  assert.match(error.message, /^body: was read before; put this handler before `express\.json\(\)`/)
})

test('the signal of the request aborts when the client leaves, and not when it has its answer', async t => {
  const arrived = deferred()
  const left = deferred()
  const signals = []
  const origin = await start(
    t,
    toNodeHandler(async request => {
      signals.push(request.signal)
      if (request.url.endsWith('/quick')) return new Response('ok')
      request.signal.addEventListener('abort', left.resolve)
      arrived.resolve()
      await left.promise
      return new Response('too late')
    }),
  )
  const slow = httpRequest(`${origin}/slow`).end()
  slow.on('error', () => {})
  await arrived.promise
  slow.destroy()
  await left.promise
  await (await fetch(`${origin}/quick`, { headers: { connection: 'close' } })).text()
  assert.deepEqual(
    signals.map(signal => signal.aborted),
    [true, false],
  )
})

test('a client that leaves in the middle of its body ends the reading', async t => {
  const failed = deferred()
  const origin = await start(
    t,
    toNodeHandler(async request => {
      await request.text().catch(failed.resolve)
      return new Response('ok')
    }),
  )
  const socket = connect(new URL(origin).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
  const server = await fetch(`${origin}/`).then(answer => answer.text())
  assert.equal(server, 'ok')
  socket.destroy()
  assert.ok((await failed.promise) instanceof Error)
})

test('an answer is streamed, and its source is cancelled when the client leaves', async t => {
  const cancelled = deferred()
  const origin = await start(
    t,
    toNodeHandler(async () => {
      const body = new ReadableStream({
        start: controller => controller.enqueue(new TextEncoder().encode('first')),
        cancel: cancelled.resolve,
      })
      return new Response(body)
    }),
  )
  const leaving = new AbortController()
  const answer = await fetch(origin, { signal: leaving.signal })
  const { value } = await answer.body.getReader().read()
  assert.equal(Buffer.from(value).toString(), 'first')
  leaving.abort()
  await cancelled.promise
})

test('it serves HTTP/2, whose pseudo-headers are no headers', async t => {
  const port = await listen(t, createHttp2Server(toNodeHandler(echo)))
  const client = connectHttp2(`http://127.0.0.1:${port}`)
  t.after(() => client.close())
  const request = client.request({ ':method': 'POST', ':path': '/hook?x', 'x-a': '1', cookie: 'a=b' })
  request.end('body')
  const [[head], body] = await Promise.all([once(request, 'response'), text(request)])
  assert.equal(head[':status'], 200)
  const seen = JSON.parse(body)
  assert.deepEqual([seen.url, seen.method, seen.body], [`http://127.0.0.1:${port}/hook?x`, 'POST', 'body'])
  assert.deepEqual(Object.fromEntries(seen.headers), { cookie: 'a=b', 'x-a': '1' })
})

test('in Fastify, bodies reach the handler as they were sent, and other routes keep their parsers', async t => {
  const app = fastify()
  t.after(() => app.close())
  app.post('/own', async request => ({ got: request.body }))
  const contexts = []
  app.register(
    fastifyPlugin(async (request, context) => {
      contexts.push(Object.keys(context))
      if (request.url.endsWith('/hooks/none')) return undefined
      const answer = await echo(request)
      answer.headers.append('set-cookie', 'a=1')
      answer.headers.append('set-cookie', 'b=2')
      return answer
    }),
    { prefix: '/hooks' },
  )
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const post = (path, type, body) => fetch(origin + path, { method: 'POST', headers: { 'content-type': type }, body })
  const spaced = '{ "a" : 1 }\n'
  for (const type of ['application/json', 'text/plain', 'x/unknown']) {
    const answer = await post('/hooks/a?x', type, spaced)
    assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
    const seen = await answer.json()
    assert.deepEqual([seen.url, seen.body], [`${origin}/hooks/a?x`, spaced])
  }
  assert.deepEqual(await (await post('/own', 'application/json', spaced)).json(), { got: { a: 1 } })
  assert.equal((await fetch(`${origin}/hooks/none`)).status, 404)
  assert.deepEqual(contexts[0], ['request', 'reply'])
})
