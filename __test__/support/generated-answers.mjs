/** Answers of a server, as plain values: generated, printed when they fail, and written as the bytes that are sent. */

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'

const { array, boolean, constant, constantFrom, integer, oneof, record, tuple, uint8Array } = fc

const statuses = [201, 202, 203, 204, 205, 206, 207, 226, 300, 304, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503]
const status = oneof(
  { weight: 3, arbitrary: constant(200) },
  { weight: 3, arbitrary: constantFrom(...statuses) },
  integer({ min: 200, max: 599 }),
)

// Values are text of bytes: a character is one byte.
const reason = constantFrom(' OK', ' OK', ' ', '', ' Odd  (reason)!', ' caf\xe9', ' caf\xc3\xa9', ' a\tb', ' Not Found')
const value = constantFrom(
  'plain',
  '',
  'caf\xe9',
  'caf\xc3\xa9',
  '\xff',
  ' \tpadded \t',
  'a, b',
  'a\tb',
  'a\r\n folded',
)
const cookie = constantFrom('a=1', 'b=2; Path=/; HttpOnly', '', 'c=\xe9', 'd=1, e=2')
const field = oneof(
  {
    weight: 6,
    arbitrary: tuple(constantFrom('x-a', 'X-A', 'x-b', 'Vary', 'link', 'ETag', 'date', 'content-language'), value),
  },
  { weight: 3, arbitrary: tuple(constantFrom('set-cookie', 'Set-Cookie'), cookie) },
  tuple(constantFrom('retry-after', 'www-authenticate', 'keep-alive', 'content-disposition', 'refresh'), constant('5')),
  tuple(constant('location'), constantFrom('/elsewhere', '', 'caf\xe9')),
)
const badField = oneof(
  tuple(constant('x-bad'), constantFrom('\x01', '\x7f', 'a\0b', 'a\rb')),
  tuple(constant('x bad'), value),
)

const type = constantFrom(
  ...[
    undefined,
    '',
    'text/plain',
    'text/plain; charset=utf-8',
    'text/plain;charset=iso-8859-1',
    'nonsense',
    'caf\xe9/x',
  ],
  ...[
    'text/html; charset=utf-16',
    'text/csv; charset=windows-1252',
    'text/plain; charset=bogus',
    'TEXT/Plain; Charset="UTF-8"',
  ],
  ...['application/json', 'application/json; charset=utf-16le', 'application/problem+json', 'application/octet-stream'],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=b',
    'multipart/form-data',
    'image/png',
    'a/b, c/d',
  ],
)

const latin = text => Buffer.from(text, 'latin1')
const form = [
  '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n',
  '--b\r\nContent-Disposition: form-data; name="f"; filename="caf\xc3\xa9.txt"\r\nContent-Type: text/x\r\n\r\ntwo\r\n--b--\r\n',
].join('')
const BODIES = {
  empty: Buffer.alloc(0),
  text: Buffer.from('Zoë 日本 😀'),
  'text in latin-1': latin('caf\xe9 \x80'),
  'text in UTF-16': Buffer.from('\ufeffhé', 'utf16le'),
  'text with a mark': Buffer.from('\ufeffmarked'),
  'JSON with a mark': Buffer.from('\ufeff{"a":1}'),
  JSON: Buffer.from('{"name":"Zoë","list":[1,null]}'),
  'half of JSON': Buffer.from('{"name":'),
  pairs: Buffer.from('a=1&b=%C3%A9+x&a='),
  form: latin(form),
  'half of a form': latin(form.slice(0, -12)),
  long: Buffer.from('0123456789abcdef'.repeat(3000)),
}
const body = oneof(
  { weight: 8, arbitrary: constantFrom(...Object.keys(BODIES)) },
  { weight: 2, arbitrary: constant('long') },
  { weight: 2, arbitrary: uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes).toString('latin1')) },
)

const CODINGS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  GZip: gzipSync,
  deflate: deflateSync,
  'raw deflate': deflateRawSync,
  br: brotliCompressSync,
  zstd,
  identity: bytes => bytes,
  unknown: bytes => bytes,
}
const codings = oneof(
  { weight: 5, arbitrary: constant([]) },
  { weight: 3, arbitrary: array(constantFrom(...Object.keys(CODINGS)), { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: array(constantFrom(...Object.keys(CODINGS)), { minLength: 2, maxLength: 3 }) },
)

/** One frame of blocks as they are (RFC 8878): Node 20 has no encoder. */
function zstd(bytes) {
  const blocks = []
  for (let at = 0; at === 0 || at < bytes.length; at += 100_000) {
    const block = bytes.subarray(at, at + 100_000)
    const head = Buffer.alloc(3)
    head.writeUIntLE((block.length << 3) | Number(at + 100_000 >= bytes.length), 0, 3)
    blocks.push(head, block)
  }
  // A window of 128 KiB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]), ...blocks])
}

const framing = oneof(
  { weight: 3, arbitrary: record({ kind: constant('length') }) },
  {
    weight: 3,
    arbitrary: record({
      kind: constant('chunked'),
      size: constantFrom(1000, 7, 100_000),
      extension: constantFrom('', ';a=b', ';a="x;y"', ' ;a'),
      trailers: array(tuple(constantFrom('x-trailer', 'x-a'), constant('late')), { maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: record({ kind: constant('close') }) },
)

/** One answer, what it is asked with, and how it is read. */
export const answers = record({
  method: oneof(
    { weight: 6, arbitrary: constant('GET') },
    { weight: 2, arbitrary: constantFrom('HEAD', 'POST', 'PUT') },
  ),
  redirect: oneof({ weight: 6, arbitrary: constant(undefined) }, constantFrom(301, 302, 303, 307, 308)),
  interim: oneof({ weight: 6, arbitrary: constant([]) }, array(constantFrom(100, 102, 103), { maxLength: 2 })),
  version: oneof({ weight: 5, arbitrary: constant('1.1') }, constant('1.0')),
  status,
  reason,
  fields: array(oneof({ weight: 40, arbitrary: field }, badField), { maxLength: 5 }),
  type,
  body,
  codings,
  framing,
  cut: oneof({ weight: 5, arbitrary: constant(undefined) }, constantFrom('message', 'coding')),
  // By how much another length differs, if it is stated, too.
  otherLength: oneof({ weight: 8, arbitrary: constant(undefined) }, constantFrom(0, -1, 1)),
  inPieces: boolean(),
  read: constantFrom('text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData', 'stream'),
  clone: boolean(),
})

/** The bytes of an answer, in the pieces in which they are sent. */
export function wireOf(answer) {
  const { status, version, reason, fields, type, method, framing, interim, cut, inPieces, otherLength } = answer
  const content = contentOf(answer)
  const lines = [`HTTP/${version} ${status}${reason}`, ...fields.map(([name, value]) => `${name}: ${value}`)]
  if (type !== undefined) lines.push(`Content-Type: ${type}`)
  if (answer.codings.length > 0) {
    lines.push(`content-encoding: ${answer.codings.map(coding => coding.replace('raw ', '')).join(', ')}`)
  }
  if (version === '1.1') lines.push('connection: close')
  const chunked = framing.kind === 'chunked' && version === '1.1'
  const bodiless = method === 'HEAD' || status === 204 || status === 304
  if (chunked && status !== 204) lines.push('transfer-encoding: chunked')
  if (framing.kind === 'length' && status !== 204) lines.push(`content-length: ${content.length}`)
  if (otherLength !== undefined && framing.kind !== 'close')
    lines.push(`content-length: ${content.length + otherLength}`)
  const before = interim.map(status => `HTTP/1.1 ${status} Interim\r\nx-interim: 1\r\n\r\n`).join('')
  const head = latin(`${before}${lines.join('\r\n')}\r\n\r\n`)
  const message = bodiless ? Buffer.alloc(0) : chunked ? chunks(content, framing) : content
  const end = cut === 'message' ? Math.max(message.length - 3, 0) : message.length
  const whole = Buffer.concat([head, message.subarray(0, end)])
  if (!inPieces) return [whole]
  const [first, second] = [Math.floor(head.length / 2), head.length + Math.floor(end / 3)]
  return [whole.subarray(0, first), whole.subarray(first, second), whole.subarray(second)]
}

/** How many bytes of an answer are extensions of chunks. */
export function extensionsOf(answer) {
  const { size, extension = '' } = answer.framing
  return Math.ceil(contentOf(answer).length / size) * extension.length
}

/** The same answer, as it is once its codings are taken off: made without a network. */
export function plainOf(answer) {
  const { body, codings, type, status, method } = answer
  const bodiless = method === 'HEAD' || [204, 205, 304].includes(status)
  const isDecoded = !codings.includes('unknown') && codings.some(coding => coding !== 'identity')
  const content = isDecoded ? bytesOf(body) : contentOf(answer)
  return new Response(bodiless ? null : content, {
    status,
    headers: type === undefined ? {} : { 'content-type': type },
  })
}

function bytesOf(body) {
  return Object.hasOwn(BODIES, body) ? BODIES[body] : latin(body)
}

function contentOf({ body, codings, cut }) {
  let content = bytesOf(body)
  for (const coding of codings) content = CODINGS[coding](content)
  return cut === 'coding' && codings.length > 0 ? content.subarray(0, -5) : content
}

function chunks(content, { size, extension, trailers }) {
  const parts = []
  for (let at = 0; at < content.length; at += size) {
    const part = content.subarray(at, at + size)
    parts.push(latin(`${part.length.toString(16).toUpperCase()}${extension}\r\n`), part, latin('\r\n'))
  }
  const last = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([...parts, latin(`0${extension}\r\n${last}\r\n`)])
}
