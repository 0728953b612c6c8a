// Calls: what reaches the server, what comes back, and how a call ends before its time.

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { inspect } from 'node:util'
import {
  ApiError,
  ApiKey,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConflictError,
  NetworkError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  SmartRecruiters,
  SmartRecruitersError,
  TimeoutError,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { readApi } from '../scripts/generate/read.mjs'
import { addon } from './support/addon.mjs'
import { failure, serve } from './support/servers.mjs'

let sandbox
let sr

before(async () => {
  sandbox = await startSandbox({ limits: false })
  sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl, limits: false })
})
after(() => sandbox.close())

test('every method reaches the server as it is meant', async () => {
  for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
    const seen = await sr[method]('/echo')
    assert.equal(seen.method, method.toUpperCase())
  }
  assert.equal((await sr.request('OPTIONS', '/echo')).method, 'OPTIONS')
  assert.equal(await sr.head('/echo'), undefined)
  const response = await sr.head('/echo').asResponse()
  assert.equal(response.status, 200)
})

test('parameters, query, headers and JSON arrive encoded and whole', async () => {
  const seen = await sr.post('/echo/{part}', {
    params: { part: 'a/b?c=é' },
    query: { pageId: '/+=', jobId: ['a', 'b'], limit: 10, active: true, skip: undefined, none: null },
    headers: { 'X-Custom': 'value' },
    json: { name: 'Zoë', list: [1, 2] },
  })
  assert.equal(seen.path, '/echo/a%2Fb%3Fc%3D%C3%A9')
  assert.equal(seen.rawQuery, 'pageId=%2F%2B%3D&jobId=a&jobId=b&limit=10&active=true')
  assert.equal(seen.headers['x-custom'], 'value')
  assert.equal(seen.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(seen.body.text), { name: 'Zoë', list: [1, 2] })
})

test('a JSON Patch is sent as one where the API takes one, and other JSON as JSON', async () => {
  const { id } = (await sr.get('/jobs', { query: { limit: 1 } })).content[0]
  const json = [{ op: 'replace', path: '/title', value: 'Nurse' }]
  assert.equal((await sr.patch('/jobs/{id}', { params: { id }, json })).title, 'Nurse')
  assert.equal((await sr.patch(`/jobs/${id}?x=1`, { json: [{ ...json[0], value: 'Cook' }] })).title, 'Cook')
  for (const { method, path } of readApi().operations.filter(({ body }) => body?.mediaType === 'json-patch')) {
    assert.equal(method, 'PATCH')
    const seen = sandbox.nextRequest(({ method }) => method === 'PATCH')
    await failure(sr.patch(path.replace(/\{\w+\}/g, 'none'), { json }))
    assert.equal((await seen).headers['content-type'], 'application/json-patch+json', path)
  }
  assert.equal((await sr.patch('/echo', { json: {} })).headers['content-type'], 'application/json')
})

test('a content type of the caller stays, and bytes are sent as they are', async () => {
  const patch = await sr.patch('/echo', {
    json: [{ op: 'replace', path: '/title', value: 'x' }],
    headers: { 'Content-Type': 'application/json-patch+json' },
  })
  assert.equal(patch.headers['content-type'], 'application/json-patch+json')
  const bytes = await sr.put('/echo', { body: new Uint8Array([0, 1, 2, 255]) })
  assert.equal(bytes.body.bytes, 4)
  const query = await sr.get('/echo', { query: new URLSearchParams('a=1&a=2'), headers: new Headers({ 'x-b': 'c' }) })
  assert.equal(query.rawQuery, 'a=1&a=2')
  assert.equal(query.headers['x-b'], 'c')
})

test('an answer is data, or data with its response, or the response alone', async () => {
  const data = await sr.get('/jobs', { query: { limit: 1 } })
  assert.equal(data.content.length, 1)
  const both = await sr.get('/jobs', { query: { limit: 1 } }).withResponse()
  assert.equal(both.data.content.length, 1)
  assert.equal(both.response.status, 200)
  assert.match(both.response.headers.get('content-type'), /json/)
  const response = await sr.get('/jobs', { query: { limit: 1 } }).asResponse()
  assert.ok(response instanceof Response)
  assert.equal((await response.json()).content.length, 1)
})

test('a response says where it was asked', async () => {
  const options = { params: { id: 'a/b' }, query: { x: ['1', '2'] } }
  const url = `${sandbox.baseUrl}/echo/a%2Fb?x=1&x=2`
  assert.equal((await sr.get('/echo/{id}', options).withResponse()).response.url, url)
  assert.equal((await sr.get('/echo/{id}', options).asResponse()).url, url)
  assert.equal((await sr.get(url).asResponse()).url, url)
})

test('data of a promise that was asked for the response alone is an error, and no unhandled one', async () => {
  const promise = sr.get('/echo')
  const response = await promise.asResponse()
  assert.equal((await response.json()).method, 'GET')
  const error = await failure(promise)
  assert.ok(error instanceof ConfigurationError)
  assert.equal(error.field, 'asResponse')
  await assert.rejects(sr.get('/jobs/no-such-job').asResponse(), NotFoundError)
})

test('every kind of body becomes what its content type says', async t => {
  const bodies = {
    '/json': ['application/json; charset=utf-8', '{"a":"Zoë"}'],
    '/problem': ['application/problem+json', '[1]'],
    '/text': ['text/csv', 'a;b'],
    '/bytes': ['application/octet-stream', Buffer.from([0, 255])],
    '/none': ['application/json', ''],
    '/broken': ['application/json', '{"half":'],
    '/latin': ['text/plain', Buffer.from([0xe9])],
    '/latin-json': ['application/json', Buffer.from('{"name":"Ren\xe9"}', 'latin1')],
  }
  const { sr: client } = await serve(t, (request, response) => {
    const [type, body] = bodies[request.url]
    response.setHeader('content-type', type).end(body)
  })
  assert.deepEqual(await client.get('/json'), { a: 'Zoë' })
  assert.deepEqual(await client.get('/problem'), [1])
  assert.equal(await client.get('/text'), 'a;b')
  assert.deepEqual(await client.get('/bytes'), new Uint8Array([0, 255]))
  assert.equal(await client.get('/none'), undefined)
  assert.equal(await client.get('/latin'), '\ufffd')
  for (const path of ['/broken', '/latin-json']) {
    const error = await failure(client.get(path))
    assert.equal(error.code, 'INVALID_RESPONSE')
    assert.deepEqual([error.method, error.path], ['GET', path])
    assert.doesNotMatch(error.message, /half|Ren/)
  }
  assert.equal(await (await client.get('/broken').asResponse()).text(), '{"half":')
})

test('an empty success is undefined', async () => {
  const [job] = (await sr.get('/jobs', { query: { limit: 1 } })).content
  const { data, response } = await sr.post('/jobs/{id}/publication', { params: { id: job.id } }).withResponse()
  assert.equal(response.status, 204)
  assert.equal(data, undefined)
})

/** What a 403 to an API key is explained by. */
const ADVICE =
  '; newer API keys have a role and an access group, which may forbid the call; check them in SmartRecruiters'

test('each status has its error, with what the vendor says of it', async t => {
  const { sr: client } = await serve(t, (request, response) => {
    response.statusCode = Number(request.url.slice(1))
    response.setHeader('content-type', 'application/json').setHeader('x-request-id', 'r-7')
    response.setHeader('set-cookie', 'session=canary')
    response.end(JSON.stringify({ message: 'As it is', errors: [{ code: 'SOME_CODE', message: 'detail' }] }))
  })
  for (const [status, Class, code] of [
    [400, BadRequestError, 'BAD_REQUEST'],
    [401, AuthenticationError, 'AUTHENTICATION'],
    [403, PermissionError, 'PERMISSION'],
    [404, NotFoundError, 'NOT_FOUND'],
    [409, ConflictError, 'CONFLICT'],
    [422, BadRequestError, 'BAD_REQUEST'],
    [429, RateLimitError, 'RATE_LIMIT'],
    [500, ServerError, 'SERVER'],
    [503, ServerError, 'SERVER'],
    [302, ApiError, 'UNEXPECTED_STATUS'],
  ]) {
    const error = await failure(client.get(`/${status}`))
    const advice = status === 403 ? ADVICE : ''
    assert.equal(error.constructor, Class)
    assert.ok(error instanceof ApiError && error instanceof SmartRecruitersError && error instanceof Error)
    assert.equal(error.name, Class.name)
    const { message, vendorCode, requestId, errors, method, path } = error
    assert.deepEqual(
      { code: error.code, status: error.status, message, vendorCode, requestId, errors, method, path },
      {
        code,
        status,
        message: `${status} GET /${status}: As it is (detail)${advice}`,
        vendorCode: 'SOME_CODE',
        requestId: 'r-7',
        errors: [{ code: 'SOME_CODE', message: 'detail' }],
        method: 'GET',
        path: `/${status}`,
      },
    )
    assert.equal(error.headers['x-request-id'], 'r-7')
    assert.equal(error.headers['set-cookie'], undefined)
    assert.equal(JSON.parse(error.body).message, 'As it is')
    // What was sent about a person has no place in a log.
    assert.ok(!JSON.stringify(error).includes('"body"') && !inspect(error).includes('body'))
  }
})

test('an error carries the stack of its caller, and no query', async () => {
  async function theCaller() {
    await sr.get('/candidates/{id}?q=private', { params: { id: 'nobody' } })
  }
  const error = await failure(theCaller())
  assert.match(error.stack, /theCaller/)
  assert.equal(error.path, '/candidates/{id}')
  assert.doesNotMatch(JSON.stringify(error), /private/)
})

test('what no request can be is refused before it is sent', async () => {
  const before = sandbox.counters().requests
  const circle = {}
  circle.self = circle
  for (const [field, call] of [
    ['path', () => sr.get('jobs')],
    ['path', () => sr.get('')],
    ['path', () => sr.get(7)],
    ['path', () => sr.get('https://evil.example/jobs')],
    ['path', () => sr.get('//evil.example/jobs')],
    ['path', () => sr.get('/jobs/../users')],
    ['params.id', () => sr.get('/jobs/{id}')],
    ['params.id', () => sr.get('/jobs/{id}', { params: { id: '..' } })],
    ['params.id', () => sr.get('/jobs/{id}', { params: { id: {} } })],
    ['params', () => sr.get('/jobs/{id}', { params: 'x' })],
    ['query.limit', () => sr.get('/jobs', { query: { limit: Number.NaN } })],
    ['query.q', () => sr.get('/jobs', { query: { q: { a: 1 } } })],
    ['headers.x', () => sr.get('/jobs', { headers: { x: 'a\r\nb: c' } })],
    ['headers.x', () => sr.get('/jobs', { headers: { x: 7 } })],
    ['headers.Authorization', () => sr.get('/jobs', { headers: { Authorization: 'Bearer x' } })],
    ['headers.x-smarttoken', () => sr.get('/jobs', { headers: { 'x-smarttoken': 'x' } })],
    ['json', () => sr.get('/jobs', { json: {} })],
    ['json', () => sr.post('/jobs', { json: circle })],
    ['json', () => sr.post('/jobs', { json: () => {} })],
    ['body', () => sr.post('/jobs', { json: {}, body: 'x' })],
    ['body', () => sr.post('/jobs', { body: { a: 1 } })],
    ['timeout', () => sr.get('/jobs', { timeout: -1 })],
    ['signal', () => sr.get('/jobs', { signal: 'x' })],
    ['signal', () => sr.get('/jobs', { signal: { aborted: false, addEventListener() {}, removeEventListener() {} } })],
    ['signal', () => sr.get('/jobs', { signal: { aborted: false, throwIfAborted() {} } })],
    ['tiemout', () => sr.get('/jobs', { tiemout: 1 })],
    ['options', () => sr.get('/jobs', null)],
    ['method', () => sr.request('', '/jobs')],
    ['method', () => sr.request('GE T', '/jobs')],
  ]) {
    const error = await failure(call())
    assert.ok(error instanceof ConfigurationError, `${field}: ${error}`)
    assert.equal(error.field, field)
  }
  assert.deepEqual(sandbox.counters().requests, before)
})

test('what cannot be written as JSON is refused without a value of it', async () => {
  const circle = { name: 'canary' }
  circle.self = circle
  const thrower = {
    toJSON() {
      throw new TypeError('canary')
    },
  }
  for (const [json, message] of [
    [circle, /circular structure/],
    [{ amount: 1n }, /BigInt/],
    [thrower, /toJSON/],
  ]) {
    const error = await failure(sr.post('/echo', { json }))
    assert.ok(error instanceof ConfigurationError)
    assert.match(error.message, message)
    assert.doesNotMatch(inspect(error), /canary/)
  }
})

test('an abort stops the native request, and rejects with its reason', async t => {
  const { server, sr: client } = await serve(t, () => {})
  const controller = new AbortController()
  const call = client.get('/jobs', { signal: controller.signal })
  const [request] = await once(server, 'request')
  const closed = once(request.socket, 'close')
  const reason = new Error('no longer wanted')
  controller.abort(reason)
  assert.equal(await failure(call), reason)
  await closed
  assert.equal(await failure(client.get('/jobs', { signal: controller.signal })), reason)
})

test('a call that the addon does not start leaves nothing behind', async t => {
  const { NativeClient } = addon()
  t.mock.method(NativeClient.prototype, 'send', () => {
    throw new Error('it did not start')
  })
  const { signal } = new AbortController()
  assert.equal((await failure(sr.get('/jobs', { signal }))).message, 'it did not start')
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a call that the operating system does not let start is a typed error', async t => {
  const { NativeClient } = addon()
  t.mock.method(NativeClient.prototype, 'send', () => {
    throw Object.assign(new Error('Too many open files (os error 24)'), { code: 'GenericFailure' })
  })
  const error = await failure(sr.get('/jobs'))
  assert.ok(error instanceof SmartRecruitersError)
  assert.deepEqual([error.code, error.method, error.path], ['INTERNAL', 'GET', '/jobs'])
  assert.match(error.message, /was not started.*Too many open files/)
})

test('a signal that many calls share has one listener while they run, and none after', async t => {
  const { server, sr: client } = await serve(t, () => {})
  const controller = new AbortController()
  const { signal } = controller
  let warnings = 0
  const count = () => warnings++
  process.on('warning', count)
  t.after(() => process.off('warning', count))
  await Promise.all(Array.from({ length: 100 }, () => sr.get('/echo', { signal })))
  assert.equal(getEventListeners(signal, 'abort').length, 0)

  const calls = Array.from({ length: 50 }, () => client.get('/jobs', { signal }))
  await undefined
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  await once(server, 'request')
  controller.abort()
  for (const call of calls) assert.equal((await failure(call)).name, 'AbortError')
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.equal(warnings, 0)
})

test('a signal over 100,000 calls has one listener at most, and none in the end', async t => {
  const { sr: client } = await serve(t, (_, response) => response.end())
  const { signal } = new AbortController()
  let left = 100_000
  let most = 0
  const worker = async () => {
    while (left-- > 0) {
      await client.get('/jobs', { signal })
      if (left % 1000 === 0) most = Math.max(most, getEventListeners(signal, 'abort').length)
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  assert.equal(most, 1)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a timeout says what it interrupted', async t => {
  const { sr: client } = await serve(t, () => {})
  const error = await failure(client.get('/jobs', { timeout: 20 }))
  assert.ok(error instanceof TimeoutError)
  assert.equal(error.phase, 'response')
  const withBody = await serve(t, (_, response) => response.writeHead(200).write('['))
  assert.equal((await failure(withBody.sr.get('/jobs', { timeout: 50 }))).phase, 'body')
})

test('a network failure says where it happened', async t => {
  const { sr: client } = await serve(t, request => request.socket.destroy())
  const reset = await failure(client.get('/jobs'))
  assert.ok(reset instanceof NetworkError)
  assert.equal(reset.kind, 'reset')
  assert.ok(reset.cause instanceof Error)
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const baseUrl = `http://127.0.0.1:${nobody.address().port}`
  nobody.close()
  await once(nobody, 'close')
  const refused = await failure(
    new SmartRecruiters({ credential: new ApiKey('k'), baseUrl, limits: false }).get('/jobs'),
  )
  assert.equal(refused.kind, 'connect')
  assert.equal(refused.path, '/jobs')
})

test('a call whose body is still being gathered comes before a close() that comes after it', async () => {
  const client = new SmartRecruiters({
    credential: new ApiKey(sandbox.apiKey),
    baseUrl: sandbox.baseUrl,
    limits: false,
  })
  const form = new FormData()
  form.set('file', new Blob(['x'.repeat(100_000)]))
  const calls = [client.post('/echo', { form }), client.fetch('/echo', { method: 'POST', body: new Blob(['y']) })]
  const closed = client.close()
  const late = [client.get('/echo'), client.post('/echo', { form })].map(failure)
  const tooLate = failure(client.fetch('/echo'))
  assert.equal((await calls[0]).method, 'POST')
  assert.equal((await calls[1]).status, 200)
  await closed
  for (const error of await Promise.all(late)) assert.equal(error.code, 'CLOSED')
  assert.equal((await tooLate).cause.code, 'CLOSED')
})

test('a closed client ends its calls and takes no more', async () => {
  const client = new SmartRecruiters({
    credential: new ApiKey(sandbox.apiKey),
    baseUrl: sandbox.baseUrl,
    limits: false,
  })
  const call = client.get('/echo')
  await client.close()
  assert.equal((await call).method, 'GET')
  assert.equal((await failure(client.get('/echo'))).code, 'CLOSED')
  await client[Symbol.asyncDispose]()
})

test('objects whose content are no properties are refused, not taken for empty', async () => {
  const wrong = [
    [{ query: new Map([['status', 'HIRED']]) }, 'query', /a Map/],
    [{ query: new Set(['a']) }, 'query', /a Set/],
    [{ params: new Date() }, 'params', /an object/],
    [{ headers: new Map([['x-a', 'b']]) }, 'headers', /a Map/],
    [new Map(), 'options', /a Map/],
  ]
  for (const [options, field, message] of wrong) {
    const error = await failure(sr.get('/jobs', options))
    assert.ok(error instanceof ConfigurationError)
    assert.equal(error.field, field)
    assert.match(error.message, message)
  }
})

test('a stream of Node that is not sent is destroyed', async t => {
  const { sr: client } = await serve(t, () => {})
  const aborted = Readable.from(['never read'])
  await failure(client.post('/x', { body: aborted, signal: AbortSignal.abort() }))
  assert.ok(aborted.destroyed)
  const stalled = new Readable({ read() {} })
  stalled.push('the beginning')
  await failure(client.post('/x', { body: stalled, timeout: 200 }))
  assert.ok(stalled.destroyed)
})
