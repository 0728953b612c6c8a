// Connections: whom is trusted, who we say that we are, through what, and how long they are kept.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { constants, createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer as createRawServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import {
  ApiKey,
  ConfigurationError,
  NetworkError,
  OAuthApp,
  SmartRecruiters,
  SmartRecruitersError,
} from 'smartrecruiters'
import { authority, clientCertificate, serverCertificate } from './support/certificates.mjs'
import { deferred, failure, listen, serve } from './support/servers.mjs'
import { startTinyproxy } from './support/tinyproxy.mjs'

const USER = 'tester'
const PASSWORD = 'canary-password'

let ca
let certificate
let directory
let caFile

before(async () => {
  ca = await authority()
  certificate = await serverCertificate(ca)
  directory = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  caFile = join(directory, 'ca.pem')
  await writeFile(caFile, ca.cert)
})
after(() => rm(directory, { recursive: true }))

const client = options => new SmartRecruiters({ credential: new ApiKey('key'), retries: 0, ...options, limits: false })

/** A server that answers with what it saw. */
function answer(request, response) {
  const seen = { method: request.method, url: request.url, version: request.httpVersion, headers: request.headers }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(seen))
}

async function serveTls(t, options = {}, handler = answer) {
  const server = createTlsServer({ ...certificate, ...options }, handler)
  const port = await listen(t, server)
  return { server, port, baseUrl: `https://localhost:${port}` }
}

/** A proxy of our own, which takes note of what it is asked and leads every tunnel to `port`. */
async function recorder(t, port) {
  const asked = []
  const server = createServer((request, response) => {
    asked.push({ method: request.method, target: request.url, headers: request.headers })
    response.writeHead(502).end()
  })
  server.on('connect', (request, socket) => {
    asked.push({ method: 'CONNECT', target: request.url, headers: request.headers })
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  return { asked, url: `http://127.0.0.1:${await listen(t, server)}` }
}

/** A SOCKS 5 proxy of our own, which takes any login and leads each port to one of the loopback. */
async function socksServer(t, ports) {
  const asked = []
  const server = createRawServer(async socket => {
    const reader = socket.iterator({ destroyOnReturn: false })
    let buffer = Buffer.alloc(0)
    const read = async length => {
      while (buffer.length < length) buffer = Buffer.concat([buffer, (await reader.next()).value])
      const part = buffer.subarray(0, length)
      buffer = buffer.subarray(length)
      return part
    }
    const [, methods] = await read(2)
    const withLogin = (await read(methods)).includes(2)
    socket.write(Buffer.from([5, withLogin ? 2 : 0]))
    let login
    if (withLogin) {
      const user = await read((await read(2))[1])
      login = `${user}:${await read((await read(1))[0])}`
      socket.write(Buffer.from([1, 0]))
    }
    const [, , , kind] = await read(4)
    const host = kind === 3 ? await read((await read(1))[0]) : (await read(kind === 1 ? 4 : 16)).join('.')
    const port = (await read(2)).readUInt16BE()
    asked.push({ host: `${host}:${port}`, login })
    const onward = connect(ports[port], '127.0.0.1', async () => {
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
      onward.pipe(socket)
      onward.write(buffer)
      try {
        for await (const part of reader) onward.write(part)
      } catch {
        // The client has gone.
      }
      onward.end()
    })
    onward.on('error', () => socket.destroy())
  })
  return { asked, port: await listen(t, server) }
}

/** One call in a process of its own, whose environment has these variables and no others of the network. */
async function callWith(variables, options) {
  const network = /^(https?_proxy|all_proxy|no_proxy|ssl_cert_file|node_extra_ca_certs)$/i
  const rest = Object.entries(process.env).filter(([name]) => !network.test(name))
  const env = { ...Object.fromEntries(rest), ...variables }
  const program = fileURLToPath(new URL('./processes/connect.mjs', import.meta.url))
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, [program, JSON.stringify(options)], { env, timeout: 60_000 })
  return JSON.parse(stdout)
}

// Whom is trusted.

test('a server whose authority is unknown is refused before it sees a request', async t => {
  let requests = 0
  const { baseUrl } = await serveTls(t, {}, (_, response) => response.end(String(++requests)))
  const error = await failure(client({ baseUrl }).get('/jobs'))
  assert.ok(error instanceof NetworkError)
  assert.equal(error.kind, 'tls')
  assert.equal(requests, 0)
})

test('`ca` has an authority trusted, as text and as bytes', async t => {
  const { baseUrl } = await serveTls(t)
  const other = await authority('Another')
  for (const pem of [ca.cert, Buffer.from(ca.cert), other.cert + ca.cert, `Comment\n${ca.cert}\n`]) {
    assert.equal((await client({ baseUrl, ca: pem }).get('/jobs')).url, '/jobs')
  }
  assert.equal((await failure(client({ baseUrl, ca: other.cert }).get('/jobs'))).kind, 'tls')
})

test('a certificate for another host is refused', async t => {
  const { baseUrl } = await serveTls(t, await serverCertificate(ca, ['api.example.test']))
  const error = await failure(client({ baseUrl, ca: ca.cert }).get('/jobs'))
  assert.equal(error.kind, 'tls')
  const address = await serveTls(t)
  assert.equal((await client({ baseUrl: address.baseUrl, ca: ca.cert }).get('/jobs')).method, 'GET')
  const byAddress = `https://127.0.0.1:${address.port}`
  assert.equal((await client({ baseUrl: byAddress, ca: ca.cert }).get('/jobs')).method, 'GET')
})

test('NODE_EXTRA_CA_CERTS and SSL_CERT_FILE name authorities to trust', async t => {
  const { baseUrl } = await serveTls(t)
  assert.equal((await callWith({}, { baseUrl })).error.kind, 'tls')
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const { data } = await callWith({ [name]: caFile }, { baseUrl })
    assert.equal(data?.url, '/jobs', name)
  }
  const missing = await callWith({ SSL_CERT_FILE: join(directory, 'none.pem') }, { baseUrl })
  assert.deepEqual([missing.error.code, missing.error.field], ['CONFIGURATION', 'SSL_CERT_FILE'])
})

test('wrong PEMs are refused by name, and never shown', () => {
  const canary = 'canary'
  const garbage = `-----BEGIN CERTIFICATE-----\n${canary}\n-----END CERTIFICATE-----\n`
  const { cert, key } = certificate
  for (const [field, options] of [
    ['ca', { ca: canary }],
    ['ca', { ca: '' }],
    ['ca', { ca: garbage }],
    ['ca', { ca: 7 }],
    ['ca', { ca: key }],
    ['cert', { cert: canary, key }],
    ['cert', { key }],
    ['key', { cert }],
    ['key', { cert, key: canary }],
    ['key', { cert, key: cert }],
    ['key', { cert, key: key.replaceAll('PRIVATE', 'canary') }],
    ['key', { cert, key: ca.key }],
  ]) {
    let error
    assert.throws(
      () => client(options),
      thrown => {
        error = thrown
        return true
      },
    )
    assert.ok(error instanceof ConfigurationError, `${error}`)
    assert.equal(error.field, field)
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(error)
    assert.doesNotMatch(shown, /canary|BEGIN/)
    assert.equal(shown.includes(key.split('\n')[1]), false)
  }
})

test('a certificate that is none is not blamed on its key', () => {
  // In PEM, but what it holds is no certificate.
  const cert = '-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n'
  assert.throws(() => client({ cert, key: certificate.key }), { name: 'ConfigurationError', field: 'cert' })
})

test('a client certificate is given to a server that asks for one', async t => {
  const options = { requestCert: true, rejectUnauthorized: true, ca: ca.cert }
  const { baseUrl } = await serveTls(t, options, (request, response) => {
    response.end(JSON.stringify(request.socket.getPeerCertificate().subject.CN))
  })
  const own = await clientCertificate(ca, 'the client')
  for (const as of [text => text, text => Buffer.from(text)]) {
    const sr = client({ baseUrl, ca: ca.cert, cert: as(own.cert), key: as(own.key) })
    assert.equal(await (await sr.fetch('/jobs')).text(), '"the client"')
  }
  const without = await failure(client({ baseUrl, ca: ca.cert }).get('/jobs'))
  assert.ok(without instanceof NetworkError)
  const stranger = await clientCertificate(await authority('Another'), 'a stranger')
  assert.ok((await failure(client({ baseUrl, ca: ca.cert, ...stranger }).get('/jobs'))) instanceof NetworkError)
})

// HTTP/2 and HTTP/1.1.

test('HTTP/2 is spoken where the server does, and many calls share a session', async t => {
  let streams = 0
  let peak = 0
  const arrived = []
  const server = createSecureServer({ ...certificate })
  server.on('stream', (stream, headers) => {
    streams++
    peak = Math.max(peak, streams)
    arrived.push(headers)
    stream.on('close', () => streams--)
    setImmediate(() => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' })
      stream.end(JSON.stringify({ method: headers[':method'], path: headers[':path'] }))
    })
  })
  const sessions = []
  server.on('session', session => sessions.push(session))
  const baseUrl = `https://localhost:${await listen(t, server)}`
  const sr = client({ baseUrl, ca: ca.cert })
  assert.deepEqual(await sr.get('/jobs?a=1'), { method: 'GET', path: '/jobs?a=1' })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, id) => sr.get('/jobs/{id}', { params: { id } })))
  assert.deepEqual(
    answers.map(({ path }) => path),
    Array.from({ length: 200 }, (_, id) => `/jobs/${id}`),
  )
  assert.equal(sessions.length, 1)
  assert.ok(peak > 1, 'they ran side by side')
  assert.ok(arrived.every(headers => headers['x-smarttoken'] === 'key' && headers[':scheme'] === 'https'))
})

test('HTTP/2 carries bodies both ways, and an abort resets its stream alone', async t => {
  const server = createSecureServer({ ...certificate })
  let held
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {})
    if (headers[':path'] === '/held') {
      held?.(stream)
      return
    }
    let bytes = 0
    for await (const chunk of stream) bytes += chunk.length
    stream.respond({ ':status': 200 })
    stream.end(Buffer.alloc(bytes))
  })
  let sessions = 0
  server.on('session', () => sessions++)
  const sr = client({ baseUrl: `https://localhost:${await listen(t, server)}`, ca: ca.cert })
  const size = 3_000_000
  const send = async () =>
    (await (await sr.fetch('/', { method: 'POST', body: new Blob([Buffer.alloc(size)]) })).arrayBuffer()).byteLength
  assert.equal(await send(), size)
  const arrived = new Promise(resolve => {
    held = resolve
  })
  const controller = new AbortController()
  const call = failure(sr.get('/held', { signal: controller.signal }))
  const stream = await arrived
  const closed = new Promise(resolve => stream.once('close', resolve))
  controller.abort()
  assert.equal((await call).name, 'AbortError')
  await closed
  assert.equal(await send(), size)
  assert.equal(sessions, 1)
})

test('what an HTTP/2 server says that it did not process is sent again, whatever it is', async t => {
  const { NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants
  const refusals = {
    '/refused': stream => stream.close(NGHTTP2_REFUSED_STREAM),
    // The stream before it is the last that it sees to.
    '/leaving': stream => stream.session.goaway(NGHTTP2_NO_ERROR, stream.id - 2),
  }
  for (const [path, refuse] of Object.entries(refusals)) {
    const arrived = []
    const server = createSecureServer({ ...certificate })
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      arrived.push(`${headers[':method']} ${headers[':path']}`)
      if (arrived.length === 2) return refuse(stream)
      stream.respond({ ':status': 200 })
      stream.end()
    })
    const sr = client({ baseUrl: `https://localhost:${await listen(t, server)}`, ca: ca.cert, retries: 1 })
    await sr.get('/first')
    await sr.post(path, { json: {} })
    assert.deepEqual(arrived, ['GET /first', `POST ${path}`, `POST ${path}`])
  }
})

test('an HTTP/2 stream that is reset otherwise may have been processed, and is not sent again', async t => {
  let arrived = 0
  const server = createSecureServer({ ...certificate })
  server.on('stream', stream => {
    stream.on('error', () => {})
    arrived++
    stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  })
  const sr = client({ baseUrl: `https://localhost:${await listen(t, server)}`, ca: ca.cert, retries: 1 })
  assert.ok((await failure(sr.post('/', { json: {} }))) instanceof NetworkError)
  assert.equal(arrived, 1)
})

test('forty calls in flight through a graceful end of their connection all succeed', async t => {
  for (const method of ['GET', 'POST']) {
    const server = createSecureServer({ ...certificate })
    const gone = new WeakSet()
    let streams = 0
    server.on('stream', stream => {
      stream.on('error', () => {})
      // All streams after the tenth were not processed.
      if (gone.has(stream.session)) return
      if (++streams === 10) {
        gone.add(stream.session)
        stream.session.goaway(constants.NGHTTP2_NO_ERROR, stream.id)
      }
      setImmediate(() => {
        if (stream.destroyed) return
        stream.respond({ ':status': 200, 'content-type': 'application/json' })
        stream.end('{}')
      })
    })
    const baseUrl = `https://localhost:${await listen(t, server)}`
    const sr = client({ baseUrl, ca: ca.cert, retries: 3, proxy: false })
    const calls = Array.from({ length: 40 }, (_, number) => sr.request(method, `/jobs/${number}`))
    assert.deepEqual(await Promise.all(calls), Array(40).fill({}), method)
  }
})

test('heads of 300 KB and hundreds of header fields come over HTTP/2, and beyond that the limit is named', async t => {
  const headers = {
    '/large': { 'x-large': 'a'.repeat(300_000) },
    '/many': Object.fromEntries(Array.from({ length: 900 }, (_, number) => [`x-${number}`, '1'])),
    '/too-large': { 'x-large': 'a'.repeat(600_000) },
  }
  const server = createSecureServer({ ...certificate, maxSendHeaderBlockLength: 1 << 20 })
  server.on('sessionError', () => {})
  server.on('stream', (stream, { ':path': path }) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'application/json', ...headers[path] })
    stream.end('{"ok":true}')
  })
  const sr = client({ baseUrl: `https://localhost:${await listen(t, server)}`, ca: ca.cert, proxy: false })
  for (const path of ['/large', '/many']) assert.deepEqual(await sr.get(path), { ok: true })
  const error = await failure(sr.get('/too-large'))
  assert.equal(error.code, 'INVALID_RESPONSE')
  assert.match(error.message, /header fields are longer than 512 KiB/)
})

test('HTTP/1.1 is spoken where the server has only that', async t => {
  const { baseUrl } = await serveTls(t)
  assert.equal((await client({ baseUrl, ca: ca.cert }).get('/jobs')).version, '1.1')
})

// How long they are kept.

test('calls in turn share a connection, and at most 64 calls are with the server at once', async t => {
  let connections = 0
  let current = 0
  let peak = 0
  const { server, sr } = await serve(t, (request, response) => {
    peak = Math.max(peak, ++current)
    setImmediate(() => {
      current--
      answer(request, response)
    })
  })
  server.on('connection', () => connections++)
  for (let call = 0; call < 20; call++) await sr.get('/jobs')
  assert.equal(connections, 1)
  await Promise.all(Array.from({ length: 300 }, () => sr.get('/jobs')))
  assert.ok(peak > 1 && peak <= 64, `${peak} calls`)
  t.diagnostic(`${connections} connections for 300 calls`)
})

test('a connection is used again after an error, a redirect and a HEAD', async t => {
  let connections = 0
  const { server, sr } = await serve(t, (request, response) => {
    if (request.url === '/404') response.writeHead(404).end('{"message":"none"}')
    else if (request.url === '/302') response.writeHead(302, { location: '/jobs' }).end()
    else answer(request, response)
  })
  server.on('connection', () => connections++)
  await failure(sr.get('/404'))
  await sr.get('/302')
  await sr.head('/jobs')
  await sr.get('/jobs')
  assert.equal(connections, 1)
})

test('a server that closes its idle connections fails no GET', async t => {
  let connections = 0
  const { server, sr } = await serve(
    t,
    (request, response) => {
      const { socket } = request
      response.on('finish', () => setImmediate(() => socket.end()))
      answer(request, response)
    },
    { retries: 3 },
  )
  server.on('connection', () => connections++)
  for (let call = 0; call < 200; call++) assert.equal((await sr.get(`/jobs/${call}`)).url, `/jobs/${call}`)
  assert.ok(connections >= 200, `${connections}`)
})

test('a connection that ends as it is used again fails no GET, and repeats no POST', async t => {
  const seen = []
  const used = new WeakSet()
  const { sr } = await serve(
    t,
    (request, response) => {
      seen.push(request.method)
      if (used.has(request.socket)) return request.socket.destroy()
      used.add(request.socket)
      answer(request, response)
    },
    { retries: 3 },
  )
  for (let call = 0; call < 4; call++) assert.equal((await sr.get('/jobs')).method, 'GET')
  // The last connection has answered once: the next request ends it.
  const posts = () => seen.filter(method => method === 'POST').length
  const outcome = await sr.post('/jobs', { json: {} }).catch(error => error)
  assert.ok(outcome instanceof NetworkError, `${outcome}`)
  assert.equal(outcome.kind, 'reset')
  assert.equal(posts(), 1)
})

test('localhost is reached by whichever of its addresses answers', async t => {
  for (const { address } of await lookup('localhost', { all: true })) {
    const port = await listen(t, createServer(answer), address)
    assert.equal((await client({ baseUrl: `http://localhost:${port}` }).get('/jobs')).method, 'GET', address)
  }
})

// Through what.

test('`proxy` leads plain requests through a proxy, with and without a password', async t => {
  const open = await startTinyproxy(t)
  const guarded = await startTinyproxy(t, { user: USER, password: PASSWORD })
  const { baseUrl } = await serve(t, answer)
  for (const [proxy, { requests }] of [
    [open.url, open],
    [new URL(open.url), open],
    [`127.0.0.1:${open.port}`, open],
    [`http://${USER}:${PASSWORD}@127.0.0.1:${guarded.port}`, guarded],
  ]) {
    const seen = await client({ baseUrl, proxy }).get('/jobs?a=1')
    assert.equal(seen.url, '/jobs?a=1')
    assert.match(seen.headers.via ?? '', /tinyproxy/)
    assert.equal(seen.headers['x-smarttoken'], 'key')
    assert.equal(seen.headers['proxy-authorization'], undefined)
    assert.equal((await requests()).at(-1), `GET ${baseUrl}/jobs?a=1 HTTP/1.1`)
  }
})

test('`proxy` leads TLS through a tunnel, in which the proxy has no part', async t => {
  const open = await startTinyproxy(t)
  const guarded = await startTinyproxy(t, { user: USER, password: PASSWORD })
  const { baseUrl, port } = await serveTls(t)
  for (const [proxy, { requests }] of [
    [open.url, open],
    [`http://${USER}:${PASSWORD}@127.0.0.1:${guarded.port}`, guarded],
  ]) {
    const sr = client({ baseUrl, ca: ca.cert, proxy })
    for (let call = 0; call < 3; call++) {
      const seen = await sr.get('/jobs')
      assert.equal(seen.headers.via, undefined)
      assert.equal(seen.headers['proxy-authorization'], undefined)
    }
    const lines = await requests()
    assert.equal(lines.length, 1, 'one tunnel for all')
    assert.match(lines[0], new RegExp(`^CONNECT localhost:${port} HTTP/1.1`))
    // The tunnel is no reason to trust whom it leads to.
    assert.equal((await failure(client({ baseUrl, proxy }).get('/jobs'))).kind, 'tls')
  }
})

test('a body streams up and down through a proxy', async t => {
  const proxy = await startTinyproxy(t)
  const { baseUrl } = await serveTls(t, {}, async (request, response) => {
    for await (const chunk of request) response.write(chunk)
    response.end()
  })
  const sr = client({ baseUrl, ca: ca.cert, proxy: proxy.url })
  const sent = Buffer.alloc(3_000_000, 'abc')
  const response = await sr.fetch('/', { method: 'POST', body: new Blob([sent]) })
  assert.ok(Buffer.from(await response.arrayBuffer()).equals(sent))
})

test('a password that the proxy does not take is an error that does not show it', async t => {
  const { port } = await startTinyproxy(t, { user: USER, password: 'another' })
  const plain = await serve(t, answer)
  const secure = await serveTls(t)
  const proxy = `http://${USER}:${PASSWORD}@127.0.0.1:${port}`
  for (const { baseUrl } of [plain, secure]) {
    const error = await failure(client({ baseUrl, ca: ca.cert, proxy }).get('/jobs'))
    assert.ok(error instanceof SmartRecruitersError)
    const encoded = Buffer.from(`${USER}:${PASSWORD}`).toString('base64')
    const shown = `${inspect(error, { depth: 9 })}${error.stack}${JSON.stringify(error)}`
    assert.equal(shown.includes(PASSWORD) || shown.includes(encoded), false, shown)
  }
  // Nor does the client itself.
  assert.equal(
    inspect(client({ baseUrl: plain.baseUrl, proxy }), { depth: 9, showHidden: true }).includes(PASSWORD),
    false,
  )
})

test('a proxy that cannot be is refused by name, and its password is not shown', () => {
  for (const proxy of ['', 'socks4://u:canary@p', 'http://u:canary@', 'http://u:canary@p:99999999', 7, true, null]) {
    let error
    assert.throws(
      () => client({ proxy }),
      thrown => {
        error = thrown
        return thrown instanceof ConfigurationError
      },
      String(proxy),
    )
    assert.equal(error.field, 'proxy')
    assert.doesNotMatch(inspect(error, { depth: 9 }), /canary/)
  }
})

test('a proxy that is not there is an error of the connection', async t => {
  const { baseUrl } = await serve(t, answer)
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const proxy = `http://127.0.0.1:${gone.address().port}`
  gone.close()
  await once(gone, 'close')
  assert.equal((await failure(client({ baseUrl, proxy }).get('/jobs'))).kind, 'connect')
})

test('HTTPS_PROXY and ALL_PROXY of the environment lead to the API, with their password', async t => {
  const { port } = await serveTls(t, await serverCertificate(ca, ['api.example.test']))
  const proxy = await recorder(t, port)
  const withPassword = proxy.url.replace('//', `//${USER}:${PASSWORD}@`)
  const trust = { NODE_EXTRA_CA_CERTS: caFile }
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) {
    const { data, error } = await callWith({ ...trust, [name]: withPassword }, { baseUrl: 'https://api.example.test' })
    assert.equal(data?.url, '/jobs', `${name}: ${error?.message}`)
    assert.equal(data.headers.host, 'api.example.test')
    assert.equal(data.headers['proxy-authorization'], undefined)
    const { method, target, headers } = proxy.asked.pop()
    assert.deepEqual([method, target], ['CONNECT', 'api.example.test:443'])
    const given = Buffer.from(headers['proxy-authorization'].split(' ')[1], 'base64').toString()
    assert.equal(given, `${USER}:${PASSWORD}`)
    // What is for the API is in the tunnel, and nowhere else.
    assert.equal(headers['x-smarttoken'], undefined)
  }
})

test('NO_PROXY and `proxy: false` go before the proxies of the environment', async t => {
  const { port } = await serveTls(t, await serverCertificate(ca, ['api.example.test']))
  const proxy = await recorder(t, port)
  const variables = { NODE_EXTRA_CA_CERTS: caFile, HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url }
  const baseUrl = 'https://api.example.test'
  // The name leads nowhere: who goes there directly does not arrive.
  for (const [more, options] of [
    [{ NO_PROXY: 'api.example.test' }, { baseUrl }],
    [{ NO_PROXY: 'other.example, .example.test' }, { baseUrl }],
    [{ no_proxy: '*' }, { baseUrl }],
    [{ NO_PROXY: '*.example.test' }, { baseUrl }],
    [{ NO_PROXY: 'api.example.test:443' }, { baseUrl }],
    [{ NO_PROXY: 'none.test API.Example.Test' }, { baseUrl }],
    [{}, { baseUrl, proxy: false }],
  ]) {
    const { error } = await callWith({ ...variables, ...more }, options)
    assert.equal(error?.kind, 'dns', JSON.stringify({ more, error }))
    assert.deepEqual(proxy.asked, [])
  }
  for (const NO_PROXY of ['example.com', 'api.example.test:8443', '*.api.example.test']) {
    const other = await callWith({ ...variables, NO_PROXY }, { baseUrl })
    assert.equal(other.data?.url, '/jobs', NO_PROXY)
  }
  assert.equal(proxy.asked.length, 3)
})

test('proxies of the environment are not asked for loopback', async t => {
  const plain = await serve(t, answer)
  const secure = await serveTls(t)
  const proxy = await recorder(t, secure.port)
  const { url } = proxy
  const variables = { NODE_EXTRA_CA_CERTS: caFile, HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url }
  const plainPort = new URL(plain.baseUrl).port
  for (const baseUrl of [plain.baseUrl, `http://localhost:${plainPort}`, secure.baseUrl]) {
    const { data, error } = await callWith(variables, { baseUrl })
    assert.equal(data?.url, '/jobs', `${baseUrl}: ${error?.message}`)
  }
  assert.deepEqual(proxy.asked, [])
})

test('a proxy of the environment that cannot be is an error of the call that needs it, by the name of its variable', async t => {
  const { error } = await callWith({ HTTPS_PROXY: 'socks4://u:canary@p' }, { baseUrl: 'https://api.example.test' })
  assert.deepEqual([error.code, error.field], ['CONFIGURATION', 'HTTPS_PROXY'])
  assert.doesNotMatch(JSON.stringify(error), /canary/)
  const { baseUrl } = await serve(t, answer)
  for (const variables of [
    { ALL_PROXY: 'socks4://u:canary@p' },
    { all_proxy: 'socks://127.0.0.1:1/' },
    { HTTP_PROXY: '://', NO_PROXY: '*' },
  ]) {
    const { data } = await callWith(variables, { baseUrl })
    assert.equal(data?.url, '/jobs', JSON.stringify(variables))
  }
})

test('a SOCKS proxy leads to the API, by the option and by the environment, with and without a login', async t => {
  const { port } = await serveTls(t, await serverCertificate(ca, ['api.example.test']))
  const plain = await serve(t, answer)
  const proxy = await socksServer(t, { 443: port, 80: Number(new URL(plain.baseUrl).port) })
  const at = `127.0.0.1:${proxy.port}`
  const trust = { NODE_EXTRA_CA_CERTS: caFile }
  for (const [variables, options] of [
    [{ ALL_PROXY: `socks5h://${at}` }, { baseUrl: 'https://api.example.test' }],
    [{ HTTPS_PROXY: `socks://${USER}:${PASSWORD}@${at}` }, { baseUrl: 'https://api.example.test' }],
    [{ HTTP_PROXY: 'http://127.0.0.1:1' }, { baseUrl: 'https://api.example.test', proxy: `socks5h://${at}` }],
  ]) {
    const { data, error } = await callWith({ ...trust, ...variables }, options)
    assert.equal(data?.url, '/jobs', `${JSON.stringify(variables)}: ${JSON.stringify(error)}`)
    const { host, login } = proxy.asked.pop()
    assert.equal(host, 'api.example.test:443')
    assert.equal(login, variables.HTTPS_PROXY && `${USER}:${PASSWORD}`)
  }
  // `socks5` looks names up here: the proxy gets an address.
  const local = client({ baseUrl: 'http://localhost', proxy: `socks5://${at}` })
  assert.equal((await local.get('/jobs')).url, '/jobs')
  assert.match(proxy.asked.pop().host, /^(127\.0\.0\.1|::1):80$/)
})

test('any 2xx opens a tunnel, after interim answers too, and another status is in the error', async t => {
  const { baseUrl, port } = await serveTls(t)
  let reply
  const proxy = createRawServer(socket => {
    socket.once('data', () => {
      socket.write(reply)
      if (!/ 2\d\d/.test(reply)) return socket.end()
      const onward = connect(port, '127.0.0.1')
      onward.on('error', () => socket.destroy())
      socket.pipe(onward).pipe(socket)
    })
  })
  const sr = () => client({ baseUrl, ca: ca.cert, proxy: url })
  const url = `http://127.0.0.1:${await listen(t, proxy)}`
  for (reply of [
    'HTTP/1.1 201 Created\r\n\r\n',
    'HTTP/1.0 200\r\nContent-Length: 10\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
  ]) {
    assert.equal((await sr().get('/jobs')).url, '/jobs', reply)
  }
  for (const [answer, words] of [
    ['HTTP/1.1 403 Blocked by policy\r\n\r\n', /403 Blocked by policy/],
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /407 .*give its user and password/],
    ['garbage\r\n\r\n', /not HTTP/],
  ]) {
    reply = answer
    const error = await failure(sr().get('/jobs'))
    assert.deepEqual([error.code, error.kind], ['NETWORK', 'connect'])
    const messages = []
    for (let cause = error; cause; cause = cause.cause) messages.push(cause.message)
    assert.match(messages.join(' > '), words)
  }
})

test('a renewal is written down once its way is open, through proxy and TLS, and before a byte of it is sent', async t => {
  const counts = { tls: 0, requests: 0 }
  const requestCert = { requestCert: true, rejectUnauthorized: true, ca: ca.cert }
  const { server, port, baseUrl } = await serveTls(t, requestCert, async (request, response) => {
    counts.requests++
    for await (const _ of request);
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 'at', refresh_token: `rt-${counts.requests}`, expires_in: 1 }))
  })
  let secured = deferred()
  server.on('secureConnection', () => {
    counts.tls++
    secured.resolve()
  })
  const proxy = await recorder(t, port)
  const records = new Map()
  const journals = []
  const store = {
    durable: false,
    load: id => records.get(id),
    async swap(id, expected, content) {
      if (JSON.parse(Buffer.from(content)).state.is === 'exchanging') {
        // The server may learn later than the client that the connection is there.
        await secured.promise
        for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
        journals.push({ tunnels: proxy.asked.length, ...counts })
        secured = deferred()
      }
      if ((records.get(id)?.version ?? 0) !== expected) return false
      records.set(id, { version: expected + 1, content: Buffer.from(content) })
      return true
    },
    due: () => [],
  }
  const own = await clientCertificate(ca, 'the client')
  const way = { ca: ca.cert, ...own, proxy: proxy.url }
  const redirectUri = 'http://localhost:3000/callback'
  const app = new OAuthApp({ clientId: 'id', clientSecret: 'secret', redirectUri, baseUrl, store, ...way })
  for (let renewal = 0; renewal < 3; renewal++) {
    const grant = await app.import({ id: 'customer', refreshToken: `other-${renewal}` })
    const { accessToken } = await new SmartRecruiters({ credential: grant, ...way }).token()
    assert.equal(accessToken, 'at')
  }
  // Each on a connection of its own, which carries one request.
  assert.deepEqual(journals, [
    { tunnels: 1, tls: 1, requests: 0 },
    { tunnels: 2, tls: 2, requests: 1 },
    { tunnels: 3, tls: 3, requests: 2 },
  ])
  assert.deepEqual(counts, { tls: 3, requests: 3 })
})
