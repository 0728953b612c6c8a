// The bridge: what a client sends reaches a `fetch` under the vendor's URL, and its answer comes back as it is.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import {
  ApiKey,
  ClientCredentials,
  ConfigurationError,
  NetworkError,
  OAuthApp,
  ServerError,
  SmartRecruiters,
} from 'smartrecruiters'
import { startBridge } from 'smartrecruiters/testing'
import { deferred } from './support/servers.mjs'

/** A bridge to `fetch` and a client of it that tries once. */
async function bridged(t, fetch, { options, ...client } = {}) {
  const bridge = await startBridge({ fetch, ...options })
  t.after(() => bridge.close())
  const credential = new ApiKey('the-api-key')
  const sr = new SmartRecruiters({ credential, baseUrl: bridge.baseUrl, retries: 0, limits: false, ...client })
  return { bridge, sr }
}

test('fetch gets the method, the URL of the vendor, and the headers but those of the connection', async t => {
  const seen = []
  const { sr } = await bridged(t, async (url, init) => {
    seen.push([url, init])
    return Response.json({})
  })
  await sr.put('/jobs/{id}?a=%2B', { params: { id: 'ä/b' }, query: { q: 'x y' }, headers: { 'X-Own': 'ü' } })
  const [[url, { method, headers, redirect, ...init }]] = seen
  assert.equal(url, 'https://api.smartrecruiters.com/jobs/%C3%A4%2Fb?a=%2B&q=x%20y')
  assert.equal(method, 'PUT')
  assert.equal(redirect, 'manual')
  assert.equal(init.body, null)
  const names = headers.map(([name]) => name.toLowerCase())
  assert.equal(new Headers(headers).get('x-smarttoken'), 'the-api-key')
  assert.ok(names.includes('x-own') && names.includes('user-agent'))
  for (const name of ['host', 'connection', 'content-length', 'transfer-encoding'])
    assert.ok(!names.includes(name), name)
})

test('the environment says which host is meant, for token exchanges too', async t => {
  for (const [environment, host] of [
    ['production', 'api.smartrecruiters.com'],
    ['sandbox', 'api.sandbox.smartrecruiters.com'],
  ]) {
    const seen = []
    const fetch = async (url, { body }) => {
      seen.push([url, body])
      return Response.json({ access_token: 'token', expires_in: 1800 })
    }
    const credential = new ClientCredentials({ clientId: 'id', clientSecret: 'secret' })
    const { sr } = await bridged(t, fetch, { options: { environment }, credential })
    await sr.get('/jobs')
    assert.deepEqual(seen, [
      [`https://${host}/identity/oauth/token`, 'grant_type=client_credentials&client_id=id&client_secret=secret'],
      [`https://${host}/jobs`, null],
    ])
  }
})

test('codes are exchanged and grants renewed through the bridge', async t => {
  const forms = []
  const { bridge } = await bridged(t, async (url, { body }) => {
    if (url.endsWith('/token')) forms.push([url, new URLSearchParams(body).get('grant_type')])
    return Response.json({ access_token: 'token', refresh_token: `refresh-${forms.length}`, expires_in: 1800 })
  })
  const app = new OAuthApp({
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: 'http://localhost/callback',
    baseUrl: bridge.baseUrl,
  })
  const { state } = app.authorizationUrl()
  await app.exchange(`/callback?code=1&state=${state}`, { state, id: 'customer-1' })
  const grant = await app.import({ id: 'customer-2', refreshToken: 'refresh-0' })
  await new SmartRecruiters({ credential: grant }).get('/jobs')
  assert.deepEqual(forms, [
    ['https://api.smartrecruiters.com/identity/oauth/token', 'authorization_code'],
    ['https://api.smartrecruiters.com/identity/oauth/token', 'refresh_token'],
  ])
})

test('bodies arrive byte for byte: text as a string, other bytes whole, and long ones as a stream', async t => {
  const bodies = []
  const { sr } = await bridged(t, async (_url, { body }) => {
    bodies.push(body)
    return new Response(body)
  })
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  const long = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251)
  assert.deepEqual(
    await sr
      .post('/a', { json: { title: '\ufeffé' } })
      .asResponse()
      .then(answer => answer.json()),
    {
      title: '\ufeffé',
    },
  )
  for (const body of [bytes, long, new Blob([long]).stream()]) {
    const response = await sr.post('/a', { body }).asResponse()
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body instanceof Uint8Array ? body : long)
  }
  // Text that is not UTF-8 would not be the same as a string.
  await sr.post('/a', { body: bytes, headers: { 'content-type': 'text/plain' } }).asResponse()
  assert.deepEqual(
    bodies.map(body => Object.prototype.toString.call(body).slice(8, -1)),
    ['String', 'Uint8Array', 'ReadableStream', 'ReadableStream', 'Uint8Array'],
  )
  assert.equal(bodies[0], '{"title":"\ufeffé"}')
})

test('status, headers and body come back as fetch gave them', async t => {
  const headers = [
    ['content-type', 'application/octet-stream'],
    ['x-twice', 'a'],
    ['x-twice', 'b'],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ]
  const { sr } = await bridged(t, async () => new Response(Uint8Array.of(0, 255, 10), { status: 203, headers }))
  const response = await sr.fetch('/jobs')
  assert.equal(response.status, 203)
  assert.equal(response.headers.get('x-twice'), 'a, b')
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), Uint8Array.of(0, 255, 10))
})

test('an answer arrives while it is being made', async t => {
  const { promise: go, resolve } = deferred()
  const { sr } = await bridged(t, async () => {
    const parts = async function* () {
      yield Buffer.from('first')
      await go
      yield Buffer.from('second')
    }
    return new Response(ReadableStream.from(parts()))
  })
  const response = await sr.fetch('/jobs')
  const reader = response.body.getReader()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'first')
  resolve()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'second')
  assert.equal((await reader.read()).done, true)
})

test('an answer without a body, and one whose coding fetch has undone', async t => {
  const { sr } = await bridged(t, async url =>
    url.endsWith('/empty')
      ? new Response(null, { status: 204 })
      : new Response('{"a":1}', {
          headers: {
            'content-encoding': 'gzip',
            'content-length': `${gzipSync('{"a":1}').length}`,
            'content-type': 'application/json',
          },
        }),
  )
  assert.equal(await sr.get('/empty'), undefined)
  assert.deepEqual(await sr.get('/jobs'), { a: 1 })
})

test('redirects are followed by the client: on the API with its credential, elsewhere without', async t => {
  const seen = []
  const answers = {
    'https://api.smartrecruiters.com/a': ['https://api.smartrecruiters.com/b?c=1'],
    'https://api.smartrecruiters.com/b?c=1': ['https://storage.example/file?signature=1'],
    'https://storage.example/file?signature=1': ['other'],
    'https://storage.example/other': [],
  }
  const { bridge, sr } = await bridged(t, async (url, { headers }) => {
    seen.push([url, new Headers(headers).has('x-smarttoken')])
    const [location] = answers[url]
    return location === undefined
      ? new Response('the file')
      : new Response(null, { status: 302, headers: { location } })
  })
  assert.equal(await sr.get('/a'), 'the file')
  assert.deepEqual(
    seen,
    Object.keys(answers).map((url, index) => [url, index < 2]),
  )
  assert.equal(
    (await fetch(`${bridge.baseUrl}/a`, { redirect: 'manual' })).headers.get('location'),
    `${bridge.baseUrl}/b?c=1`,
  )
})

test('what no answer named is not fetched from elsewhere', async t => {
  const seen = []
  const { bridge, sr } = await bridged(t, async url => {
    seen.push(url)
    return url.endsWith('/a')
      ? new Response(null, { status: 302, headers: { location: 'https://storage.example/file' } })
      : new Response('the file')
  })
  const { url } = await sr.fetch('/a')
  assert.notEqual(new URL(url).origin, bridge.baseUrl)
  for (const path of ['/1', '/00', '/https://storage.example/other', '/']) {
    assert.equal((await fetch(new URL(path, url))).status, 404)
  }
  assert.deepEqual(seen, ['https://api.smartrecruiters.com/a', 'https://storage.example/file'])
})

test('a list whose links are the whole URLs of the vendor is read to its end', async t => {
  const { sr } = await bridged(t, async url => {
    const page = Number(new URL(url).searchParams.get('pageId') ?? 0)
    const headers =
      page < 2 ? { link: `<https://api.smartrecruiters.com/candidates?pageId=${page + 1}>; rel="next"` } : {}
    return Response.json({ content: [{ id: `${page}` }] }, { headers })
  })
  const ids = []
  for await (const { id } of sr.paginate('/candidates')) ids.push(id)
  assert.deepEqual(ids, ['0', '1', '2'])
})

test('a fetch that rejects is a NetworkError for the client and is given to onError', async t => {
  const failures = []
  const error = new TypeError('fetch failed')
  const { sr } = await bridged(t, () => Promise.reject(error), {
    options: { onError: failure => failures.push(failure) },
  })
  await assert.rejects(sr.post('/jobs?a=1', { json: {} }), { code: 'NETWORK', kind: 'reset' })
  assert.deepEqual(failures, [{ method: 'POST', url: 'https://api.smartrecruiters.com/jobs?a=1', error }])
})

test('an answer that breaks off breaks off for the client', async t => {
  const failures = []
  const error = new Error('broken')
  const parts = async function* () {
    yield Buffer.from('a part')
    throw error
  }
  const { sr } = await bridged(t, async () => new Response(ReadableStream.from(parts())), {
    options: { onError: failure => failures.push(failure) },
  })
  await assert.rejects(sr.get('/jobs'), error => error instanceof NetworkError || error.code === 'BODY_INTERRUPTED')
  assert.deepEqual(
    failures.map(failure => failure.error),
    [error],
  )
})

test('an answer that HTTP cannot carry is a failure too', async t => {
  const failures = []
  const { sr } = await bridged(t, async () => Response.error(), {
    options: { onError: ({ error }) => failures.push(error.code) },
  })
  await assert.rejects(sr.get('/jobs'), NetworkError)
  assert.deepEqual(failures, ['ERR_HTTP_INVALID_STATUS_CODE'])
})

test('without onError a warning names the request and the reason, and no secret', async t => {
  const { sr } = await bridged(t, async (_url, { headers }) => {
    const cause = new Error(`no mock for ${new Headers(headers).get('x-smarttoken')}\nand so on`)
    throw new TypeError('fetch failed', { cause })
  })
  const warned = once(process, 'warning')
  await assert.rejects(sr.get('/jobs?secret=1'), NetworkError)
  const [{ code, message }] = await warned
  assert.equal(code, 'SMARTRECRUITERS_BRIDGE')
  assert.equal(
    message,
    'The bridge closed a connection because fetch failed for GET https://api.smartrecruiters.com/jobs: ' +
      'TypeError: fetch failed: Error: no mock for [redacted]',
  )
})

test('a warning quotes no secret of a form', async t => {
  const credential = new ClientCredentials({ clientId: 'client', clientSecret: 'a-secret/of+the-client' })
  const { sr } = await bridged(t, async (_url, { body }) => Promise.reject(new Error(`no mock for ${body}`)), {
    credential,
  })
  const warned = once(process, 'warning')
  await assert.rejects(sr.get('/jobs'), { code: 'TOKEN_UNAVAILABLE' })
  const [{ message }] = await warned
  assert.match(message, /no mock for grant_type=client_credentials&client_id=client/)
  assert.doesNotMatch(message, /of.*the.client/)
})

test('a client that leaves aborts the signal that fetch got, before and within an answer', async t => {
  const failures = []
  for (const answer of [
    signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    () => new Response(new ReadableStream({ start: controller => controller.enqueue(Buffer.from('a part')) })),
  ]) {
    const { promise: arrived, resolve } = deferred()
    const { sr } = await bridged(
      t,
      async (_url, { signal }) => {
        resolve(signal)
        return answer(signal)
      },
      { options: { onError: failure => failures.push(failure) } },
    )
    const leave = new AbortController()
    const call = sr.get('/jobs', { signal: leave.signal })
    const signal = await arrived
    const aborted = signal.aborted || once(signal, 'abort')
    leave.abort()
    await assert.rejects(call, { name: 'AbortError' })
    await aborted
  }
  assert.deepEqual(failures, [])
})

test('the fetch of the moment is used by default', async t => {
  const { sr } = await bridged(t, undefined)
  t.mock.method(globalThis, 'fetch', async url => Response.json({ url }))
  assert.deepEqual(await sr.get('/jobs'), { url: 'https://api.smartrecruiters.com/jobs' })
})

test('an error answer is the error that it would be', async t => {
  const { sr } = await bridged(t, async () => Response.json({ message: 'Down' }, { status: 503 }))
  await assert.rejects(sr.get('/jobs'), error => error instanceof ServerError && /Down/.test(error.message))
})

test('close() ends requests that are under way, and may be called twice', async t => {
  const { promise: arrived, resolve } = deferred()
  const { bridge, sr } = await bridged(t, (_url, { signal }) => {
    resolve(signal)
    return new Promise(() => {})
  })
  const call = assert.rejects(sr.get('/jobs'), NetworkError)
  const signal = await arrived
  const aborted = signal.aborted || once(signal, 'abort')
  await Promise.all([bridge.close(), bridge[Symbol.asyncDispose]()])
  await Promise.all([call, aborted])
  await assert.rejects(fetch(bridge.baseUrl))
})

test('a bridge that nobody closed keeps no process alive', async () => {
  const program = `
    import { ApiKey, SmartRecruiters } from 'smartrecruiters'
    import { startBridge } from 'smartrecruiters/testing'
    const { baseUrl } = await startBridge({ fetch: async () => Response.json('answer') })
    console.log(await new SmartRecruiters({ credential: new ApiKey('key'), baseUrl }).get('/jobs'))`
  const args = ['--input-type=module', '--eval', program]
  const cwd = new URL('.', import.meta.url)
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 60_000 })
  assert.equal(stdout, 'answer\n')
})

test('wrong options are refused by name', async () => {
  for (const [field, options] of [
    ['fetch', { fetch: 'https://example.com' }],
    ['environment', { environment: 'production ' }],
    ['environment', { environment: 'toString' }],
    ['onError', { onError: true }],
    ['fecth', { fecth: fetch }],
    ['startBridge', null],
    ['startBridge', 'fetch'],
  ]) {
    await assert.rejects(startBridge(options), error => {
      assert.ok(error instanceof ConfigurationError)
      assert.equal(error.field, field)
      return true
    })
  }
})
