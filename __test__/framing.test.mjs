// How requests are framed, byte for byte, and what answers become: as the platform's `fetch` has it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { createServer } from 'node:net'
import { Readable, Stream } from 'node:stream'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { ConfigurationError } from 'smartrecruiters'
import { failure, listen, serve } from './support/servers.mjs'

const thisFile = fileURLToPath(import.meta.url)

let small

before(async () => {
  small = await openAsBlob(thisFile)
})

/** A server of raw bytes: `sent` resolves with the whole of the last request, once `end` of its body has come. */
async function rawServer(t, options) {
  const requests = []
  const server = createServer(socket => {
    let received = ''
    socket.on('data', data => {
      received += data.toString('latin1')
      if (!isWhole(received)) return
      requests.push(received)
      received = ''
      socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n')
    })
  })
  const { sr } = await serve(t, () => {}, { ...options, baseUrl: `http://127.0.0.1:${await listen(t, server)}` })
  return { sr, baseUrl: sr.baseUrl, last: () => parse(requests.at(-1)), count: () => requests.length }
}

function isWhole(text) {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1]
  if (length !== undefined) return text.length - head - 4 >= Number(length)
  return !/\r\ntransfer-encoding: chunked/i.test(text.slice(0, head)) || text.endsWith('0\r\n\r\n')
}

function parse(text) {
  const [head, ...rest] = text.split('\r\n\r\n')
  const [line, ...fields] = head.split('\r\n')
  const headers = Object.fromEntries(
    fields.map(field => [field.split(': ')[0].toLowerCase(), field.split(/: (.*)/s)[1]]),
  )
  return { line, headers, body: rest.join('\r\n\r\n') }
}

// Requests.

test('a form states its length, whatever files are in it and however it comes', async t => {
  const { sr, last } = await rawServer(t)
  const form = file => {
    const form = new FormData()
    form.set('attachmentType', 'RESUME')
    if (file) form.set('file', file, 'cv.pdf')
    return form
  }
  for (const [name, file] of Object.entries({
    'no file': undefined,
    'a small Blob': new Blob(['content']),
    'a Blob of 2 MiB': new Blob([Buffer.alloc(2 << 20)]),
    'a file of openAsBlob': small,
    'a slice of one': small.slice(3, 100),
  })) {
    const url = `${sr.baseUrl}/forms`
    for (const send of [
      () => sr.post('/forms', { form: form(file) }).asResponse(),
      () => sr.post('/forms', { body: form(file) }).asResponse(),
      () => sr.fetch('/forms', { method: 'POST', body: form(file) }),
      () => sr.fetch(new Request(url, { method: 'POST', body: form(file) })),
    ]) {
      await send()
      const { headers, body } = last()
      assert.equal(headers['content-length'], String(body.length), name)
      assert.equal(headers['transfer-encoding'], undefined, name)
    }
  }
})

test('PATCH is written as the caller writes it, as fetch has it', async t => {
  const { sr, baseUrl, last } = await rawServer(t)
  for (const method of ['PATCH', 'Patch', 'patch']) {
    for (const send of [fetch, sr.fetch]) {
      for (const [input, init] of [
        [baseUrl, { method }],
        [new Request(baseUrl, { method }), {}],
      ]) {
        await send(input, init)
        assert.equal(last().line, `${method} / HTTP/1.1`)
      }
    }
  }
})

test('a file that init gives states its length, whatever the method and the Request that it goes over', async t => {
  const { sr, baseUrl, last } = await rawServer(t)
  const form = new FormData()
  form.set('file', small)
  for (const body of [small, form]) {
    for (const [input, init] of [
      [baseUrl, { method: 'PROPFIND', body, headers: { 'content-type': 'x/y' } }],
      [new Request(baseUrl, { method: 'POST', headers: { 'content-type': 'x/y' } }), { body }],
    ]) {
      await sr.fetch(input, init)
      const { headers, body: sent } = last()
      assert.deepEqual([headers['content-length'], headers['transfer-encoding']], [String(sent.length), undefined])
    }
  }
})

test('a form is written as the platform writes it, but for its boundary', async t => {
  const { sr, baseUrl, last } = await rawServer(t)
  const form = new FormData()
  form.append('plain', 'one\ntwo\r\nthree\rfour')
  form.append('na"me\r\nwith\nbreaks', 'Zoë')
  form.append('file', new Blob(['a\nb']), 'c"v\r\n.pdf')
  form.append('file', new File(['x'], 'é.txt', { type: 'text/plain' }))
  form.append('empty', '')
  const written = () => {
    const { headers, body } = last()
    const boundary = /boundary=(.*)/.exec(headers['content-type'])[1]
    return body.replaceAll(boundary, 'BOUNDARY')
  }
  await fetch(baseUrl, { method: 'POST', body: form })
  const theirs = written()
  await sr.post('/', { form }).asResponse()
  assert.equal(written(), theirs)
})

test('forms of other packages are sent by their entries or their stream, or refused by name', async t => {
  const { sr, last, count } = await rawServer(t)
  // As of npm `form-data`: a stream that knows its headers, and its length.
  class FormStream extends Readable {
    get [Symbol.toStringTag]() {
      return 'FormData'
    }
    getHeaders() {
      return { 'Content-Type': 'multipart/form-data; boundary=b' }
    }
    hasKnownLength() {
      return true
    }
    getLengthSync() {
      return 7
    }
    _read() {
      this.push('--b--\r\n')
      this.push(null)
    }
  }
  // As older versions of it: a stream that cannot be iterated.
  class OldFormStream extends Stream {
    readable = true
    get [Symbol.toStringTag]() {
      return 'FormData'
    }
    getHeaders() {
      return { 'content-type': 'multipart/form-data; boundary=b' }
    }
    pipe(...to) {
      setImmediate(() => this.emit('data', '--b--\r\n') && this.emit('end') && this.emit('close'))
      return super.pipe(...to)
    }
  }
  // As of formdata-node and undici: the entries of the platform's, with files of their own.
  class Entries {
    get [Symbol.toStringTag]() {
      return 'FormData'
    }
    *[Symbol.iterator]() {
      yield ['name', 'value']
      yield [
        'file',
        { [Symbol.toStringTag]: 'File', name: 'a.txt', type: '', size: 3, stream: () => new Blob(['abc']).stream() },
      ]
    }
  }
  await sr.post('/', { form: new FormStream() }).asResponse()
  assert.deepEqual(
    [last().headers['content-type'], last().headers['content-length'], last().body],
    ['multipart/form-data; boundary=b', '7', '--b--\r\n'],
  )
  await sr.post('/', { body: new FormStream(), headers: new FormStream().getHeaders() }).asResponse()
  assert.equal(last().headers['content-type'], 'multipart/form-data; boundary=b')
  await sr.post('/', { form: new OldFormStream() }).asResponse()
  assert.deepEqual([last().headers['content-length'], last().body], ['7', '--b--\r\n'])
  await sr.post('/', { form: new Entries() }).asResponse()
  assert.equal(last().headers['content-length'], String(last().body.length))
  assert.match(last().body, /name="file"; filename="a.txt"\r\nContent-Type: application\/octet-stream\r\n\r\nabc\r\n--/)
  const before = count()
  for (const form of [
    { [Symbol.toStringTag]: 'FormData' },
    { [Symbol.toStringTag]: 'FormData', getHeaders: () => ({}) },
  ]) {
    for (const field of ['form', 'body']) {
      const error = await failure(sr.post('/', { [field]: form }))
      assert.ok(error instanceof ConfigurationError)
      assert.deepEqual([error.field, /new FormData\(\)/.test(error.message)], [field, true])
    }
  }
  assert.equal(count(), before)
})

test('a body that is empty says so, and so does a POST, PUT or PATCH without one', async t => {
  const { sr, last } = await rawServer(t)
  for (const method of ['POST', 'PUT', 'PATCH']) {
    for (const body of [undefined, '', new Uint8Array(0), new Blob([]), new URLSearchParams(), Readable.from([])]) {
      await sr.request(method, '/jobs', body === undefined ? {} : { body }).asResponse()
      const { headers } = last()
      assert.deepEqual([headers['content-length'], headers['transfer-encoding']], ['0', undefined], method)
    }
  }
  await sr.get('/jobs').asResponse()
  assert.equal(last().headers['content-length'], undefined)
  await sr.delete('/jobs').asResponse()
  assert.equal(last().headers['content-length'], undefined)
})

test('a content-length of the caller is taken if it is right, and refused by name if it is not', async t => {
  const { sr, baseUrl, last, count } = await rawServer(t)
  const stream = () => Readable.toWeb(Readable.from([Buffer.alloc(2 << 20, 'x')], { objectMode: false }))
  const right = { 'Content-Length': '5' }
  await sr.post('/', { body: 'bytes', headers: right }).asResponse()
  assert.deepEqual([last().headers['content-length'], last().body], ['5', 'bytes'])
  await sr.fetch('/', { method: 'POST', body: Buffer.from('bytes'), headers: right })
  assert.equal(last().headers['content-length'], '5')
  const long = { method: 'POST', body: stream(), duplex: 'half', headers: { 'content-length': String(2 << 20) } }
  await sr.fetch(new Request(baseUrl, long))
  assert.deepEqual([last().headers['content-length'], last().body.length], [String(2 << 20), 2 << 20])
  await sr.get('/', { headers: { 'content-length': '0' } }).asResponse()
  const before = count()
  for (const [options, stated] of [
    [{ body: 'bytes' }, '4'],
    [{ body: 'bytes' }, '6'],
    [{ body: 'bytes' }, '5.0'],
    [{ body: new Blob([Buffer.alloc(3 << 20)]) }, '5'],
    [{}, '5'],
  ]) {
    const error = await failure(sr.post('/', { ...options, headers: { 'content-length': stated } }))
    assert.deepEqual([error.code, error.field], ['CONFIGURATION', 'headers.content-length'], stated)
  }
  assert.equal(count(), before)
})

test('a stream that is longer or shorter than it says is never taken for whole', async t => {
  const { sr, count } = await rawServer(t)
  for (const stated of [(2 << 20) - 1, (2 << 20) + 1]) {
    const body = Readable.from([Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)], { objectMode: false })
    const error = await failure(sr.post('/', { body, headers: { 'content-length': String(stated) } }))
    assert.match(error.cause.message, new RegExp(`the body is not ${stated} bytes long`))
  }
  assert.equal(count(), 0)
})

test('a string has the content type that fetch gives it, unless the caller gives one', async t => {
  const { sr, baseUrl, last } = await rawServer(t)
  await fetch(baseUrl, { method: 'POST', body: '{"a":1}' })
  const theirs = last().headers['content-type']
  await sr.post('/', { body: '{"a":1}' }).asResponse()
  assert.equal(last().headers['content-type'], theirs)
  await sr.post('/', { body: '{"a":1}', headers: { 'content-type': 'application/json' } }).asResponse()
  assert.equal(last().headers['content-type'], 'application/json')
})

test('header values are bytes in both directions, as the platform has them', async t => {
  const { sr, baseUrl, last } = await rawServer(t)
  // Every byte but control characters.
  const codes = Array.from({ length: 0x100 }, (_, code) => code).filter(code => code >= 0x20 && code !== 0x7f)
  const every = String.fromCharCode(...codes)
  const headers = { 'x-name': `\t caf\u00e9${every}\u00ff ` }
  await fetch(baseUrl, { headers })
  const theirs = last().headers['x-name']
  for (const send of [() => sr.fetch('/', { headers }), () => sr.get('/', { headers }).asResponse()]) {
    await send()
    assert.equal(last().headers['x-name'], theirs)
  }
  for (const value of ['\u0100', '\u20ac', 'a\nb', 'a\0b']) {
    const error = await failure(sr.get('/', { headers: { 'x-name': value } }))
    assert.deepEqual([error.code, error.field], ['CONFIGURATION', 'headers.x-name'])
  }
  const answering = createServer(socket =>
    socket.on('data', () =>
      socket.end(Buffer.from('HTTP/1.1 200 OK\r\nx-name: caf\xe9\r\nconnection: close\r\n\r\n', 'latin1')),
    ),
  )
  const other = await serve(t, () => {}, { baseUrl: `http://127.0.0.1:${await listen(t, answering)}` })
  assert.equal((await other.sr.fetch('/')).headers.get('x-name'), 'caf\u00e9')
})

// Answers.

test('the body of a Response is null only where there can be none', async t => {
  const { sr, baseUrl } = await serve(t, (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x')
    response.statusCode = Number(pathname.slice(1))
    if (searchParams.has('late')) {
      response.flushHeaders()
      return setTimeout(() => response.end(), 20)
    }
    if (searchParams.has('length')) response.setHeader('content-length', 0)
    response.setHeader('content-type', 'application/pdf').end()
  })
  for (const path of ['/200', '/200?length', '/200?late', '/202', '/404', '/500?length']) {
    const theirs = await fetch(baseUrl + path)
    for (const ask of [() => sr.fetch(path), ...(path < '/3' ? [() => sr.get(path).asResponse()] : [])]) {
      const response = await ask()
      let bytes = 0
      for await (const part of response.body) bytes += part.byteLength
      assert.equal(bytes, 0, path)
      assert.equal(theirs.body === null, false, path)
      assert.deepEqual([...response.headers.keys()].sort(), [...theirs.headers.keys()].sort(), path)
    }
  }
  for (const [method, path] of [
    ['GET', '/204'],
    ['GET', '/205'],
    ['GET', '/304'],
    ['HEAD', '/200'],
  ]) {
    assert.equal((await sr.fetch(path, { method })).body, null, `${method} ${path}`)
  }
  assert.equal((await sr.head('/200').asResponse()).body, null)
})

test('what a method resolves with depends on the content type, never on the data', async t => {
  const answers = {}
  const { sr } = await serve(t, (request, response) => {
    const [type, body, status = 200] = answers[request.url]
    if (type) response.setHeader('content-type', type)
    response.writeHead(status).end(body)
  })
  const latin = text => Buffer.from(text, 'latin1')
  const bytes = (...values) => new Uint8Array(values)
  const expected = [
    ['text/csv; charset=ISO-8859-1', latin('name;Müller\n'), 'name;Müller\n'],
    ['text/csv; charset=ISO-8859-1', latin('name;Muller\n'), 'name;Muller\n'],
    ['text/plain; charset=windows-1252', latin('\x80'), '\u20ac'],
    ['text/plain; charset=utf-16le', Buffer.from('hé', 'utf16le'), 'hé'],
    ['text/plain', latin('\xe9'), '\ufffd'],
    ['text/plain', '', ''],
    ['application/json', '{"a":"é"}', { a: 'é' }],
    ['application/json; charset=iso-8859-1', latin('{"a":"é"}'), { a: 'é' }],
    ['application/json', '', undefined],
    ['application/octet-stream', 'text', bytes(116, 101, 120, 116)],
    ['application/octet-stream', '', bytes()],
    ['application/pdf', '', bytes()],
    [undefined, '', undefined],
    [undefined, 'x', bytes(120)],
    ['text/plain', undefined, undefined, 204],
  ]
  for (const [index, [type, body, data, status]] of expected.entries()) {
    answers[`/${index}`] = [type, body, status]
    assert.deepEqual(await sr.get(`/${index}`), data, `${type} ${body}`)
  }
  assert.equal(await sr.head('/5'), undefined)
  const { response } = await sr.get('/0').withResponse()
  assert.equal(await response.text(), 'name;Müller\n')
})

test('large text in another charset is decoded, too', async t => {
  const { sr } = await serve(t, (_request, response) => {
    response.setHeader('content-type', 'text/plain; charset=iso-8859-1').end(Buffer.alloc(3_000_000, 0xe9))
  })
  assert.equal(await sr.get('/'), 'é'.repeat(3_000_000))
})

test('hundreds of header fields, folded fields and 300 KB of head are read, and beyond that the limit is named', async t => {
  const fields = count => Array.from({ length: count }, (_, index) => `x-${index}: 1\r\n`).join('')
  let head
  const server = createServer(socket =>
    socket.on('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\n${head}content-type: application/json\r\nconnection: close\r\n\r\n{"ok":true}`),
    ),
  )
  const { sr } = await serve(t, () => {}, { baseUrl: `http://127.0.0.1:${await listen(t, server)}` })
  for (head of [fields(101), fields(900), `x-long: ${'a'.repeat(300_000)}\r\n`, 'x-folded: a\r\n b\r\n\tc\r\n']) {
    assert.deepEqual(await sr.get('/'), { ok: true }, head.slice(0, 40))
  }
  assert.equal((await sr.fetch('/')).headers.get('x-folded').replace(/\s+/g, ' '), 'a b c')
  for (head of [fields(1100), `x-long: ${'a'.repeat(600_000)}\r\n`]) {
    const error = await failure(sr.get('/'))
    assert.equal(error.code, 'INVALID_RESPONSE')
    assert.match(error.message, /more than 1,000 header fields or is longer than 512 KiB/)
  }
})

test('a hundred interim answers and more are refused at once', async t => {
  let interim
  const server = createServer(socket =>
    socket.on('data', () => socket.write(`${interim}HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n`)),
  )
  const { sr } = await serve(t, () => {}, { baseUrl: `http://127.0.0.1:${await listen(t, server)}` })
  interim = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(100)
  assert.equal(await sr.get('/'), undefined)
  interim = 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100_000)
  const error = await failure(sr.get('/'))
  assert.equal(error.code, 'INVALID_RESPONSE')
  assert.match(error.message, /more than 100 interim answers/)
})

test('a body of nothing but empty gzip members ends as an attack, and a few of them are nothing', async t => {
  const empty = count => Buffer.concat([...Array(count).fill(gzipSync('')), gzipSync('end')])
  const { sr } = await serve(t, (request, response) => {
    response.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'gzip')
    response.end(empty(Number(request.url.slice(1))))
  })
  assert.equal(await sr.get('/900'), 'end')
  assert.match((await failure(sr.get('/1100'))).message, /more than 1,000 parts of nothing/)
})

test('a body of several zstd frames is all of them, and nothing but empty ones ends as an attack', async t => {
  const frame = text =>
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1 | (text.length << 3), 0, 0]), Buffer.from(text)])
  const skipped = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  const bodies = {
    '/several': Buffer.concat([frame('one '), frame(''), skipped, frame('two')]),
    '/padded': Buffer.concat([frame('one'), Buffer.alloc(100)]),
    '/empty': Buffer.concat(Array(1100).fill(frame(''))),
  }
  const { sr } = await serve(t, (request, response) => {
    response.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'zstd').end(bodies[request.url])
  })
  assert.equal(await sr.get('/several'), 'one two')
  assert.equal(await sr.get('/padded'), 'one')
  assert.match((await failure(sr.get('/empty'))).message, /more than 1,000 parts of nothing/)
})

test('a body in chunks of a byte takes about as much memory as its bytes', async t => {
  const size = 2 << 20
  const server = createServer(socket => {
    socket.once('data', async () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n')
      const part = '1\r\nx\r\n'.repeat(1 << 14)
      for (let sent = 0; sent < size; sent += 1 << 14) if (!socket.write(part)) await once(socket, 'drain')
      socket.end('0\r\n\r\n')
    })
  })
  const { sr } = await serve(t, () => {}, { baseUrl: `http://127.0.0.1:${await listen(t, server)}` })
  let most = 0
  const before = process.memoryUsage().rss
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before)
  }, 5)
  const text = await sr.get('/', { timeout: 120_000 })
  clearInterval(sampling)
  assert.equal(text.length, size)
  assert.ok(most < 72 << 20, `${most >> 20} MiB for 2 MiB, in a process that is the server, too`)
})

test('small chunks that are there together are read together', async t => {
  const chunks = 20_000
  const server = createServer(socket => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      socket.end(`${'7\r\n1234567\r\n'.repeat(chunks)}0\r\n\r\n`)
    })
  })
  const { sr } = await serve(t, () => {}, { baseUrl: `http://127.0.0.1:${await listen(t, server)}` })
  let parts = 0
  let length = 0
  for await (const part of (await sr.fetch('/')).body) {
    parts++
    length += part.length
  }
  assert.equal(length, 7 * chunks)
  assert.ok(parts < chunks / 20, `${parts} parts of ${chunks} chunks`)
})
