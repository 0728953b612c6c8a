// `sr.fetch` in place of the platform's: what it takes.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { compileFunction, createContext, runInNewContext } from 'node:vm'
import { ApiKey, ConfigurationError, SmartRecruiters } from 'smartrecruiters'
import { echo, platformEcho, sandbox, sha256, sr } from './support/fetch.mjs'
import { failure, serve } from './support/servers.mjs'

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
  const load = compileFunction(code, ['require', 'module', 'exports', '__dirname'], { parsingContext: realm })
  load(createRequire(file), module, module.exports, dirname(file))
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
