// What errors tell: how far a request came, where it went, what Node calls the reason, and where the caller called.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import {
  ApiKey,
  ClientCredentials,
  NetworkError,
  OAuthApp,
  SmartRecruiters,
  TimeoutError,
  TokenError,
} from 'smartrecruiters'
import { authority, serverCertificate } from './support/certificates.mjs'
import { freePort } from './support/programs.mjs'
import { failure, listen, serve } from './support/servers.mjs'

const credential = new ApiKey('key-0123456789abcdef')
const client = options => new SmartRecruiters({ credential, retries: 0, limits: false, ...options })
const told = ({ sent, host, port, proxy, cause }) => ({ sent, host, port, proxy, code: cause?.code })

test('a network error tells whether a byte may have left, where to, and what Node calls the reason', async t => {
  const closed = await freePort()
  const refused = await failure(client({ baseUrl: `http://127.0.0.1:${closed}` }).post('/jobs', { json: {} }))
  assert.ok(refused instanceof NetworkError)
  assert.deepEqual(told(refused), {
    sent: false,
    host: '127.0.0.1',
    port: closed,
    proxy: undefined,
    code: 'ECONNREFUSED',
  })

  const proxy = `http://user:canary@127.0.0.1:${closed}`
  const proxied = await failure(client({ baseUrl: 'https://api.example.com', proxy }).get('/jobs'))
  assert.deepEqual(told(proxied), {
    sent: false,
    host: 'api.example.com',
    port: 443,
    proxy: `http://127.0.0.1:${closed}`,
    code: 'ECONNREFUSED',
  })
  assert.ok(!inspect(proxied, { depth: 9, showHidden: true }).includes('canary'))

  const lookedUp = await failure(client({ baseUrl: 'https://no-such-host.invalid', proxy: false }).get('/jobs'))
  assert.equal(lookedUp.kind, 'dns')
  assert.match(lookedUp.cause.code, /^(ENOTFOUND|EAI_AGAIN)$/)

  for (const [act, code] of [
    [socket => socket.once('data', () => socket.resetAndDestroy()), 'ECONNRESET'],
    [socket => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')), 'ECONNRESET'],
    [socket => socket.once('data', () => socket.end('220 mail.example.com\r\n')), 'EPROTO'],
    [
      socket => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')),
      'EPROTO',
    ],
  ]) {
    const port = await listen(t, createTcpServer(act))
    const error = await failure(client({ baseUrl: `http://127.0.0.1:${port}` }).post('/jobs', { json: {} }))
    assert.deepEqual(told(error), { sent: true, host: '127.0.0.1', port, proxy: undefined, code })
  }
})

test("a failure of TLS has Node's name", async t => {
  const { createServer } = await import('node:tls')
  const ca = await authority()
  for (const [names, options, code] of [
    [['localhost'], {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [['other.example.com'], { ca: ca.cert }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ]) {
    const server = createServer(await serverCertificate(ca, names)).on('tlsClientError', () => {})
    const port = await listen(t, server)
    const error = await failure(client({ baseUrl: `https://127.0.0.1:${port}`, ...options }).get('/jobs'))
    assert.deepEqual([error.kind, error.sent, error.cause.code], ['tls', false, code])
  }
})

test('a timeout tells what the call was doing, and whether a byte may have left', async t => {
  const silent = await listen(
    t,
    createTcpServer(() => {}),
  )
  const baseUrl = `http://127.0.0.1:${silent}`
  const waiting = await failure(client({ baseUrl, timeout: 50 }).get('/jobs'))
  assert.ok(waiting instanceof TimeoutError)
  assert.deepEqual([waiting.phase, waiting.sent, waiting.host, waiting.port], ['response', true, '127.0.0.1', silent])

  // The server takes the connection, and never says a word of TLS.
  const secure = `https://127.0.0.1:${silent}`
  const connecting = await failure(client({ baseUrl: secure, timeout: 50 }).get('/jobs'))
  assert.deepEqual([connecting.code, connecting.phase, connecting.sent], ['TIMEOUT', 'connect', false])
  const slow = await failure(client({ baseUrl: secure, connectTimeout: 50 }).get('/jobs'))
  assert.deepEqual(
    [slow.code, slow.phase, slow.sent, slow.port, slow.cause.code],
    ['TIMEOUT', 'connect', false, silent, 'ETIMEDOUT'],
  )

  const token = new ClientCredentials({ clientId: 'id', clientSecret: 'secret', tokenUrl: `${baseUrl}/token` })
  const unsent = await failure(client({ baseUrl, credential: token, timeout: 50 }).get('/jobs'))
  assert.deepEqual([unsent.phase, unsent.sent], ['token', false])
})

test('what an earlier attempt sent counts', async t => {
  let connections = 0
  const server = createTcpServer(socket => {
    connections++
    socket.once('data', () => {
      socket.destroy()
      server.close()
    })
  })
  const port = await listen(t, server)
  const error = await failure(client({ baseUrl: `http://127.0.0.1:${port}`, retries: 1 }).get('/jobs'))
  assert.equal(connections, 1)
  assert.deepEqual([error.cause.code, error.sent], ['ECONNREFUSED', true])
})

test('an error of a token exchange has the network error underneath, with its name', async () => {
  const token = new ClientCredentials({ clientId: 'id', clientSecret: 'secret' })
  const port = await freePort()
  const error = await failure(client({ baseUrl: `http://127.0.0.1:${port}`, credential: token }).get('/jobs'))
  assert.ok(error instanceof TokenError)
  assert.equal(error.cause.cause.code, 'ECONNREFUSED')
})

test("the first frame of every stack is the caller's, and causes do not repeat it", async t => {
  const { sr, baseUrl } = await serve(t, (_, response) => response.writeHead(404).end())
  const gone = client({ baseUrl: `http://127.0.0.1:${await freePort()}` })
  const app = new OAuthApp({
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: 'https://app.example.com/cb',
    baseUrl,
  })
  const callers = {
    get: async () => await sr.get('/jobs'),
    post: async () => await sr.post('/jobs', { json: {} }).withResponse(),
    asResponse: async () => await gone.get('/jobs').asResponse(),
    query: async () => await sr.get('/jobs', { query: { since: new Date() } }),
    params: async () => await sr.get('/jobs/{id}'),
    unreachable: async () => await gone.get('/jobs'),
    fetch: async () => await gone.fetch('/jobs'),
    'fetch refuses': async () => await sr.fetch('/jobs', { method: 'TRACE' }),
    paginate: async () => {
      for await (const _ of sr.paginate('/jobs')) assert.fail()
    },
    constructor: async () => new SmartRecruiters({ credential: undefined }),
    event: async () => app.on('expire', () => {}),
    exchange: async () => await app.exchange('/callback?code=1', { state: 'x' }),
    token: async () => await client({ baseUrl, credential: app.grant('nobody') }).token(),
  }
  const here = fileURLToPath(import.meta.url)
  for (const [what, call] of Object.entries(callers)) {
    const error = await failure(call())
    const frames = error.stack.split('\n').filter(line => /^ {4}at /.test(line))
    assert.ok(frames[0].includes(here), `${what}: ${error.stack}`)
    assert.ok(frames.length <= Error.stackTraceLimit)
    for (let { cause } = error; cause !== undefined; cause = cause.cause) {
      assert.equal(cause.stack, `${cause.name}: ${cause.message}`)
    }
  }
})

test("the caller's frames stay where a bundler puts package and caller into one file", async t => {
  const folder = await mkdtemp(join(tmpdir(), 'bundled-'))
  t.after(() => rm(folder, { recursive: true }))
  const bundle = join(folder, 'bundle.cjs')
  await writeFile(
    join(folder, 'main.cjs'),
    `const { ApiKey, SmartRecruiters } = require(${JSON.stringify(fileURLToPath(import.meta.resolve('../dist/index.js')))})
     const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: 'http://127.0.0.1:9' })
     async function theCaller() { await sr.get('/jobs/{id}') }
     theCaller().catch(error => console.log(error.stack))`,
  )
  const root = fileURLToPath(new URL('..', import.meta.url))
  for (const minify of [false, true]) {
    await build({
      entryPoints: [join(folder, 'main.cjs')],
      bundle: true,
      platform: 'node',
      outfile: bundle,
      minify,
      keepNames: true,
      plugins: [
        {
          name: 'addon',
          setup: ({ onResolve }) =>
            onResolve({ filter: /\.node$/ }, ({ path }) => ({ path: join(root, basename(path)), external: true })),
        },
      ],
    })
    const { stdout } = await promisify(execFile)(process.execPath, [bundle])
    const frames = stdout.split('\n').filter(line => /^ {4}at /.test(line))
    assert.match(frames[0], /theCaller/, stdout)
  }
})

test("a worker's own environment counts", async t => {
  const port = await freePort()
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const { ApiKey, SmartRecruiters } = require('smartrecruiters')
     const sr = new SmartRecruiters({ credential: new ApiKey('key'), retries: 0 })
     sr.get('/jobs').catch(({ host, proxy }) => parentPort.postMessage({ baseUrl: sr.baseUrl, host, proxy }))`,
    {
      eval: true,
      env: { SMARTRECRUITERS_BASE_URL: 'https://api.example.com', https_proxy: `http://127.0.0.1:${port}` },
    },
  )
  t.after(() => worker.terminate())
  const [told] = await once(worker, 'message')
  assert.deepEqual(told, {
    baseUrl: 'https://api.example.com',
    host: 'api.example.com',
    proxy: `http://127.0.0.1:${port}`,
  })
  assert.equal(process.env.https_proxy, undefined)
})

test('a folder with parentheses, and a message with lines like frames, do not hide the caller', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'a (b) '))
  t.after(() => rm(folder, { recursive: true }))
  const program = join(folder, 'main.mjs')
  await writeFile(
    program,
    `import { ApiKey, SmartRecruiters } from ${JSON.stringify(import.meta.resolve('smartrecruiters'))}
     const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: process.argv[2], retries: 0 })
     const stacks = []
     async function theCaller(call) { try { await call() } catch (error) { stacks.push(error.stack) } }
     await theCaller(async () => await sr.get('/jobs', { query: { since: new Date() } }))
     await theCaller(async () => await sr.get('/jobs'))
     await theCaller(async () => { for await (const _ of sr.paginate('/jobs').take(3)) break })
     console.log(JSON.stringify(stacks))`,
  )
  const { baseUrl } = await serve(t, (_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ message: 'wrong\n    at forged (/srv/app.js:1:2)' }))
  })
  const { stdout } = await promisify(execFile)(process.execPath, [program, baseUrl])
  for (const stack of JSON.parse(stdout)) {
    const frames = stack.split('\n').filter(line => /^ {4}at /.test(line))
    assert.ok(frames[0].includes('main.mjs'), stack)
  }
})

test('the status of an answer whose body stalls is not lost', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.writeHead(404, { 'content-type': 'text/plain' }).write('no such job')
  })
  const error = await failure(sr.get('/jobs', { timeout: 500 }))
  assert.deepEqual([error.status, error.body], [404, 'no such job'])
})

test('a failure while a body is streamed tells where it came from', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100000' }).write('x'.repeat(70_000))
    setImmediate(() => response.destroy())
  })
  const error = await failure((await sr.fetch('/jobs')).text())
  assert.equal(error.message, 'terminated')
  assert.equal(error.cause.host, '127.0.0.1')
  assert.match(error.cause.message, /^the connection to 127\.0\.0\.1:\d+ ended/)
})
