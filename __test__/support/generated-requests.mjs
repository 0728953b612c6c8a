/** Requests that `fetch` is asked for, as plain values: generated, printed when they fail, and built anew for each use. */

import { Readable } from 'node:stream'
import fc from 'fast-check'

const { array, boolean, constant, constantFrom, integer, oneof, option, record, tuple, uint8Array } = fc

// Some are none that fetch allows.
const method = oneof(
  { weight: 5, arbitrary: constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'post', 'put', 'Patch', 'delete') },
  { weight: 3, arbitrary: constantFrom(undefined, 'GET', 'get', 'HEAD', 'Head', 'OPTIONS', 'options', 'patch') },
  { weight: 1, arbitrary: constantFrom('PURGE', 'propfind', 'M-SEARCH', 'QUERY', 'CONNECT', 'trace', 'GE T', '') },
)

const text = oneof(
  constantFrom('', 'plain', 'Zoë', '日本', 'a"b', "a'b", 'a\r\nb\nc\rd', 'a&b=c d+e', '%41', '\ud800', '😀', 'a\0b'),
  fc.string({ maxLength: 20 }),
)
const type = constantFrom('', 'text/plain', 'Text/HTML; charset=UTF-8', 'application/json', 'x', 'é')
const bytes = uint8Array({ maxLength: 40 }).map(values => [...values])
const blob = record({ text, type })
const entry = oneof(
  record({ name: text, value: text }),
  record({ name: text, blob, filename: option(text, { nil: undefined }) }),
  record({ name: text, file: text, blob }),
  record({ name: text, onDisk: tuple(integer({ min: 0, max: 9 }), integer({ min: 10, max: 900 })) }),
)
const views = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array']
views.push('Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView')

const body = oneof(
  { weight: 3, arbitrary: constantFrom({ kind: 'none' }, { kind: 'null' }) },
  { weight: 2, arbitrary: record({ kind: constant('text'), text }) },
  record({ kind: constant('json'), value: fc.jsonValue({ maxDepth: 2 }) }),
  record({ kind: constant('params'), pairs: array(tuple(text, text), { maxLength: 3 }) }),
  { weight: 3, arbitrary: record({ kind: constant('form'), entries: array(entry, { maxLength: 4 }) }) },
  record({ kind: constant('blob'), blob }),
  record({ kind: constant('file'), blob, name: text }),
  record({ kind: constant('on disk'), type, start: integer({ min: 0, max: 100 }), end: integer({ min: 0, max: 900 }) }),
  record({ kind: constant('buffer'), bytes }),
  record({
    kind: constant('view'),
    view: constantFrom(...views),
    start: integer({ min: 0, max: 3 }),
    length: integer({ min: 0, max: 4 }),
  }),
  record({
    kind: constantFrom('stream', 'byte stream', 'iterable', 'generator', 'Readable', 'stream without duplex'),
    parts: array(bytes, { maxLength: 4 }),
    late: boolean(),
  }),
  record({ kind: constantFrom('stream of text', 'number', 'object', 'list', 'used stream', 'locked stream') }),
)

const value = oneof(
  {
    weight: 30,
    arbitrary: constantFrom('plain', '', ' \t padded\t ', 'é', '\xff\xa0', 'a, b', 'a\tb', '"q"', '\nv\r\n'),
  },
  { weight: 1, arbitrary: constantFrom('€', 'a\nb', 'a\0b') },
)
const headerName = oneof(
  { weight: 3, arbitrary: constantFrom('x-a', 'X-A', 'x-b', 'X-Own-Header', 'x_y', "!#$%&'*+-.^_`|~") },
  constantFrom('Accept', 'accept', 'accept-encoding', 'Accept-Language', 'User-Agent', 'cookie', 'Referer', 'Origin'),
  constantFrom('range', 'If-None-Match', 'cache-control', 'Pragma', 'TE', 'DNT', 'date', 'via', 'sec-fetch-mode'),
)
const header = oneof(
  { weight: 24, arbitrary: tuple(headerName, value) },
  { weight: 6, arbitrary: tuple(constantFrom('content-type', 'Content-Type'), constantFrom('x/y', '', 'x; a="b"')) },
  {
    weight: 3,
    arbitrary: tuple(constantFrom('content-encoding', 'Content-Language', 'content-location'), constant('x')),
  },
  { weight: 3, arbitrary: tuple(constantFrom('content-length', 'Content-Length'), constant('right')) },
  tuple(constantFrom('Authorization', 'host', 'X-SmartToken', 'expect', 'upgrade', 'x a', '', 'é'), constant('other')),
  tuple(constantFrom('Connection', 'transfer-encoding', 'keep-alive'), constantFrom('close', 'keep-alive', 'chunked')),
)
const headers = record({
  as: constantFrom('object', 'pairs', 'Headers', 'Map'),
  fields: oneof(constant([]), array(header, { maxLength: 5 })),
})

const path = array(
  constantFrom(
    '/',
    '/a',
    '/é',
    '/a%2Fb',
    '/a b',
    '/..',
    '/.',
    '/%2e%2e',
    '/%2E',
    '/a%2f..%2fb',
    '/%zz',
    '/{x}',
    '/%E9',
  ),
  { maxLength: 3 },
)
const odd = constantFrom(';v=1', ':b', '|', '^', '`', '"<>', "'", '\\', '%', '😀', '\t', '@', '~', '[1]', '$&', '%7E')
const query = array(
  oneof(
    constantFrom(
      '?',
      '??',
      '?a=b',
      '&a=1',
      '&q=é "',
      "&a='b'",
      '&a=%zz',
      '&a=b\\c',
      '&a=[1]',
      '&a={}|^`',
      '&+',
      '&%20',
    ),
    odd,
  ),
  { maxLength: 3 },
)
const fragment = constantFrom('', '', '', '#', '#f', '#a?b', '#é')
const url = tuple(path, oneof(constant(''), odd), query, fragment).map(([path, odd, query, fragment]) => {
  const asked = query.join('')
  return `/x${path.join('')}${odd}${asked && `?${asked}`}${fragment}`
})

// A body that its method cannot have is refused: one such case in ten is enough.
const init = tuple(record({ method, headers, body }), integer({ min: 0, max: 9 })).map(([init, chance]) =>
  chance > 0 && /^(get|head)$/i.test(init.method ?? 'GET') ? { ...init, body: { kind: 'none' } } : init,
)

/** One request. `over` is what is given with a `Request`. */
export const requests = oneof(
  { weight: 3, arbitrary: record({ url, as: constantFrom('string', 'path', 'URL'), init }) },
  { weight: 1, arbitrary: record({ url, as: constant('Request'), init }) },
  {
    weight: 1,
    arbitrary: record({
      url,
      as: constant('Request'),
      init,
      over: record({ method, headers, body }, { requiredKeys: [] }),
    }),
  },
)

/** The arguments for `fetch` of a generated request. `file` is a Blob that is read from the disk. */
export function argumentsOf({ url, as, init, over }, baseUrl, file) {
  const whole = baseUrl + url
  if (as === 'Request') {
    if (over === undefined) return [new Request(whole, initOf(init, file))]
    return [new Request(whole, initOf(over.body ? withoutLength(init) : init, file)), initOf(over, file, null)]
  }
  return [as === 'URL' ? new URL(whole) : as === 'path' ? url : whole, initOf(init, file)]
}

/** A length that a Request states would be that of another body, once it is given one. */
function withoutLength(init) {
  const fields = init.headers.fields.filter(([, value]) => value !== 'right')
  return { ...init, headers: { ...init.headers, fields } }
}

/** `length` is what a caller states of a body that is not in the init, if that is known. */
function initOf({ method, headers, body }, file, length = 0) {
  const given = body && bodyOf(body, file)
  return {
    ...(method !== undefined && { method }),
    ...(headers && { headers: headersOf(headers, given == null ? length : lengthOf(body, given)) }),
    ...(body && body.kind !== 'none' && { body: given }),
    ...(body && /stream$|able$|generator/i.test(body.kind) && { duplex: 'half' }),
  }
}

function headersOf({ as, fields }, length) {
  const known = fields.filter(([, value]) => value !== 'right' || length != null)
  const pairs = known.map(([name, value]) => [name, value === 'right' ? String(length) : value])
  if (as === 'object') return Object.fromEntries(pairs)
  return as === 'pairs' ? pairs : as === 'Map' ? new Map(pairs) : new Headers(pairs)
}

/** The length of a body in bytes, if its caller knows it. */
function lengthOf({ parts }, body) {
  if (parts) return parts.flat().length
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.byteLength(String(body))
  return body.byteLength ?? body.size
}

function bodyOf(body, file) {
  switch (body.kind) {
    case 'none':
      return undefined
    case 'null':
      return null
    case 'text':
      return body.text
    case 'json':
      return JSON.stringify(body.value)
    case 'params':
      return new URLSearchParams(body.pairs)
    case 'form':
      return formOf(body.entries, file)
    case 'blob':
      return blobOf(body.blob)
    case 'file':
      return new File([body.blob.text], body.name, { type: body.blob.type })
    case 'on disk':
      return file.slice(body.start, body.end, body.type)
    case 'buffer':
      return new Uint8Array(body.bytes).buffer
    case 'view':
      return viewOf(body)
    case 'number':
      return 7
    case 'object':
      return { a: 1 }
    case 'list':
      return [1, 2]
    case 'stream of text':
      return ReadableStream.from(['text'])
    default:
      return streamOf(body)
  }
}

function blobOf({ text, type }) {
  return new Blob([text], { type })
}

function formOf(entries, file) {
  const form = new FormData()
  for (const entry of entries) {
    if ('value' in entry) form.append(entry.name, entry.value)
    else if ('onDisk' in entry) form.append(entry.name, file.slice(...entry.onDisk), 'disk.txt')
    else if ('file' in entry)
      form.append(entry.name, new File([entry.blob.text], entry.file, { type: entry.blob.type }))
    else form.append(entry.name, blobOf(entry.blob), ...(entry.filename === undefined ? [] : [entry.filename]))
  }
  return form
}

/** A part of a larger buffer. */
function viewOf({ view, start, length }) {
  const { buffer } = Uint8Array.from({ length: 64 }, (_, index) => index * 4 + 1)
  const View = globalThis[view]
  return new View(buffer, start * (View.BYTES_PER_ELEMENT ?? 1), length)
}

function streamOf({ kind, parts = [[1], [2]], late }) {
  async function* generator() {
    // Of an iterable, `fetch` of Node 20 waits for ever after an empty part.
    for (const part of kind === 'stream' ? parts : parts.filter(part => part.length > 0)) {
      if (late) await new Promise(setImmediate)
      yield Uint8Array.from(part)
    }
  }
  if (kind === 'generator') return generator()
  if (kind === 'iterable') return { [Symbol.asyncIterator]: generator }
  if (kind === 'Readable') return Readable.from(generator(), { objectMode: false })
  if (kind === 'byte stream') return byteStream(parts.filter(part => part.length > 0))
  const stream = ReadableStream.from(generator())
  if (kind === 'locked stream') stream.getReader()
  if (kind === 'used stream') {
    const reader = stream.getReader()
    reader.read().catch(() => {})
    reader.releaseLock()
  }
  return stream
}

function byteStream(parts) {
  const left = [...parts]
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const part = left.shift()
      if (part) return controller.enqueue(Uint8Array.from(part))
      controller.close()
      controller.byobRequest?.respond(0)
    },
  })
}
