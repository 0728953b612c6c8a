// `sr.fetch` in place of the platform's: what it takes, what it gives, and how bodies flow through it.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { getEventListeners, once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { compileFunction, createContext, runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { ApiKey, ConfigurationError, NetworkError, SmartRecruiters, SmartRecruitersError } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { deferred, failure, serve, settled } from './support/servers.mjs'

const MiB = 1024 * 1024

let sandbox
let sr

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl, limits: false })
})
after(() => sandbox.close())

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

async function echo(input, init) {
  const response = await sr.fetch(input, init)
  assert.equal(response.status, 200)
  return response.json()
}

/** What the platform's own `fetch` sends for the same arguments. */
async function platformEcho(init) {
  const request = new Request(`${sandbox.baseUrl}/echo`, init)
  request.headers.set('x-smarttoken', sandbox.apiKey)
  return (await fetch(request)).json()
}

/** Waits until the server has seen the end of a request, in whatever way. */
async function gone(request) {
  if (!request.closed) await new Promise(resolve => request.once('close', resolve))
}

async function firstCandidate() {
  const [job] = (await sr.get('/jobs', { query: { limit: 1 } })).content
  const [candidate] = (await sr.get('/candidates', { query: { limit: 1 } })).content
  return { id: candidate.id, jobId: job.id }
}

// What it takes.

test('a path, a whole URL, a URL object and a Request all lead to the same place', async () => {
  const url = `${sandbox.baseUrl}/echo/a%2Fb?x=1&x=%2B`
  for (const input of ['/echo/a%2Fb?x=1&x=%2B', 'echo/a%2Fb?x=1&x=%2B', url, new URL(url), new Request(url)]) {
    const seen = await echo(input)
    assert.deepEqual([seen.method, seen.path, seen.rawQuery], ['GET', '/echo/a%2Fb', 'x=1&x=%2B'])
  }
})

test('what a path holds is encoded as the platform encodes it', async () => {
  for (const [path, sent] of [
    ['/echo/a b', '/echo/a%20b'],
    ['/echo/{id}?q={x}', '/echo/%7Bid%7D?q={x}'],
    ['/echo/é?q=é "', '/echo/%C3%A9?q=%C3%A9%20%22'],
    ['/echo/a/../b', '/echo/b'],
    // The platform leaves this one as it is; it means the same.
    ['/echo/a?q=b\\c', '/echo/a?q=b%5Cc'],
  ]) {
    for (const input of [path, sandbox.baseUrl + path]) {
      const seen = await echo(input)
      assert.equal(seen.path + (seen.rawQuery && `?${seen.rawQuery}`), sent)
    }
    assert.equal((await sr.fetch(path)).url, sandbox.baseUrl + sent)
  }
})

test('no path leads out of a base URL that has one itself', async () => {
  const inner = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: `${sandbox.baseUrl}/echo` })
  assert.equal((await (await inner.fetch('/a/../b')).json()).path, '/echo/b')
  for (const path of ['/../jobs', '..', '/a/../../jobs', '/%2e%2e/jobs']) {
    const error = await failure(inner.fetch(path))
    assert.ok(error instanceof TypeError && error.cause instanceof ConfigurationError, `${path}: ${error}`)
    assert.equal(error.cause.field, 'path')
  }
})

test('a fragment is not sent, however it is given', async () => {
  const url = `${sandbox.baseUrl}/echo/a#part`
  for (const input of [new Request(url), new URL(url), url, '/echo/a#part']) {
    assert.equal((await echo(input)).path, '/echo/a')
  }
})

test('the credential is sent with every form of input', async () => {
  for (const input of ['/echo', new URL(`${sandbox.baseUrl}/echo`), new Request(`${sandbox.baseUrl}/echo`)]) {
    assert.ok('x-smarttoken' in (await echo(input)).headers)
  }
})

test('init goes over the Request that it comes with', async () => {
  const request = new Request(`${sandbox.baseUrl}/echo`, {
    method: 'POST',
    headers: { 'x-one': '1', 'content-type': 'text/a' },
    body: 'from the request',
  })
  const kept = await echo(request.clone(), {})
  assert.deepEqual([kept.method, kept.headers['x-one'], kept.body.text], ['POST', '1', 'from the request'])
  assert.equal(kept.headers['content-type'], 'text/a')
  const changed = await echo(request, { method: 'PUT', headers: { 'x-two': '2' }, body: 'from init' })
  assert.deepEqual([changed.method, changed.headers['x-two'], changed.body.text], ['PUT', '2', 'from init'])
  assert.equal(changed.headers['x-one'], undefined)
})

test('the body of a Request is used up by sending it', async () => {
  const request = new Request(`${sandbox.baseUrl}/echo`, { method: 'POST', body: 'once' })
  assert.equal((await echo(request)).body.text, 'once')
  assert.equal(request.bodyUsed, true)
  assert.ok((await failure(sr.fetch(request))) instanceof TypeError)
})

test('methods arrive as fetch sends them', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    assert.equal((await echo('/echo', { method })).method, method)
  }
  for (const method of ['get', 'post', 'put', 'delete', 'options']) {
    assert.equal((await echo('/echo', { method })).method, method.toUpperCase())
  }
  assert.ok((await failure(sr.fetch('/echo', { method: 'GE T' }))) instanceof TypeError)
  assert.ok((await failure(sr.fetch('/echo', { body: 'x' }))) instanceof TypeError)
})

test('headers are taken as an object, as pairs and as Headers', async () => {
  for (const headers of [{ 'X-A': '1', 'x-b': 'é' }, new Headers({ 'x-a': '1', 'x-b': 'é' })]) {
    const seen = await echo('/echo', { headers })
    assert.equal(seen.headers['x-a'], '1')
  }
  const seen = await echo('/echo', {
    headers: [
      ['x-a', '1'],
      ['x-a', '2'],
    ],
  })
  assert.equal(seen.headers['x-a'], '1, 2')
  assert.ok((await failure(sr.fetch('/echo', { headers: { 'x-a': 'a\r\nb: c' } }))) instanceof TypeError)
})

test('every kind of body arrives as the platform sends it, with the content type that it gives', async () => {
  const bytes = new Uint8Array([0, 1, 2, 253, 254, 255])
  const form = new FormData()
  form.set('name', 'Zoë')
  form.set('file', new Blob(['content'], { type: 'text/csv' }), 'a.csv')
  const parts = () => [Buffer.from('one '), Buffer.from('two')]
  const bodies = {
    'a string': () => 'Zoë',
    'an empty string': () => '',
    'a Uint8Array': () => bytes,
    'a Buffer': () => Buffer.from('buffer'),
    'an ArrayBuffer': () => bytes.buffer,
    'a view of a part': () => bytes.subarray(2, 4),
    'a view of wide elements': () => new Uint16Array([1, 65535]),
    'a DataView': () => new DataView(bytes.buffer, 1, 3),
    URLSearchParams: () => new URLSearchParams({ a: 'b c', é: '&' }),
    'a Blob': () => new Blob(['blob'], { type: 'text/html' }),
    'a Blob of no type': () => new Blob(['blob']),
    'a FormData': () => form,
    'a ReadableStream': () => ReadableStream.from(parts()),
    'an async iterable': async function* () {
      yield* parts()
    },
    'a stream of Node': () => Readable.from(parts(), { objectMode: false }),
  }
  for (const [name, body] of Object.entries(bodies)) {
    const init = () => ({ method: 'POST', body: body(), duplex: 'half' })
    const [ours, theirs] = [await echo('/echo', init()), await platformEcho(init())]
    const boundary = / boundary=.*/
    assert.equal(
      ours.headers['content-type']?.replace(boundary, ''),
      theirs.headers['content-type']?.replace(boundary, ''),
      name,
    )
    if (name === 'a FormData') {
      assert.match(ours.headers['content-type'], /^multipart\/form-data; boundary=./)
      assert.match(ours.body.text, /filename="a.csv"\r\nContent-Type: text\/csv\r\n\r\ncontent\r\n/)
      assert.equal(ours.body.text.includes('Zoë'), true)
    } else {
      assert.deepEqual(ours.body, theirs.body, name)
    }
  }
})

test('values of another realm are what they are', async () => {
  const foreign = code => runInNewContext(code, { URLSearchParams, Blob, File, FormData, ReadableStream, Headers, URL })
  const bytes = 'new Uint8Array([0, 1, 254, 255])'
  const stream = `new (class extends ReadableStream {})({ start(to) { to.enqueue(${bytes}); to.close() } })`
  for (const [code, expected] of [
    [bytes, [0, 1, 254, 255]],
    [`${bytes}.buffer`, [0, 1, 254, 255]],
    ['new Uint16Array([1])', [1, 0]],
    [`new DataView(${bytes}.buffer, 1, 2)`, [1, 254]],
    [`(async function* () { yield ${bytes} })()`, [0, 1, 254, 255]],
    [stream, [0, 1, 254, 255]],
    ["new (class extends URLSearchParams {})('a=b')", [...Buffer.from('a=b')]],
  ]) {
    const digest = sha256(Buffer.from(expected))
    assert.equal((await sr.post('/echo', { body: foreign(code) })).body.sha256, digest, code)
    const init = { method: 'POST', body: foreign(code), duplex: 'half' }
    assert.equal((await echo('/echo', init)).body.sha256, digest, code)
  }
  assert.equal((await echo(foreign(`new URL('${sandbox.baseUrl}/echo/there')`))).path, '/echo/there')
  const headers = foreign("new Headers({ 'x-a': '1' })")
  assert.equal((await sr.get('/echo', { headers })).headers['x-a'], '1')
})

test('what stands for a platform value in another realm is taken for one, or refused, but never for text', async () => {
  // As the test environments of browsers have them.
  const fake = runInNewContext(
    `({
    blob: type => ({ [Symbol.toStringTag]: 'Blob', size: 4, type, stream: () => stream('blob') }),
    params: { [Symbol.toStringTag]: 'URLSearchParams', toString: () => 'a=b', *[Symbol.iterator]() { yield ['a', 'b'] } },
    headers: { [Symbol.toStringTag]: 'Headers', *[Symbol.iterator]() { yield ['x-a', '1'] } },
    form: (...entries) => ({ [Symbol.toStringTag]: 'FormData', [Symbol.iterator]: () => entries[Symbol.iterator]() }),
  })`,
    { stream: text => ReadableStream.from([Buffer.from(text)]) },
  )
  const blob = await sr.post('/echo', { body: fake.blob('text/x') })
  assert.deepEqual(
    [blob.body.text, blob.headers['content-type'], blob.headers['content-length']],
    ['blob', 'text/x', '4'],
  )
  const params = await sr.post('/echo', { body: fake.params, query: fake.params, headers: fake.headers })
  assert.deepEqual([params.body.text, params.rawQuery, params.headers['x-a']], ['a=b', 'a=b', '1'])
  const form = await sr.post('/echo', { form: fake.form(['name', 'Zoë'], ['file', new File(['content'], 'a.csv')]) })
  assert.match(form.body.text, /name="name"\r\n\r\nZoë\r\n/)
  assert.match(form.body.text, /filename="a.csv"\r\n.*\r\n\r\ncontent\r\n/)
  for (const field of ['form', 'body']) {
    const { body } = await sr.post('/echo', { [field]: fake.form(['file', fake.blob('text/x')]) })
    assert.match(body.text, /filename="blob"\r\nContent-Type: text\/x\r\n\r\nblob\r\n/)
  }
  for (const options of [
    { form: fake.form(['file', 7]) },
    { body: fake.form(['file', { name: 'x' }]) },
    { form: fake.form(7) },
    { body: { [Symbol.toStringTag]: 'Blob' } },
  ]) {
    const error = await failure(sr.post('/echo', options))
    assert.ok(error instanceof ConfigurationError, `${error}`)
    assert.equal(error.field, Object.keys(options)[0])
  }
})

test('the package works in a realm of its own', async t => {
  const { baseUrl } = await serve(t, (_, response) => response.end(Buffer.from([0, 255])))
  const require = createRequire(import.meta.url)
  const file = require.resolve('smartrecruiters')
  const code = await readFile(file, 'utf8')
  const globals = { process, Buffer, Blob, FormData, Headers, ReadableStream, Request, Response, TextDecoder, URL }
  const realm = createContext({ ...globals, URLSearchParams, setImmediate })
  const module = { exports: {} }
  const load = compileFunction(code, ['require', 'module', 'exports'], { parsingContext: realm })
  load(createRequire(file), module, module.exports)
  const foreign = new module.exports.SmartRecruiters({ credential: new module.exports.ApiKey('key'), baseUrl })
  assert.deepEqual(Buffer.from(await foreign.get('/bytes')), Buffer.from([0, 255]))
  for (const body of [new Uint8Array(1), new ArrayBuffer(1), new URLSearchParams('a=b'), ReadableStream.from([])]) {
    const response = await foreign.fetch('/', { method: 'POST', body, duplex: 'half' })
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from([0, 255]))
  }
})

test('a stream that is read already, or by somebody, is refused', async () => {
  const before = sandbox.counters().requests
  const locked = ReadableStream.from(['x'])
  locked.getReader()
  const disturbed = ReadableStream.from([Buffer.from('first'), Buffer.from('second')])
  const reader = disturbed.getReader()
  await reader.read()
  reader.releaseLock()
  for (const body of [locked, disturbed]) {
    const error = await failure(sr.post('/echo', { body }))
    assert.ok(error instanceof ConfigurationError, `${error}`)
    assert.equal(error.field, 'body')
    assert.ok((await failure(sr.fetch('/echo', { method: 'POST', body, duplex: 'half' }))) instanceof TypeError)
  }
  assert.deepEqual(sandbox.counters().requests, before)
  // The second of two calls that are made at once is too late.
  const shared = ReadableStream.from([Buffer.from('once')])
  const calls = [sr.post('/echo', { body: shared }), failure(sr.post('/echo', { body: shared }))]
  assert.equal((await calls[0]).body.text, 'once')
  assert.equal((await calls[1]).field, 'body')
})

test("a stream of a call that is wrong otherwise stays the caller's", async () => {
  const body = ReadableStream.from([Buffer.from('later')])
  for (const wrong of [{ signal: {} }, { timeout: -1 }, { headers: { x: 7 } }, { idempotent: 1 }]) {
    assert.ok((await failure(sr.post('/echo', { body, ...wrong }))) instanceof ConfigurationError)
  }
  assert.equal((await sr.post('/echo', { body })).body.text, 'later')
})

test('a body whose length is known is sent with it, as the platform does', async () => {
  const form = new FormData()
  form.set('name', 'value')
  const wrong = []
  for (const [name, body] of Object.entries({
    nothing: undefined,
    'a string': 'text',
    'a Uint8Array': Buffer.from('bytes'),
    URLSearchParams: new URLSearchParams('a=b'),
    'a Blob': new Blob(['blob']),
    'a FormData': form,
  })) {
    for (const input of ['/echo', new Request(`${sandbox.baseUrl}/echo`, { method: 'POST', body })]) {
      const { headers } = await echo(input, typeof input === 'string' ? { method: 'POST', body } : undefined)
      if (headers['content-length'] === undefined)
        wrong.push(`${name} in ${typeof input === 'string' ? 'init' : 'a Request'}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('a content type of the caller goes before that of the body', async () => {
  for (const body of ['{}', Buffer.from('{}'), new URLSearchParams('a=b'), new Blob(['{}'], { type: 'text/plain' })]) {
    const seen = await echo('/echo', { method: 'POST', headers: { 'Content-Type': 'application/x-own' }, body })
    assert.equal(seen.headers['content-type'], 'application/x-own')
  }
})

test('it is bound, so that it can be handed around', async () => {
  const { fetch } = sr
  assert.equal((await (await fetch('/echo')).json()).method, 'GET')
})

// What it gives.

test('an answer is a Response of the platform', async t => {
  const { sr, baseUrl } = await serve(t, (_, response) => {
    response.writeHead(201, [
      ...['content-type', 'application/json'],
      ...['set-cookie', 'a=1'],
      ...['set-cookie', 'b=2; Path=/'],
      ...['x-two', '1'],
      ...['x-two', '2'],
    ])
    response.end('{"name":"Zoë"}')
  })
  const response = await sr.fetch('/jobs?q=1')
  assert.ok(response instanceof Response)
  assert.equal(response.url, `${baseUrl}/jobs?q=1`)
  assert.deepEqual([response.status, response.ok, response.statusText], [201, true, 'Created'])
  assert.equal(response.redirected, false)
  assert.deepEqual([response.type, response.clone().type], ['basic', 'basic'])
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2; Path=/'])
  assert.equal(response.headers.get('x-two'), '1, 2')
  assert.equal(response.headers.get('content-type'), 'application/json')
  assert.equal(response.bodyUsed, false)
  assert.deepEqual(await response.json(), { name: 'Zoë' })
  assert.equal(response.bodyUsed, true)
  assert.ok((await failure(response.text())) instanceof TypeError)
})

test('a body is read as JSON, text, bytes, Blob or stream, and twice by way of a clone', async t => {
  const text = '{"name":"Zoë"}'
  const { sr } = await serve(t, (_, response) => response.setHeader('content-type', 'application/json').end(text))
  const answer = () => sr.fetch('/')
  assert.equal(await (await answer()).text(), text)
  assert.deepEqual(Buffer.from(await (await answer()).arrayBuffer()), Buffer.from(text))
  assert.deepEqual(await (await (await answer()).blob()).text(), text)
  const chunks = []
  for await (const chunk of (await answer()).body) chunks.push(chunk)
  assert.equal(Buffer.concat(chunks).toString(), text)
  const response = await answer()
  const clone = response.clone()
  assert.deepEqual(await Promise.all([response.text(), clone.text()]), [text, text])
})

test('a clone knows where the answer came from, as the platform has it', async () => {
  const url = `${sandbox.baseUrl}/redirect/302?to=/echo`
  const headers = { 'x-smarttoken': sandbox.apiKey }
  const theirs = (await fetch(url, { headers })).clone()
  const ours = (await sr.fetch(url)).clone()
  assert.deepEqual([ours.url, ours.redirected], [theirs.url, theirs.redirected])
  await Promise.all([ours.text(), theirs.text()])
})

test('no status is a reason to reject', async t => {
  const { sr } = await serve(t, (request, response) => {
    response.statusCode = Number(request.url.slice(1))
    response.end(`this is ${request.url}`)
  })
  for (const status of [200, 300, 302, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 502, 503, 504, 599]) {
    const response = await sr.fetch(`/${status}`)
    assert.deepEqual([response.status, response.ok], [status, status === 200])
    assert.equal(await response.text(), `this is /${status}`)
  }
})

test('a status that no Response can be made with is given all the same', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.socket.end('HTTP/1.1 999 Denied\r\ncontent-length: 7\r\nconnection: close\r\n\r\nno bots')
  })
  for (let call = 0; call < 3; call++) {
    const response = await sr.fetch('/')
    const copy = response.clone()
    for (const answer of [response, copy]) {
      assert.deepEqual([answer.status, answer.ok, await answer.text()], [999, false, 'no bots'])
    }
  }
})

test('an answer that cannot have a body has none', async t => {
  const { sr } = await serve(t, (request, response) => {
    response.statusCode = Number(request.url.slice(1))
    if (request.method === 'HEAD') response.setHeader('content-length', 10)
    response.end()
  })
  for (const [status, method] of [
    [204, 'GET'],
    [205, 'POST'],
    [304, 'GET'],
    [200, 'HEAD'],
    [404, 'HEAD'],
  ]) {
    const response = await sr.fetch(`/${status}`, { method })
    assert.equal(response.status, status)
    assert.equal(response.body, null, `${method} ${status}`)
    assert.equal(await response.text(), '')
    if (method === 'HEAD') assert.equal(response.headers.get('content-length'), '10')
  }
})

test('a compressed body is read as what it was, short or long', async t => {
  const texts = ['short', 'long '.repeat(MiB)]
  const { sr } = await serve(t, (request, response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync(texts[Number(request.url.slice(1))]))
  })
  for (const [index, text] of texts.entries()) assert.equal(await (await sr.fetch(`/${index}`)).text(), text)
})

test('bodies of every size are whole', async () => {
  for (const size of [11, 4096, 65_535, 65_536, 65_537, 1_000_000, 20_000_000]) {
    const response = await sr.fetch(`/payload/${size}`)
    assert.equal(Number(response.headers.get('content-length')), size)
    assert.equal((await response.text()).length, size)
  }
})

// Redirects.

test('redirects are followed, handed over or refused as `redirect` says', async () => {
  const path = '/redirect/302?to=/echo/there'
  const followed = await sr.fetch(path)
  assert.deepEqual([followed.status, followed.redirected], [200, true])
  assert.equal(followed.url, `${sandbox.baseUrl}/echo/there`)
  assert.equal((await followed.json()).path, '/echo/there')
  const manual = await sr.fetch(path, { redirect: 'manual' })
  assert.deepEqual([manual.status, manual.redirected], [302, false])
  assert.equal(manual.headers.get('location'), '/echo/there')
  const error = await failure(sr.fetch(path, { redirect: 'error' }))
  assert.ok(error instanceof TypeError)
  assert.equal(error.cause.code, 'REDIRECT')
  const request = new Request(`${sandbox.baseUrl}${path}`, { redirect: 'manual' })
  assert.equal((await sr.fetch(request)).status, 302)
})

test('methods and bodies go through redirects as the platform has it', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const init = { method, ...(method !== 'GET' && { body: 'body', headers: { 'content-type': 'text/x' } }) }
      const path = `/redirect/${status}?to=/echo`
      const ours = await echo(path, init)
      const headers = { ...init.headers, 'x-smarttoken': sandbox.apiKey }
      const theirs = await (await fetch(sandbox.baseUrl + path, { ...init, headers })).json()
      const what = seen => [seen.method, seen.body.text, seen.headers['content-type']]
      assert.deepEqual(what(ours), what(theirs), `${status} ${method}`)
    }
  }
})

test('a chain of twenty redirects is followed, and no longer one', async t => {
  const { sr } = await serve(t, (request, response) => {
    const left = Number(request.url.slice(1))
    if (left === 0) response.end('there')
    else response.writeHead(302, { location: `/${left - 1}` }).end()
  })
  assert.equal(await (await sr.fetch('/20')).text(), 'there')
  const error = await failure(sr.fetch('/21'))
  assert.ok(error instanceof TypeError)
  assert.equal(error.cause.code, 'REDIRECT')
})

test('a streamed body that a redirect asks for again is an error, as the platform has it', async () => {
  // Not there at once: what is, is taken for a body in memory.
  const source = async function* () {
    await setImmediate()
    await setImmediate()
    yield Buffer.from('x')
  }
  const init = () => ({ method: 'POST', body: ReadableStream.from(source()), duplex: 'half' })
  const error = await failure(sr.fetch('/redirect/307?to=/echo', init()))
  assert.ok(error instanceof TypeError)
  assert.equal(error.cause.code, 'REDIRECT')
  assert.equal((await echo('/redirect/303?to=/echo', init())).method, 'GET')
})

test('a Request whose body is in memory goes through a 307, as the platform has it', async () => {
  const url = `${sandbox.baseUrl}/redirect/307?to=/echo`
  const request = () => new Request(url, { method: 'POST', body: 'again', headers: { 'x-smarttoken': sandbox.apiKey } })
  assert.equal((await (await fetch(request())).json()).body.text, 'again')
  const ours = new Request(url, { method: 'POST', body: 'again' })
  assert.equal((await echo(ours)).body.text, 'again')
})

test('a download that leads to another origin takes no credential there', async () => {
  const before = sandbox.counters().foreign
  for (const size of [10, 3_000_000]) {
    const path = `/candidates/attachments/size-${size}`
    const response = await sr.get(path).asResponse()
    assert.deepEqual([response.status, response.redirected], [200, true])
    assert.equal(new URL(response.url).origin, sandbox.foreignUrl)
    assert.equal((await response.arrayBuffer()).byteLength, size)
    const headers = { cookie: 'a=b', 'x-own': 'private' }
    assert.equal((await (await sr.fetch(path, { headers })).arrayBuffer()).byteLength, size)
  }
  const { requests, credentialHeaders } = sandbox.counters().foreign
  assert.equal(requests, before.requests + 4)
  assert.deepEqual(credentialHeaders, { authorization: 0, 'x-smarttoken': 0, cookie: 0 })
})

// Errors.

test('a whole URL of another origin is refused, and nothing is sent there', async t => {
  let connections = 0
  const { server, baseUrl } = await serve(t, (_, response) => response.end())
  server.on('connection', () => connections++)
  for (const input of [`${baseUrl}/jobs`, new URL(`${baseUrl}/jobs`), new Request(`${baseUrl}/jobs`)]) {
    const error = await failure(sr.fetch(input))
    assert.ok(error instanceof TypeError)
    assert.ok(error.cause instanceof ConfigurationError)
    assert.equal(error.cause.code, 'CONFIGURATION')
  }
  for (const input of ['http://evil.example', 'https://evil.example/jobs', 'file:///etc/passwd']) {
    assert.ok((await failure(sr.fetch(input))) instanceof TypeError, input)
  }
  // What is no whole URL is a path, and cannot be anything else.
  for (const input of ['//evil.example/jobs', 'data:,x', '\\\\evil.example', '@evil.example', ':80@evil.example']) {
    const outcome = await sr.fetch(input).catch(error => error)
    assert.ok(outcome instanceof TypeError || outcome.url.startsWith(`${sandbox.baseUrl}/`), `${input}: ${outcome.url}`)
  }
  assert.equal(connections, 0)
})

test('what is no request at all is a TypeError', async () => {
  const wrong = []
  for (const [name, init] of Object.entries({
    'a stream without duplex': { method: 'POST', body: ReadableStream.from([]) },
    'an unknown redirect mode': { redirect: 'sometimes' },
    'a number for headers': { headers: 7 },
    'a text for a signal': { signal: 'x' },
    'an object for a signal': { signal: { aborted: false } },
    'a stream of text': { method: 'POST', body: ReadableStream.from(['text']), duplex: 'half' },
    'TRACE, which fetch forbids': { method: 'TRACE' },
  })) {
    const outcome = await sr.fetch('/echo', init).catch(error => error)
    if (!(outcome instanceof TypeError)) wrong.push(`${name}: ${outcome}`)
  }
  assert.deepEqual(wrong, [])
})

test('a failure of the network is a TypeError with its cause', async t => {
  const { sr } = await serve(t, request => request.socket.destroy())
  const error = await failure(sr.fetch('/jobs'))
  assert.ok(error instanceof TypeError)
  assert.ok(error.cause instanceof NetworkError)
  assert.equal(error.cause.kind, 'reset')
})

test('a body that is cut off is a TypeError with its cause, and no part is taken for the whole', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 2 * MiB })
    response.write(Buffer.alloc(MiB), () => response.destroy())
  })
  const error = await failure((await sr.fetch('/')).arrayBuffer())
  assert.ok(error instanceof TypeError, `${error}`)
  assert.ok(error.cause instanceof SmartRecruitersError)
})

// Signals.

test('a signal that was aborted before sends nothing', async t => {
  let requests = 0
  const { sr, baseUrl } = await serve(t, (_, response) => response.end(String(++requests)))
  const reason = new Error('no longer wanted')
  const signal = AbortSignal.abort(reason)
  assert.equal(await failure(sr.fetch('/', { signal })), reason)
  assert.equal(await failure(sr.fetch(new Request(baseUrl, { signal }))), reason)
  assert.equal(await failure(sr.fetch('/', { method: 'POST', body: new Blob(['x']), signal })), reason)
  assert.equal((await failure(sr.fetch('/', { signal: AbortSignal.abort() }))).name, 'AbortError')
  assert.equal(requests, 0)
})

test('an abort while the headers are waited for stops the request', async t => {
  const { server, sr, baseUrl } = await serve(t, () => {})
  for (const call of [
    signal => sr.fetch('/', { signal }),
    signal => sr.fetch(new Request(baseUrl, { signal })),
    signal => sr.fetch('/', { method: 'POST', body: new Blob(['x']), signal }),
  ]) {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const answer = failure(call(controller.signal))
    const [request] = await once(server, 'request')
    const closed = once(request.socket, 'close')
    controller.abort(reason)
    assert.equal(await answer, reason)
    await closed
  }
})

test('an abort while the body is read stops the request and fails the read', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const controller = new AbortController()
  const sent = once(server, 'request')
  const response = await sr.fetch('/', { signal: controller.signal })
  const [request] = await sent
  const closed = once(request.socket, 'close')
  const reader = response.body.getReader()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'first')
  const read = failure(reader.read())
  const reason = new Error('no longer wanted')
  controller.abort(reason)
  assert.equal(await read, reason)
  await closed
})

test('an abort before the body is read fails it, and ends it', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const controller = new AbortController()
  const sent = once(server, 'request')
  const call = sr.get('/', { signal: controller.signal })
  const response = await call.asResponse()
  const [request] = await sent
  const closed = once(request.socket, 'close')
  assert.equal(await call.asResponse(), response)
  const reason = new Error('no longer wanted')
  controller.abort(reason)
  assert.equal(await failure(response.text()), reason)
  await closed
})

test('a body can be given up while it is waited for', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, (_, response) => response.writeHead(200).write('first'))
  const sent = once(server, 'request')
  const reader = (await sr.fetch('/')).body.getReader()
  const [request] = await sent
  const closed = once(request.socket, 'close')
  await reader.read()
  const waiting = reader.read()
  await reader.cancel()
  assert.equal((await waiting).done, true)
  await closed
})

test('a body that fails takes its listener along', async t => {
  const { sr } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('first', () => response.destroy())
  })
  const { signal } = new AbortController()
  for (let call = 0; call < 5; call++) await failure((await sr.fetch('/', { signal })).text())
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('an abort of a signal whose answers were read does nothing', async t => {
  const { sr } = await serve(t, (_, response) => response.end('whole'))
  const controller = new AbortController()
  const response = await sr.fetch('/', { signal: controller.signal })
  assert.equal(await response.text(), 'whole')
  controller.abort()
  assert.equal((await sr.fetch('/')).status, 200)
})

// Streams.

test('a slow body is given part by part', async t => {
  const wanted = deferred()
  const { sr } = await serve(t, async (_, response) => {
    response.write('part 1')
    await wanted.promise
    response.end('part 2')
  })
  const reader = (await sr.fetch('/')).body.getReader()
  const text = ({ value }) => Buffer.from(value).toString()
  assert.equal(text(await reader.read()), 'part 1')
  // Only now is the second one written.
  wanted.resolve()
  assert.equal(text(await reader.read()), 'part 2')
  assert.equal((await reader.read()).done, true)
})

test('a body can be read into buffers of the caller', async () => {
  const reader = (await sr.fetch('/payload/100000')).body.getReader({ mode: 'byob' })
  let length = 0
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(1000))
    if (done) break
    assert.ok(value.byteLength <= 1000)
    length += value.byteLength
  }
  assert.equal(length, 100_000)
})

test('a server cannot send more than a bounded part of what is not read', async t => {
  const total = 256 * MiB
  let written = 0
  const { sr } = await serve(t, async (request, response) => {
    if (request.url === '/echo') return response.end()
    const block = Buffer.alloc(64 * 1024)
    while (written < total) {
      written += block.length
      if (!response.write(block)) await once(response, 'drain')
    }
    response.end()
  })
  const response = await sr.fetch('/long')
  const unread = await settled(sr, () => written)
  t.diagnostic(`${unread / MiB} MiB were sent`)
  assert.ok(unread < 32 * MiB)
  let read = 0
  for await (const chunk of response.body) read += chunk.length
  assert.equal(read, total)
})

test('an open body holds one of 64 places until it is cancelled', { timeout: 30_000 }, async t => {
  let closed = 0
  const allClosed = deferred()
  const { sr } = await serve(t, (request, response) => {
    if (request.url === '/echo') return response.end('here')
    response.write(Buffer.alloc(1000))
    request.socket.on('close', () => {
      if (++closed === 64) allClosed.resolve()
    })
  })
  const open = await Promise.all(Array.from({ length: 64 }, () => sr.fetch('/long')))
  const call = sr.fetch('/echo')
  const [first, ...rest] = open
  await first.body.cancel()
  assert.equal(await (await call).text(), 'here')
  const [second, ...others] = rest
  const reader = second.body.getReader()
  await reader.read()
  await reader.cancel('enough')
  await Promise.all(others.map(response => response.body.cancel()))
  await allClosed.promise
  const texts = await Promise.all(Array.from({ length: 64 }, async () => (await sr.fetch('/echo')).text()))
  assert.ok(texts.every(text => text === 'here'))
})

test('an upload is not taken from its source while the server does not read', async t => {
  const total = 256 * MiB
  const wanted = deferred()
  const { sr } = await serve(t, async (request, response) => {
    if (request.url === '/echo') return response.end()
    await wanted.promise
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    response.end(String(bytes))
  })
  let pulled = 0
  const body = new ReadableStream({
    pull(controller) {
      if (pulled === total) return controller.close()
      pulled += 64 * 1024
      controller.enqueue(new Uint8Array(64 * 1024))
    },
  })
  const call = sr.fetch('/', { method: 'POST', body, duplex: 'half' })
  const unread = await settled(sr, () => pulled)
  t.diagnostic(`${unread / MiB} MiB were taken`)
  assert.ok(unread > 0 && unread < 32 * MiB)
  wanted.resolve()
  assert.equal(await (await call).text(), String(total))
})

test('an upload whose source fails is whole nowhere, and rejects with the reason', async t => {
  let complete = 0
  const { sr } = await serve(t, request => {
    request.on('error', () => {}).on('end', () => complete++)
    request.resume()
  })
  for (let round = 0; round < 20; round++) {
    const reason = new Error('the disk is gone')
    const source = async function* () {
      yield Buffer.alloc(1000)
      throw reason
    }
    const kinds = [() => ReadableStream.from(source()), source, () => Readable.from(source(), { objectMode: false })]
    // The server may see a part of the request, or nothing of it.
    const error = failure(sr.fetch('/', { method: 'POST', body: kinds[round % 3](), duplex: 'half' }))
    const causes = []
    for (let cause = await error; cause; cause = cause.cause) causes.push(cause)
    assert.ok(causes[0] instanceof TypeError)
    assert.ok(causes[1] instanceof SmartRecruitersError, `${causes[1]}`)
    assert.ok(causes.includes(reason), `round ${round}: ${causes.join(' < ')}`)
  }
  assert.equal(complete, 0)
})

test('an abort in the middle of an upload tells its source and the server', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, request => request.on('error', () => {}).resume())
  const cancelled = deferred()
  const body = new ReadableStream({
    pull: controller => controller.enqueue(new Uint8Array(1000)),
    cancel: cancelled.resolve,
  })
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const call = failure(sr.fetch('/', { method: 'POST', body, duplex: 'half', signal: controller.signal }))
  const [request] = await once(server, 'request')
  const closed = gone(request)
  controller.abort(reason)
  assert.equal(await call, reason)
  await closed
  assert.equal(request.complete, false)
  await cancelled.promise
})

test('an abort while its source is waited for stops the source at once', { timeout: 10_000 }, async t => {
  const { server, sr } = await serve(t, request => request.on('error', () => {}).resume())
  const stream = cancelled =>
    new ReadableStream({ start: c => c.enqueue(new Uint8Array(10)), cancel: cancelled.resolve })
  const iterable = cancelled => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async value => cancelled.resolve(value),
    }),
  })
  const failing = cancelled => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return() {
        cancelled.resolve()
        throw new Error('of the source itself')
      },
    }),
  })
  for (const make of [stream, iterable, failing]) {
    const cancelled = deferred()
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const init = { method: 'POST', body: make(cancelled), duplex: 'half', signal: controller.signal }
    const call = failure(sr.fetch('/', init))
    const [request] = await once(server, 'request')
    const closed = gone(request)
    controller.abort(reason)
    assert.equal(await call, reason)
    await cancelled.promise
    await closed
  }
})

test('an abort at any turn before an upload leaves no request and no source behind', { timeout: 20_000 }, async t => {
  let requests = 0
  const { sr } = await serve(t, request => {
    requests++
    request.on('error', () => {}).resume()
  })
  for (let turns = 0; turns < 12; turns++) {
    const cancelled = deferred()
    const controller = new AbortController()
    // Parts for some turns, then none.
    let parts = 3
    const body = new ReadableStream({
      async pull(stream) {
        await setImmediate()
        if (parts-- > 0) stream.enqueue(new Uint8Array(10))
        else await new Promise(() => {})
      },
      cancel: cancelled.resolve,
    })
    const call = failure(sr.fetch('/', { method: 'POST', body, duplex: 'half', signal: controller.signal }))
    for (let turn = 0; turn < turns; turn++) await (turn % 2 ? undefined : setImmediate())
    controller.abort()
    assert.equal((await call).name, 'AbortError')
    await cancelled.promise
  }
  assert.ok(requests <= 12)
  await sr.close()
})

test('an answer that comes before the end of the upload is given', { timeout: 10_000 }, async t => {
  const { sr } = await serve(t, (_, response) => response.writeHead(413).end('too much'))
  const answered = deferred()
  const body = ReadableStream.from(
    (async function* () {
      yield Buffer.alloc(1000)
      await answered.promise
    })(),
  )
  const response = await sr.fetch('/', { method: 'POST', body, duplex: 'half' })
  assert.equal(response.status, 413)
  assert.equal(await response.text(), 'too much')
  answered.resolve()
})

// Files, by the methods of the client.

test('a file goes up from the disk as a form, byte for byte', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(directory, { recursive: true }))
  const bytes = randomBytes(5_000_000)
  const file = join(directory, 'cv.pdf')
  await writeFile(file, bytes)
  const form = new FormData()
  form.set('attachmentType', 'RESUME')
  form.set('file', await openAsBlob(file, { type: 'application/pdf' }), 'cv.pdf')
  const before = sandbox.counters().uploads
  const params = await firstCandidate()
  const attachment = await sr.post('/candidates/{id}/jobs/{jobId}/attachments', { params, form })
  assert.deepEqual(
    [attachment.name, attachment.type, attachment.contentType, attachment.size, attachment.sha256],
    ['cv.pdf', 'RESUME', 'application/pdf', bytes.length, sha256(bytes)],
  )
  const { files, bytes: uploaded } = sandbox.counters().uploads
  assert.deepEqual([files - before.files, uploaded - before.bytes], [1, bytes.length])
})

test('a file that was sent can be fetched again', async () => {
  const bytes = randomBytes(200_000)
  const form = new FormData()
  form.set('attachmentType', 'COVER_LETTER')
  form.set('file', new Blob([bytes]), 'letter.bin')
  const params = await firstCandidate()
  const { id } = await sr.post('/candidates/{id}/jobs/{jobId}/attachments', { params, form })
  const response = await sr.get('/candidates/attachments/{id}', { params: { id } }).asResponse()
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes)
})

test('a Blob, a stream and an iterable are bodies of the methods too', async () => {
  const bytes = randomBytes(300_000)
  const halves = () => [bytes.subarray(0, 100_000), bytes.subarray(100_000)]
  for (const body of [
    new Blob([bytes], { type: 'application/x-blob' }),
    ReadableStream.from(halves()),
    Readable.from(halves(), { objectMode: false }),
    Readable.toWeb(Readable.from(halves(), { objectMode: false })),
  ]) {
    const seen = await sr.post('/echo', { body })
    assert.deepEqual([seen.body.bytes, seen.body.sha256], [bytes.length, sha256(bytes)])
    if (body instanceof Blob) assert.equal(seen.headers['content-type'], 'application/x-blob')
  }
  const error = await failure(sr.post('/echo', { form: { file: 'x' } }))
  assert.equal(error.field, 'form')
})
