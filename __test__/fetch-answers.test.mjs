// `sr.fetch` in place of the platform's: what it gives, where redirects lead, and how it fails.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ConfigurationError, NetworkError, SmartRecruitersError } from 'smartrecruiters'
import { echo, MiB, sandbox, sr } from './support/fetch.mjs'
import { failure, serve } from './support/servers.mjs'

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
  // Anything that is not a whole URL is a path.
  for (const input of ['//evil.example/jobs', 'data:,x', '\\\\evil.example', '@evil.example', ':80@evil.example']) {
    const outcome = await sr.fetch(input).catch(error => error)
    assert.ok(outcome instanceof TypeError || outcome.url.startsWith(`${sandbox.baseUrl}/`), `${input}: ${outcome.url}`)
  }
  assert.equal(connections, 0)
})

test('an argument that is not a request is a TypeError', async () => {
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
