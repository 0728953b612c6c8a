// Answers that are broken or endlessly slow, and tokens that many want at once.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { ApiKey, ClientCredentials, SmartRecruiters, SmartRecruitersError } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { deferred, failure, listen, serve } from '../../__test__/support/servers.mjs'

const client = (port, options) =>
  new SmartRecruiters({
    credential: new ApiKey('key'),
    baseUrl: `http://127.0.0.1:${port}`,
    retries: 0,
    limits: false,
    ...options,
  })

/** A server that answers each request with these bytes and ends the connection. */
function answering(t, bytes) {
  return listen(
    t,
    createServer(socket => socket.on('error', () => {}).once('data', () => socket.end(bytes))),
  )
}

test('answers that are not HTTP, or not whole', async t => {
  const head = 'HTTP/1.1 200 OK\r\n'
  const broken = {
    'HTTP/0.9': '{"a":1}',
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
    nothing: '',
    'half a head': 'HTTP/1.1 200 OK\r\ncontent-le',
    'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'a line without a colon': `${head}content-length\r\n\r\n`,
    'a length that is not a number': `${head}content-length: abc\r\n\r\n`,
    'a negative length': `${head}content-length: -1\r\n\r\n`,
    'two lengths': `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    'a body that is too short': `${head}content-length: 9\r\n\r\n{}`,
    'a chunk without its size': `${head}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n`,
    'chunks without the last': `${head}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n`,
    'a chunk of 2^64 bytes': `${head}transfer-encoding: chunked\r\n\r\n10000000000000000\r\n`,
    'a head of a mebibyte': `${head}x: ${'a'.repeat(1 << 20)}\r\n\r\n`,
    '10,000 fields': `${head}${'x: y\r\n'.repeat(10_000)}\r\n`,
    'a NUL in a field': `${head}x: a\0b\r\n\r\n`,
    '100 and nothing more': 'HTTP/1.1 100 Continue\r\n\r\n',
  }
  for (const [what, bytes] of Object.entries(broken)) {
    const error = await failure(client(await answering(t, bytes)).get('/jobs'))
    assert.ok(error instanceof SmartRecruitersError, `${what}: ${error}`)
    assert.match(error.code, /^(NETWORK|INVALID_RESPONSE)$/, what)
  }
  const count = Object.keys(broken).length
  t.diagnostic(`figure: ${count} of ${count} are typed errors`)
})

test('a server that sends a byte at a time', async t => {
  const texts = { head: 'HTTP/1.1 200 OK\r\nx: ', body: 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n' }
  for (const [part, text] of Object.entries(texts)) {
    let sent = 0
    const port = await listen(
      t,
      createServer(socket =>
        socket
          .on('error', () => {})
          .once('data', () => {
            socket.write(text)
            const timer = setInterval(() => socket.write('a', () => sent++), 5)
            socket.once('close', () => clearInterval(timer))
          }),
      ),
    )
    const error = await failure(client(port, { timeout: 200 }).get('/jobs'))
    assert.equal(error.code, 'TIMEOUT', `${part}: ${error}`)
    assert.ok(sent > 1, `${part}: ${sent} bytes`)
  }
  t.diagnostic('figure: 2 of 2 end at the deadline of the call, however many bytes come meanwhile')
})

test('a connection that its server closes at any moment of its rest', async t => {
  const CALLS = 10_000
  let posts = 0
  const { sr, server } = await serve(
    t,
    (request, response) => {
      if (request.method === 'POST') posts++
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      response.on('finish', () => setTimeout(() => request.socket.end(), Math.random() * 2))
    },
    { retries: 3 },
  )
  let connections = 0
  server.on('connection', () => connections++)
  let failed = 0
  let tried = 0
  for (let call = 0; call < CALLS; call += 10) {
    await Promise.all(Array.from({ length: 9 }, () => sr.get('/jobs')))
    tried++
    await sr.post('/jobs', { json: {} }).catch(error => {
      assert.equal(error.code, 'NETWORK')
      failed++
    })
  }
  assert.ok(posts <= tried, `${posts} requests for ${tried} POSTs`)
  assert.ok(posts >= tried - failed)
  t.diagnostic(
    `figure: 0 of ${CALLS - tried} GETs fail over ${connections} connections; of ${tried} POSTs ${failed} fail and none is sent twice`,
  )
})

test('a thousand calls of fifty credentials at once', async t => {
  const CREDENTIALS = 50
  const CALLS = 20
  const issued = new Map()
  let exchanges = 0
  const { baseUrl } = await serve(t, async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    response.setHeader('content-type', 'application/json')
    if (request.method === 'POST') {
      const token = `token-${++exchanges}`
      issued.set(token, new URLSearchParams(body).get('client_id') ?? atob(request.headers.authorization.split(' ')[1]))
      return response.end(JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: 1799 }))
    }
    response.end(JSON.stringify(issued.get(request.headers.authorization.replace('Bearer ', ''))))
  })
  const calls = Array.from({ length: CREDENTIALS }, (_, id) => {
    const credential = new ClientCredentials({ clientId: `client-${id}`, clientSecret: 'secret' })
    const sr = new SmartRecruiters({ credential, baseUrl, limits: false })
    return Array.from({ length: CALLS }, () => sr.get('/jobs'))
  })
  const answers = await Promise.all(calls.map(those => Promise.all(those)))
  for (const [id, those] of answers.entries()) {
    assert.ok(
      those.every(client => client.split(':')[0] === `client-${id}`),
      `${those}`,
    )
  }
  assert.equal(exchanges, CREDENTIALS)
  t.diagnostic(`figure: ${CREDENTIALS * CALLS} calls, ${exchanges} exchanges, 0 tokens in other hands`)
})

test('403 a hundred times', async t => {
  const sandbox = await startSandbox({ limits: false, jobs: 10, candidates: 0 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.client
  const credential = new ClientCredentials({ clientId, clientSecret })
  const sr = new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, limits: false })
  sandbox.fault({ kind: 'status', status: 403, path: '/jobs', times: Number.POSITIVE_INFINITY })
  const errors = await Promise.all(Array.from({ length: 100 }, () => failure(sr.get('/jobs'))))
  assert.ok(errors.every(({ code }) => code === 'PERMISSION'))
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 1)
  t.diagnostic('figure: 100 are a PermissionError, 0 renewals')
})

test('an endless upload to a server that takes nothing', async t => {
  const arrived = deferred()
  const port = await listen(
    t,
    createServer(socket => {
      socket
        .on('error', () => {})
        .once('data', () => {
          // It reads no more.
          socket.pause()
          arrived.resolve()
        })
    }),
  )
  let taken = 0
  const part = new Uint8Array(1 << 20)
  const source = new ReadableStream({
    pull(controller) {
      taken += part.length
      controller.enqueue(part)
    },
  })
  const call = client(port, { timeout: 1000 }).fetch('/files', { method: 'POST', body: source, duplex: 'half' })
  await arrived.promise
  await assert.rejects(call)
  assert.ok(taken < 32 << 20, `${taken} bytes were taken from the source`)
  t.diagnostic(`figure: ${taken >> 20} MiB are taken from the source, and the call ends at its deadline`)
})
