// `sr.fetch` beside the platform's `fetch`: generated requests have to be the same on the wire, and generated answers have
// to be read as the same. What differs, and why, is in the two lists here, and nowhere else.

import { openAsBlob } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { agreement } from './support/agreement.mjs'
import { answeringSocket } from './support/answering-socket.mjs'
import { answers, extensionsOf, plainOf, wireOf } from './support/generated-answers.mjs'
import { argumentsOf, requests } from './support/generated-requests.mjs'
import { recordingSocket } from './support/recording-socket.mjs'

const clientOf = baseUrl => new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, retries: 0, limits: false })

const fieldsOf = ({ init, over }) => over?.headers?.fields ?? init.headers.fields
const states = (asked, wanted) => fieldsOf(asked).some(([name]) => name.toLowerCase() === wanted)
const isBody = body => body !== undefined && !['none', 'null'].includes(body.kind)
const bodyOf = ({ init, over }) => (isBody(over?.body) ? over.body : init.body)
const hasFile = ({ kind, entries = [] }) =>
  /^(blob|file|on disk)$/.test(kind) || entries.some(entry => !('value' in entry))
/** The properties of a request that say where its body ends. */
const FRAMING = ['framing', 'header content-length', 'header transfer-encoding']

/** What `sr.fetch` sends in another way than `fetch`, on purpose. */
const REQUESTS = [
  {
    what: ['header x-smarttoken'],
    reason: 'The credential is what a client is for.',
    allows: ({ theirs, ours }) => theirs === undefined && isDeepStrictEqual(ours, ['key']),
  },
  {
    what: ['header user-agent'],
    reason: 'A client says what it is, unless the caller does.',
    allows: ({ ours, asked }) => /^smartrecruiters\/\d/.test(ours) && !states(asked, 'user-agent'),
  },
  {
    what: ['header accept-encoding'],
    reason: 'A client decodes more codings than Node, unless the caller chose some.',
    allows: ({ ours, asked }) => ours?.[0] === 'gzip, deflate, br, zstd' && !states(asked, 'accept-encoding'),
  },
  {
    what: ['header accept-encoding'],
    reason: 'Codings that the caller chose stay as they are; Node adds to them for a range.',
    allows: ({ theirs, ours, asked }) => states(asked, 'range') && `${theirs}` === `${ours}, identity`,
  },
  {
    what: ['header accept-language'],
    reason: 'That any language will do is what a request without this field says, too (RFC 9110 section 12.5.4).',
    allows: ({ theirs, ours }) => theirs?.[0] === '*' && ours === undefined,
  },
  {
    what: ['header sec-fetch-mode'],
    reason: 'It is what a browser says of itself (Fetch Metadata); Node says it over what the caller says.',
    allows: ({ theirs, ours, asked }) =>
      theirs?.[0] === 'cors' && (ours === undefined || states(asked, 'sec-fetch-mode')),
  },
  {
    what: ['header connection'],
    reason: 'HTTP/1.1 keeps connections without being told to (RFC 9112 section 9.3); Node closes them after HEAD.',
    allows: ({ theirs, ours }) => ['keep-alive', 'close'].includes(theirs?.[0]) && ours === undefined,
  },
  {
    what: ['header pragma', 'header cache-control'],
    reason: 'A client has no cache, and so no modes of one: Node turns its own off for a conditional request.',
    allows: ({ theirs, ours, asked }) =>
      theirs?.[0] === 'no-cache' && ours === undefined && states(asked, 'if-none-match'),
  },
  {
    what: ['names'],
    reason: 'The case of a name means nothing (RFC 9110 section 5.1).',
    allows: ({ ours }) => ours.every(name => name === name.toLowerCase()),
  },
  {
    what: ['line'],
    reason: 'A backslash in a query is encoded, which means the same.',
    allows: ({ theirs, ours }) => theirs.replaceAll('\\', '%5C') === ours,
  },
  {
    what: ['line'],
    reason: 'A query that is empty is not the same as none (RFC 3986 section 6.2.3); Node leaves it out before 24.',
    allows: ({ theirs, ours }) => theirs === ours.replace('? HTTP/1.1', ' HTTP/1.1'),
  },
  {
    what: FRAMING,
    reason: 'Of no body, POST, PUT and PATCH state the length (docs/http.md); Node has more methods that do.',
    allows: ({ ours, asked }) =>
      !isBody(bodyOf(asked)) &&
      /^(QUERY|PROPFIND)$/i.test(asked.over?.method ?? asked.init.method) &&
      ours !== 'chunked',
  },
  {
    what: FRAMING,
    reason: 'An empty body is one (Fetch standard, "HTTP-network-or-cache fetch"); Node takes it for none.',
    allows: ({ asked, all: { theirs, ours } }) =>
      isBody(bodyOf(asked)) && ours.body === '' && `${theirs.framing} ${ours.framing}` === 'none content-length',
  },
  {
    what: FRAMING,
    reason: 'A stream whose parts are all there at once is sent with its length: it can be sent again.',
    allows: ({ asked, all: { theirs, ours } }) =>
      'parts' in bodyOf(asked) && `${theirs.framing} ${ours.framing}` === 'chunked content-length',
  },
  {
    what: FRAMING,
    reason:
      'The platform does not tell the length of the body of a Request: what takes a while to read is sent without it.',
    allows: ({ asked, all: { theirs, ours } }) =>
      asked.as === 'Request' &&
      !isBody(asked.over?.body) &&
      hasFile(asked.init.body) &&
      `${theirs.framing} ${ours.framing}` === 'content-length chunked',
  },
  {
    what: ['body'],
    reason: 'A file of a form has a name, if an empty one (Fetch standard, "multipart/form-data encoding algorithm").',
    allows: ({ theirs, ours }) => theirs === ours.replaceAll('; filename=""', ''),
  },
  {
    what: ['outcome'],
    reason: 'These headers are the business of the client, as is its credential.',
    allows: ({ all: { refused } }) => /^headers\.(authorization|x-smarttoken|host|connection)$/i.test(refused),
  },
  {
    what: ['outcome'],
    reason: 'A length that is stated twice is not a number (RFC 9110 section 8.6).',
    allows: ({ asked, all: { refused } }) =>
      refused === 'headers.content-length' &&
      fieldsOf(asked).filter(([name]) => /^content-length$/i.test(name)).length > 1,
  },
  {
    what: ['outcome'],
    reason: 'Dots beside an encoded slash lead elsewhere at servers that decode it first.',
    allows: ({ asked, all: { refused } }) => refused === 'path' && asked.url.includes('a%2f..%2fb'),
  },
  {
    what: ['outcome'],
    reason: 'What is not a body is a mistake, which is refused and not sent as `[object Object]`.',
    allows: ({ asked, all: { refused } }) => refused === 'body' && ['object', 'list'].includes(bodyOf(asked).kind),
  },
]

/** What `sr.fetch` makes of answers in another way than `fetch`, on purpose. */
const ANSWERS = [
  {
    what: ['statusText', 'statusText of the clone'],
    reason:
      'It is the phrase of the status, as over HTTP/2: that of the server has no meaning (RFC 9110 section 15.1).',
    allows: ({ ours, asked }) => ours === (STATUS_CODES[asked.status] ?? ''),
  },
  {
    what: ['headers', 'headers of the clone'],
    reason: 'Blanks after a value are not part of it (RFC 9110 section 5.5); Node leaves those in that end in a tab.',
    allows: ({ theirs, ours }) => {
      const trimmed = theirs.map(([name, value]) => [name, value.replace(/ \t(?=, |$)/g, '')])
      return isDeepStrictEqual(ours, trimmed)
    },
  },
  {
    what: ['outcome'],
    reason: 'Any interim answers may come before an answer (RFC 9110 section 15.2); Node refuses 100.',
    allows: ({ ours, asked }) => ours === 'answered' && asked.interim.includes(100),
  },
  {
    what: ['outcome'],
    reason: 'A blank in the name of a field makes an answer one that cannot be trusted (RFC 9112 section 5.1).',
    allows: ({ ours, asked }) => ours === 'rejected' && asked.fields.some(([name]) => name === 'x bad'),
  },
  {
    what: ['outcome'],
    reason: 'A value over several lines is one with blanks (RFC 9112 section 5.2); Node refuses it from 24 on.',
    allows: ({ ours, asked }) => ours === 'answered' && asked.fields.some(([, value]) => value.includes('\r\n ')),
  },
  {
    what: ['outcome'],
    reason: 'The same length twice is one length (RFC 9110 section 8.6).',
    allows: ({ ours, asked }) => ours === 'answered' && asked.framing.kind === 'length' && asked.otherLength === 0,
  },
  {
    what: ['outcome'],
    reason: 'An answer without a body can state any length.',
    allows: ({ ours, asked }) =>
      ours === 'answered' && asked.otherLength !== undefined && (asked.method === 'HEAD' || asked.status === 304),
  },
  {
    what: ['outcome'],
    reason: 'Beside chunks a length counts for nothing (RFC 9112 section 6.3).',
    allows: ({ ours, asked }) =>
      ours === 'answered' && asked.framing.kind === 'chunked' && asked.otherLength !== undefined,
  },
  {
    what: ['read', 'read of the clone'],
    reason:
      'Bytes that end before their content coding does are a part of the body, which must not be taken for whole.',
    allows: ({ ours, asked }) =>
      ours.error === 'TypeError' && (asked.cut ?? asked.otherLength) !== undefined && asked.codings.length > 0,
  },
  {
    what: ['read', 'read of the clone'],
    reason: 'Chunks without their end are a part of the body; Node takes them for whole before a connection closes.',
    allows: ({ ours, asked }) =>
      ours.error === 'TypeError' && asked.cut === 'message' && asked.framing.kind === 'chunked',
  },
  {
    what: ['read', 'read of the clone'],
    reason: 'A blank before the extension of a chunk is bad style, but no error (RFC 9112 section 7.1.1).',
    allows: ({ ours, asked, all }) =>
      asked.framing.extension?.startsWith(' ') && isDeepStrictEqual(ours, all.plain.read),
  },
  {
    what: ['read', 'read of the clone'],
    reason: 'A redirect that leads nowhere is an answer as others are; Node 26 cuts its body off.',
    allows: ({ theirs, ours, asked, all }) =>
      [301, 302, 303, 307, 308].includes(asked.status) &&
      theirs.error === 'TypeError' &&
      isDeepStrictEqual(ours, all.plain.read),
  },
  {
    what: ['read', 'read of the clone'],
    reason: 'More than 16 KiB of extensions of chunks is what only an attacker sends.',
    allows: ({ ours, asked }) => ours.error === 'TypeError' && extensionsOf(asked) > 16 * 1024,
  },
  {
    what: ['read', 'read of the clone'],
    reason: 'A client asks for zstd and decodes it, also where Node does not.',
    allows: ({ ours, asked, all }) => asked.codings.includes('zstd') && isDeepStrictEqual(ours, all.plain.read),
  },
  {
    what: ['read', 'read of the clone'],
    reason: 'The coding `identity` is none (RFC 9110 section 12.5.3); Node decodes nothing beside it.',
    allows: ({ ours, asked, all }) => asked.codings.includes('identity') && isDeepStrictEqual(ours, all.plain.read),
  },
]

test('300 generated requests are sent as fetch sends them', async t => {
  const { baseUrl, taken } = await recordingSocket(t)
  const sr = clientOf(baseUrl)
  const file = await openAsBlob(fileURLToPath(new URL('./framing.test.mjs', import.meta.url)))
  const sent = async send => {
    try {
      await send()
    } catch (error) {
      return [{ outcome: 'rejected', error: error.name, requests: taken().length }, error.cause?.field]
    }
    const requests = taken()
    return [{ outcome: 'sent', ...onTheWire(requests[0]), requests: requests.length }]
  }
  const both = async asked => {
    // Only a client knows where a path leads.
    const whole = { ...asked, as: asked.as === 'path' ? 'string' : asked.as }
    const [theirs] = await sent(() => fetch(...argumentsOf(whole, baseUrl, file)))
    const [ours, refused] = await sent(() => sr.fetch(...argumentsOf(asked, baseUrl, file)))
    return { theirs, ours, refused }
  }
  await agreement(t, requests, both, REQUESTS)
})

test('300 generated answers are read as fetch reads them', async t => {
  const served = await answeringSocket(t)
  const sr = clientOf(served.baseUrl)
  const both = async asked => {
    served.answer = wireOf(asked)
    served.redirect = asked.redirect
    const url = `${served.baseUrl}${asked.redirect ? '/from' : '/there'}?q#part`
    const init = { method: asked.method }
    return {
      theirs: await readFrom(() => fetch(url, init), asked),
      ours: await readFrom(() => sr.fetch(url, init), asked),
      plain: await readFrom(() => plainOf(asked), asked),
    }
  }
  await agreement(t, answers, both, ANSWERS)
})

/** A request as a record of what is compared. A boundary is another each time, and may be longer. */
function onTheWire({ line, fields, framing, body, rest }) {
  const plain = text => text.replaceAll(/----formdata-\w+-\w+/g, 'BOUNDARY')
  const record = { line, framing, body: plain(body), rest, names: fields.map(({ name }) => name).sort() }
  for (const { name, value } of fields) {
    const field = `header ${name.toLowerCase()}`
    // The server took as much for the body as the length says; what came after that is the rest.
    const isRight = field === 'header content-length' && value === `${body.length}`
    record[field] = [...(record[field] ?? []), isRight ? 'right' : plain(value)]
  }
  return record
}

const READ = {
  text: response => response.text(),
  json: response => response.json(),
  arrayBuffer: async response => Buffer.from(await response.arrayBuffer()).toString('latin1'),
  // Node 20 has none.
  bytes: async response => Buffer.from(await (response.bytes?.() ?? response.arrayBuffer())).toString('latin1'),
  async blob(response) {
    const blob = await response.blob()
    return [blob.type, blob.size, await blob.text()]
  },
  async formData(response) {
    const entries = [...(await response.formData())]
    return Promise.all(
      entries.map(async ([name, value]) => {
        return [name, typeof value === 'string' ? value : [value.name, value.type, await value.text()]]
      }),
    )
  },
  async stream(response) {
    const parts = []
    for await (const part of response.body ?? []) parts.push(part)
    return Buffer.concat(parts).toString('latin1')
  },
}

/** What is read of an answer, as a record of what is compared. */
async function readFrom(send, { read, clone }) {
  let response
  try {
    response = await send()
  } catch (error) {
    return { outcome: 'rejected', error: error.name }
  }
  const record = { outcome: 'answered', ...headOf(response) }
  const copy = clone ? response.clone() : undefined
  if (copy) for (const [name, value] of Object.entries(headOf(copy))) record[`${name} of the clone`] = value
  const reads = [response, ...(copy ? [copy] : [])].map(one =>
    READ[read](one).then(
      value => ({ value }),
      error => ({ error: error.name }),
    ),
  )
  const [own, copied] = await Promise.all(reads)
  return { ...record, read: own, 'read of the clone': copied, 'bodyUsed afterwards': response.bodyUsed }
}

function headOf({ status, statusText, ok, url, redirected, type, headers, body, bodyUsed }) {
  return {
    status,
    statusText,
    ok,
    url,
    redirected,
    type,
    headers: [...headers],
    'body is null': body === null,
    bodyUsed,
  }
}
