// Values that are not what they seem: revoked proxies, objects that only say what they are, memory that is gone, and what
// others put on `Object.prototype`.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import {
  ApiKey,
  ClientCredentials,
  ConfigurationError,
  MemoryStore,
  OAuthApp,
  PartnerApp,
  PostgresStore,
  RedisLimits,
  SmartRecruiters,
  SmartRecruitersError,
  SqliteStore,
} from 'smartrecruiters'
import { addon } from './support/addon.mjs'

const APP = { clientId: 'client', clientSecret: 'secret', redirectUri: 'http://localhost/callback' }

/**
 * A server that keeps what it is sent, and answers with an empty object: in a thread of its own, since what stands on
 * `Object.prototype` would disturb it.
 */
async function serve(t) {
  const worker = new Worker(new URL('./processes/recording-server.mjs', import.meta.url))
  t.after(() => worker.terminate())
  const [url] = await once(worker, 'message')
  return {
    url,
    /** The requests since this was last asked. */
    async requests() {
      worker.postMessage('requests')
      const [requests] = await once(worker, 'message')
      return requests
    },
  }
}

const clientOf = (baseUrl, options) =>
  new SmartRecruiters({ credential: new ApiKey('KEY'), baseUrl, retries: 0, limits: false, ...options })

function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const saysItIs = (tag, rest) => ({ [Symbol.toStringTag]: tag, ...rest })

const throwing = name =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get() {
      throw new Error('canary')
    },
  })

test('a revoked Proxy, or a getter that throws, is a ConfigurationError that names the field', async () => {
  const credential = new ApiKey('KEY')
  const sr = clientOf('http://127.0.0.1:9')
  const app = new OAuthApp(APP)
  const partner = new PartnerApp({ clientId: 'c', clientSecret: 's', store: new MemoryStore() })
  const uses = [
    ['apiKey', () => new ApiKey(revoked())],
    ['ClientCredentials', () => new ClientCredentials(revoked())],
    ['clientId', () => new ClientCredentials({ clientId: revoked(), clientSecret: 's' })],
    ['tokenUrl', () => new ClientCredentials({ clientId: 'c', clientSecret: 's', tokenUrl: revoked() })],
    ['tokenUrl', () => new ClientCredentials({ clientId: 'c', clientSecret: 's', tokenUrl: saysItIs('URL') })],
    ['OAuthApp', () => new OAuthApp(revoked())],
    ['clientSecret', () => new OAuthApp(Object.assign(throwing('clientSecret'), { clientId: 'c' }))],
    ['scopes', () => new OAuthApp({ ...APP, scopes: revoked([]) })],
    ['scopes[0]', () => new OAuthApp({ ...APP, scopes: [revoked()] })],
    ['scopes[1]', () => new OAuthApp({ ...APP, scopes: Object.assign(['a'], { 2: 'b' }) })],
    ['store', () => new OAuthApp({ ...APP, store: revoked() })],
    ['encryptionKey', () => new OAuthApp({ ...APP, encryptionKey: revoked([]) })],
    ['keepAlive', () => new OAuthApp({ ...APP, keepAlive: revoked() })],
    ['id', () => app.grant(revoked())],
    ['exchange', () => app.exchange('/callback', revoked())],
    ['callbackUrl', () => app.exchange(revoked(), { state: 's' })],
    ['import', () => app.import(revoked())],
    ['import', () => app.import(throwing('sealed'))],
    ['refreshTokenIssuedAt', () => app.import({ id: 'a', refreshToken: 'r', refreshTokenIssuedAt: revoked() })],
    ['grants', () => app.grants(revoked())],
    ['signal', () => app.keepAlive({ signal: revoked() })],
    ['companyId', () => partner.connect(revoked())],
    ['signal', () => partner.connect('company', { signal: revoked() })],
    ['SmartRecruiters', () => new SmartRecruiters(revoked())],
    ['credential', () => new SmartRecruiters({ credential: revoked() })],
    ['limits', () => new SmartRecruiters({ credential, limits: revoked() })],
    ['limits.endpoints', () => new SmartRecruiters({ credential, limits: { endpoints: revoked() } })],
    ['limits.shared', () => new SmartRecruiters({ credential, limits: { shared: revoked() } })],
    ['proxy', () => new SmartRecruiters({ credential, proxy: revoked() })],
    ['proxy', () => new SmartRecruiters({ credential, proxy: saysItIs('URL') })],
    ['ca', () => new SmartRecruiters({ credential, ca: revoked() })],
    ['SqliteStore', () => new SqliteStore(revoked())],
    ['PostgresStore', () => new PostgresStore(revoked())],
    ['RedisLimits', () => new RedisLimits(revoked())],
    ['options', () => sr.get('/x', revoked())],
    ['path', () => sr.get(revoked())],
    ['method', () => sr.request(revoked(), '/x')],
    ['params', () => sr.get('/x', { params: revoked() })],
    ['params.id', () => sr.get('/{id}', { params: { id: revoked() } })],
    ['params', () => sr.get('/{id}', { params: throwing('id') })],
    ['query', () => sr.get('/x', { query: revoked() })],
    ['query.a', () => sr.get('/x', { query: { a: revoked() } })],
    ['query.a', () => sr.get('/x', { query: { a: revoked([]) } })],
    ['query', () => sr.get('/x', { query: saysItIs('URLSearchParams') })],
    ['query', () => sr.get('/x', { query: saysItIs('URLSearchParams', { [Symbol.iterator]: () => ({}) }) })],
    ['headers', () => sr.get('/x', { headers: revoked() })],
    ['headers', () => sr.get('/x', { headers: saysItIs('Headers') })],
    ['headers.a', () => sr.get('/x', { headers: { a: revoked() } })],
    ['timeout', () => sr.get('/x', { timeout: revoked() })],
    ['signal', () => sr.get('/x', { signal: revoked() })],
    ['signal', () => sr.get('/x', { signal: throwing('throwIfAborted') })],
    ['json', () => sr.post('/x', { json: revoked() })],
    ['form', () => sr.post('/x', { form: revoked() })],
    ['form', () => sr.post('/x', { form: saysItIs('FormData') })],
    ['form', () => sr.post('/x', { form: saysItIs('FormData', { [Symbol.iterator]: () => [7][Symbol.iterator]() }) })],
    ['body', () => sr.post('/x', { body: revoked() })],
    ['body', () => sr.post('/x', { body: saysItIs('Blob') })],
    ['body.size', () => sr.post('/x', { body: saysItIs('Blob', { size: -1, stream: () => new Blob([]).stream() }) })],
    ['body', () => sr.post('/x', { body: saysItIs('Blob', { stream: () => 7 }) })],
    ['body', () => sr.post('/x', { body: saysItIs('File', { stream: revoked(() => {}) }) })],
    ['body', () => sr.post('/x', { body: saysItIs('ReadableStream') })],
    ['body', () => sr.post('/x', { body: { [Symbol.asyncIterator]: () => ({}) } })],
    ['body', () => sr.post('/x', { body: { [Symbol.asyncIterator]: () => undefined } })],
    ['body', () => sr.post('/x', { body: { [Symbol.asyncIterator]: 7 } })],
    ['body', () => sr.post('/x', { body: { [Symbol.asyncIterator]: () => ({ next: () => 5 }) } })],
    ['body', () => sr.post('/x', { body: { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) } })],
    ['paginate', () => sr.paginate('/x', revoked())],
    ['from', () => sr.paginate('/x', { from: revoked() })],
    ['token', () => sr.token(revoked())],
    ['signal', () => sr.token({ signal: revoked() })],
  ]
  for (const [field, use] of uses) {
    const error = await (async () => use())().then(
      () => assert.fail(`${field} was taken`),
      failed => failed,
    )
    assert.ok(error instanceof ConfigurationError, `${field}: ${error}`)
    assert.equal(error.field, field)
    assert.ok(!error.message.includes('canary'), error.message)
  }
  // As `fetch` has it: a TypeError, here with what is wrong as its cause where it is known.
  for (const init of [{ method: 'POST', body: saysItIs('Blob') }, { signal: revoked() }]) {
    await assert.rejects(sr.fetch('/x', init), error => {
      assert.ok(error instanceof TypeError)
      assert.ok(error.cause instanceof SmartRecruitersError, String(error))
      return true
    })
  }
})

/** Bytes whose memory is gone, in every way in which it can go. */
const GONE = {
  'a detached array': () => {
    const bytes = new Uint8Array(100)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  },
  'a detached Buffer': () => {
    const bytes = Buffer.alloc(10_000)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  },
  'a detached buffer': () => {
    const { buffer } = new Uint8Array(100)
    structuredClone(buffer, { transfer: [buffer] })
    return buffer
  },
  'detached floats': () => {
    const floats = new Float64Array(8)
    structuredClone(floats.buffer, { transfer: [floats.buffer] })
    return floats
  },
  'a detached view': () => {
    const view = new DataView(new ArrayBuffer(8))
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return view
  },
  'an array out of bounds': () => resized(buffer => new Uint8Array(buffer, 50, 50)),
  'floats out of bounds': () => resized(buffer => new Float64Array(buffer, 56, 4)),
  'a view out of bounds': () => resized(buffer => new DataView(buffer, 50, 50)),
  'an array that follows its buffer, out of bounds': () => resized(buffer => new Uint8Array(buffer, 50)),
}

function resized(viewOf) {
  const buffer = new ArrayBuffer(100, { maxByteLength: 200 })
  const view = viewOf(buffer)
  buffer.resize(10)
  return view
}

test('bytes whose memory is gone are refused, and never sent as empty', async t => {
  const { requests, url } = await serve(t)
  const sr = clientOf(url)
  for (const [what, make] of Object.entries(GONE)) {
    await assert.rejects(
      sr.post('/x', { body: make() }),
      error =>
        error instanceof ConfigurationError && error.field === 'body' && /has lost its memory/.test(error.message),
      what,
    )
    await assert.rejects(sr.fetch('/x', { method: 'POST', body: make() }), TypeError, what)
  }
  assert.throws(() => clientOf(url, { ca: GONE['a detached array']() }), { code: 'CONFIGURATION', field: 'ca' })
  assert.deepEqual(await requests(), [])
  // A part of a stream that is there is sent; one that is gone ends the request before its body has ended.
  async function* parts() {
    yield Buffer.alloc(2_000_000, 'a')
    yield GONE['a detached array']()
  }
  await assert.rejects(sr.post('/x', { body: parts() }), error => {
    assert.equal(error.code, 'BODY_INTERRUPTED')
    assert.ok(error.cause instanceof ConfigurationError)
    return true
  })
  assert.deepEqual(await requests(), [])
})

test('a body is what it was when the call was made, whatever becomes of its memory', async t => {
  const { requests, url } = await serve(t)
  const sr = clientOf(url)
  const bytes = Buffer.from('as it was')
  const call = sr.post('/x', { body: bytes })
  bytes.fill('x')
  await call
  const moved = new Uint8Array([97, 98, 99])
  const second = sr.post('/x', { body: moved.buffer })
  structuredClone(moved.buffer, { transfer: [moved.buffer] })
  await second
  const growing = new ArrayBuffer(3, { maxByteLength: 8 })
  new Uint8Array(growing).set([100, 101, 102])
  const third = sr.post('/x', { body: growing })
  growing.resize(0)
  await third
  // A source that gives the same memory again and again, as those do that read files by hand.
  const same = Buffer.alloc(1)
  async function* reused() {
    for (const letter of 'letters') {
      same.write(letter)
      yield same
    }
  }
  await sr.post('/x', { body: reused() })
  const shared = new Uint8Array(new SharedArrayBuffer(2))
  shared.set([104, 105])
  await sr.post('/x', { body: shared })
  assert.deepEqual(
    (await requests()).map(({ body }) => body),
    ['as it was', 'abc', 'def', 'letters', 'hi'],
  )
})

/** Runs `use` while `Object.prototype` has what others put there. */
async function polluted(properties, use) {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
  }
  try {
    return await use()
  } finally {
    for (const name of Object.keys(properties)) delete Object.prototype[name]
  }
}

test('what stands on Object.prototype is no option', async t => {
  const good = await serve(t)
  const evil = await serve(t)
  const pollutions = [
    { baseUrl: evil.url },
    { environment: 'sandbox' },
    { tokenUrl: `${evil.url}/token` },
    { proxy: evil.url, proxyUrl: evil.url },
    { headers: { 'x-evil': '1' }, query: { evil: '1' }, params: { evil: '1' } },
    { body: 'evil', whole: 'evil', parts: [], contentType: 'text/evil', length: 4 },
    { method: 'DELETE', redirect: 'evil', idempotent: 'evil', batch: 'evil', priority: 'evil' },
    { timeout: 'evil', retries: 'evil', signal: 'evil', delivery: 'evil' },
    { ca: 'evil', cert: 'evil', key: 'evil', connectTimeout: 'evil' },
    { limits: 'evil', options: 'evil', shared: 'evil', endpoints: 'evil', concurrencyScope: 'evil' },
    { causes: ['evil'], clientAuth: 'basic' },
  ]
  for (const properties of pollutions) {
    const name = Object.keys(properties).join()
    await polluted(properties, async () => {
      const sr = new SmartRecruiters({ credential: new ApiKey('KEY'), baseUrl: good.url })
      await sr.get('/jobs')
      await sr.post('/jobs', { json: { a: 1 } })
      await sr.fetch('/jobs')
      await sr.fetch('/jobs', { method: 'POST' })
    })
    const requests = await good.requests()
    const seen = requests.map(({ method, url, headers, body }) => [method, url, headers['x-evil'], body])
    const expected = [
      ['GET', '/jobs', undefined, ''],
      ['POST', '/jobs', undefined, '{"a":1}'],
      ['GET', '/jobs', undefined, ''],
      ['POST', '/jobs', undefined, ''],
    ]
    assert.deepEqual(seen, expected, name)
    assert.deepEqual(new Set(requests.map(({ headers }) => headers['x-smarttoken'])), new Set(['KEY']), name)
  }
  assert.deepEqual(await evil.requests(), [])
})

test('what stands on Object.prototype sends no secret elsewhere, and switches no sealing off', async t => {
  const evil = await serve(t)
  const clientCredentials = () => new ClientCredentials({ clientId: 'client', clientSecret: 'secret' })
  const uses = {
    'an API key': () => new SmartRecruiters({ credential: new ApiKey('KEY'), timeout: 500, retries: 0 }).get('/x'),
    'a client secret': () =>
      new SmartRecruiters({ credential: clientCredentials(), timeout: 500, retries: 0 }).get('/x'),
    'an authorization code': () => {
      const app = new OAuthApp({ ...APP, connectTimeout: 500 })
      const { state } = app.authorizationUrl()
      return app.exchange(`/callback?code=code&state=${state}`, { state })
    },
    'a client of the environment': () => {
      process.env.SMARTRECRUITERS_API_KEY = 'KEY'
      t.after(() => delete process.env.SMARTRECRUITERS_API_KEY)
      return SmartRecruiters.fromEnv({ timeout: 500, retries: 0 }).get('/x')
    },
  }
  const elsewhere = {
    ...{ baseUrl: evil.url, tokenUrl: `${evil.url}/token`, authorizeUrl: `${evil.url}/authorize`, proxyUrl: evil.url },
    ...{ SMARTRECRUITERS_BASE_URL: evil.url, SMARTRECRUITERS_ENVIRONMENT: 'evil' },
  }
  for (const use of Object.values(uses)) {
    // Whether the vendor can be reached from here does not matter.
    await polluted(elsewhere, () => use().catch(() => {}))
  }
  assert.deepEqual(await evil.requests(), [])

  const store = new SqliteStore({ path: '/tmp/never-made.sqlite' })
  for (const encryptionKey of [false, '5a'.repeat(32)]) {
    await polluted({ encryptionKey, durable: false }, () => {
      assert.throws(() => new OAuthApp({ ...APP, store }), { code: 'CONFIGURATION', field: 'encryptionKey' })
    })
  }
})

test('options may come from a class or from defaults, as long as they are not from Object.prototype', async t => {
  const { requests, url } = await serve(t)
  class Options {
    credential = new ApiKey('KEY')
    get baseUrl() {
      return url
    }
  }
  await new SmartRecruiters(new Options()).get('/of-a-class')
  await new SmartRecruiters(Object.create(new Options())).get('/of-defaults')
  await new SmartRecruiters(Object.assign(Object.create(null), { credential: new ApiKey('KEY'), baseUrl: url })).get(
    '/bare',
  )
  assert.deepEqual(
    (await requests()).map(request => request.url),
    ['/of-a-class', '/of-defaults', '/bare'],
  )
})

test('the addon reads into memory of its own, which nobody can take away meanwhile', async t => {
  const server = createServer((_request, response) => {
    response.write('first')
    response.flushHeaders()
    server.once('more', () => response.end(Buffer.alloc(400_000, 'm')))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const native = addon()
  const waiting = new Map()
  const dispatch = batch => {
    for (let at = 0; at < batch.length; at += 4) waiting.get(Math.floor(batch[at] / 1024))?.(batch.slice(at, at + 4))
    setImmediate(() => {
      const next = completions.next()
      if (next !== null) dispatch(next)
    })
  }
  const completions = new native.NativeCompletions(dispatch)
  let last = 0
  const call = start =>
    new Promise(resolve => {
      waiting.set(++last, resolve)
      start(last)
    })
  const client = native.createClient(native.apiKey('k'), {
    baseUrl: `http://127.0.0.1:${server.address().port}`,
    retries: 0,
    maxBodySize: 1_000_000,
    connection: { connectTimeout: 1000, proxy: false },
  })
  const [, , body] = await call(id => client.send(completions, id, 'GET', '/x', 10_000, 'open'))
  const [, first] = await call(id => body.read(completions, id, { length: 3 }))
  assert.equal(Buffer.from(first).toString(), 'fir')
  // Whatever the caller says is how much is wanted, and is not written to.
  const given = new Uint8Array(new ArrayBuffer(1000, { maxByteLength: 2000 }))
  const second = call(id => body.read(completions, id, given))
  given.buffer.resize(0)
  assert.equal(Buffer.from((await second)[1]).toString(), 'st')
  server.emit('more')
  let length = 0
  for (let part = true; part !== undefined; ) {
    part = (await call(id => body.read(completions, id, { length: 100_000 })))[1]
    length += part?.length ?? 0
    if (part !== undefined) assert.equal(part.buffer.byteLength >= part.length, true)
  }
  assert.equal(length, 400_000)
})
