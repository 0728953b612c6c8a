// The life of tokens, seen from JavaScript and judged by what reaches the server.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ApiKey,
  AuthenticationError,
  ClientCredentials,
  OAuthApp,
  ReauthorizationRequiredError,
  SmartRecruiters,
  TimeoutError,
  TokenError,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { failure, otherThan } from './support/servers.mjs'

const TOKEN = { path: '/identity/oauth/token' }

async function start(t, options = {}) {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 200, ...options })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.client
  const credential = new ClientCredentials({ clientId, clientSecret })
  const sr = new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, limits: false })
  return { sandbox, sr, credential }
}

async function startGrant(t, options) {
  const { sandbox } = await start(t, options)
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const app = new OAuthApp({ clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl })
  const { url, state } = app.authorizationUrl()
  const grant = await app.exchange(await sandbox.consentTo(url), { state, id: 'customer' })
  return { sandbox, app, grant, sr: new SmartRecruiters({ credential: grant, limits: false }) }
}

/** Waits until a token has expired by the client's own reckoning: a known instant, not a guess. */
async function expired(token) {
  while (Date.now() < token.expiresAt) {
    await new Promise(resolve => setTimeout(resolve, token.expiresAt - Date.now()))
  }
}

test('10,000 concurrent calls on an expired token are one exchange, for client credentials', async t => {
  const { sandbox, sr } = await start(t)
  sandbox.fault({ ...TOKEN, kind: 'merge', fields: { expires_in: 1 } })
  await expired(await sr.token())
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => sr.get('/payload/20')))
  assert.equal(answers.length, 10_000)
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 2)
  assert.equal(sandbox.counters().unauthorized, 0)
})

test('10,000 concurrent calls on an expired token are one exchange, for a grant', async t => {
  const { sandbox, app } = await startGrant(t)
  const { url, state } = app.authorizationUrl()
  sandbox.fault({ ...TOKEN, kind: 'merge', fields: { expires_in: 1 } })
  const grant = await app.exchange(await sandbox.consentTo(url), { state, id: 'expiring' })
  const sr = new SmartRecruiters({ credential: grant, limits: false })
  await expired(await sr.token())
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => sr.get('/payload/20')))
  assert.equal(answers.length, 10_000)
  const { exchanges, refreshTokens } = sandbox.counters()
  assert.deepEqual(exchanges.refresh_token, { attempts: 1, successes: 1 })
  assert.deepEqual(Object.values(refreshTokens), [1])
})

test('50 simultaneous 401s are one renewal, and every call is answered', async t => {
  for (const { sandbox, sr, kind } of [
    { ...(await start(t)), kind: 'client_credentials' },
    { ...(await startGrant(t)), kind: 'refresh_token' },
  ]) {
    await sr.token()
    sandbox.expireAccessTokens()
    const before = sandbox.counters().exchanges[kind]?.attempts ?? 0
    const answers = await Promise.all(Array.from({ length: 50 }, () => sr.get('/payload/20')))
    assert.equal(answers.length, 50)
    assert.equal(sandbox.counters().exchanges[kind].attempts - before, 1, kind)
  }
})

test('a route that the vendor denies with 401 burns one renewal and no more', async t => {
  const { sandbox, sr } = await start(t)
  await sr.get('/payload/20')
  for (let id = 1; id <= 10; id++) {
    const error = await failure(sr.get('/candidates/{id}', { params: { id: `denied-${id}` } }))
    assert.ok(error instanceof AuthenticationError)
    assert.match(error.message, /access denied/i)
  }
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 2)
  assert.equal(sandbox.counters().unauthorized, 11)
})

test('a token endpoint that is down is one typed error for each call, few attempts, and over when it is over', async t => {
  const { sandbox, credential } = await start(t)
  // The first exchange of a process is repeated as a call is: not with `retries: 0`.
  const sr = new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, limits: false, retries: 0 })
  const fault = sandbox.fault({ ...TOKEN, kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
  const errors = await Promise.all(Array.from({ length: 500 }, () => failure(sr.get('/payload/20'))))
  for (const error of errors) {
    assert.ok(error instanceof TokenError)
    assert.equal(error.code, 'TOKEN_UNAVAILABLE')
    assert.equal(error.status, 503)
  }
  assert.ok(sandbox.counters().exchanges.client_credentials.attempts <= 2)
  fault.clear()
  // Nobody has to do anything for it to recover.
  const { value } = await otherThan('TOKEN_UNAVAILABLE', () => sr.get('/payload/20'))
  assert.ok(value)
})

test('a refusal of the client is final until something changes, and names the remedy', async t => {
  const { sandbox, sr } = await start(t)
  const wrong = sr.withCredential(
    new ClientCredentials({ clientId: sandbox.client.clientId, clientSecret: 'not-the-secret' }),
  )
  const errors = await Promise.all(Array.from({ length: 100 }, () => failure(wrong.get('/payload/20'))))
  for (const error of errors) {
    assert.equal(error.code, 'TOKEN_REFUSED')
    assert.equal(error.error, 'invalid_client')
    assert.match(error.message, /clientSecret/)
  }
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 1)
})

const malformed = [
  ['an empty object', { body: '{}', contentType: 'application/json' }, 'TOKEN_INVALID'],
  ['an empty body', { body: '', contentType: 'application/json' }, 'TOKEN_INVALID'],
  ['HTML with status 200', { body: '<html>Sign in</html>' }, 'TOKEN_INVALID'],
  ['HTML with status 404', { body: '<html>Not found</html>', status: 404 }, 'TOKEN_UNAVAILABLE'],
  ['JSON cut short', { body: '{"access_token":"abc', contentType: 'application/json' }, 'TOKEN_INVALID'],
  ['no access token', { body: '{"token_type":"Bearer"}', contentType: 'application/json' }, 'TOKEN_INVALID'],
  ['an empty access token', { body: '{"access_token":""}', contentType: 'application/json' }, 'TOKEN_INVALID'],
  [
    'a line break in the token',
    { body: '{"access_token":"a\\r\\nb"}', contentType: 'application/json' },
    'TOKEN_INVALID',
  ],
  [
    'an error with status 200',
    { body: '{"error":"invalid_client"}', contentType: 'application/json' },
    'TOKEN_REFUSED',
  ],
  ['a longer answer than any token has', { body: `{"access_token":"${'a'.repeat(70_000)}"}` }, 'TOKEN_INVALID'],
]
for (const [name, answer, code] of malformed) {
  test(`a token answer that is ${name} is no token`, async t => {
    const { sandbox, sr } = await start(t)
    sandbox.fault({ ...TOKEN, kind: 'malformed', ...answer })
    const error = await failure(sr.get('/payload/20'))
    assert.ok(error instanceof TokenError)
    assert.equal(error.code, code)
    assert.equal(sandbox.counters().requests['GET /payload/{bytes}'], undefined)
  })
}

test('a token answer that is truncated on the wire is no token', async t => {
  const { sandbox, sr } = await start(t)
  sandbox.fault({ ...TOKEN, kind: 'truncate' })
  assert.equal((await failure(sr.get('/payload/20'))).code, 'TOKEN_INVALID')
})

test('a token of an unusual type is used as a bearer token', async t => {
  const { sandbox, sr } = await start(t)
  sandbox.fault({ ...TOKEN, kind: 'merge', fields: { token_type: 'mac' } })
  assert.ok(await sr.get('/payload/20'))
})

const lifetimes = [
  ['missing', { remove: ['expires_in'] }, 1800],
  ['null', { fields: { expires_in: null } }, 1800],
  ['a string', { fields: { expires_in: '900' } }, 900],
  ['fractional', { fields: { expires_in: 900.7 } }, 900],
  ['negative', { fields: { expires_in: -1 } }, 300],
  ['no number', { fields: { expires_in: 'soon' } }, 300],
  ['huge', { fields: { expires_in: 1e15 } }, 86_400],
]
for (const [name, change, seconds] of lifetimes) {
  test(`an expires_in that is ${name} is a life of ${seconds} s`, async t => {
    const { sandbox, sr } = await start(t)
    sandbox.fault({ ...TOKEN, kind: 'merge', ...change })
    const before = Date.now()
    const { expiresAt } = await sr.token()
    const after = Date.now()
    assert.ok(expiresAt >= before + seconds * 1000 && expiresAt <= after + seconds * 1000, expiresAt.toISOString())
    assert.ok(await sr.get('/payload/20'))
  })
}

test('an answer without a refresh token keeps the old one', async t => {
  const { sandbox, sr } = await startGrant(t, { refreshTokenReuse: 'grace', gracePeriod: 3600 })
  sandbox.fault({ ...TOKEN, kind: 'merge', remove: ['refresh_token'] })
  sandbox.expireAccessTokens()
  await sr.get('/payload/20')
  sandbox.expireAccessTokens()
  await sr.get('/payload/20')
  assert.deepEqual(Object.values(sandbox.counters().refreshTokens), [2], 'the same one, twice')
})

test('clients of one credential share its token', async t => {
  const { sandbox, sr, credential } = await start(t)
  const others = [
    sr,
    sr.withCredential(credential),
    new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, limits: false }),
  ]
  await Promise.all(others.map(client => client.get('/payload/20')))
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 1)
})

test('a grant whose refresh token was revoked says so, and works again after a new authorization', async t => {
  const { sandbox, app, sr } = await startGrant(t)
  sandbox.advanceTime(29 * 24 * 3600)
  for (let call = 0; call < 3; call++) {
    const error = await failure(sr.get('/payload/20'))
    assert.ok(error instanceof ReauthorizationRequiredError && error instanceof TokenError)
    assert.equal(error.grantId, 'customer')
    assert.equal(error.reason, 'revokedOrExpired')
    assert.match(error.message, /authorizationUrl/)
  }
  assert.equal(sandbox.counters().exchanges.refresh_token.attempts, 1)
  const { url, state } = app.authorizationUrl()
  await app.exchange(await sandbox.consentTo(url), { state, id: 'customer' })
  assert.ok(await sr.get('/payload/20'))
})

test('an answer that was lost is told from a revocation', async t => {
  const { sandbox, app } = await startGrant(t)
  const { url, state } = app.authorizationUrl()
  sandbox.fault({ ...TOKEN, kind: 'merge', fields: { expires_in: 1 } })
  const sr = new SmartRecruiters({
    credential: await app.exchange(await sandbox.consentTo(url), { state, id: 'lost' }),
  })
  await expired(await sr.token())
  sandbox.fault({ ...TOKEN, kind: 'dropAfter' })
  assert.equal((await failure(sr.get('/payload/20'))).code, 'TOKEN_UNAVAILABLE')
  const { error } = await otherThan('TOKEN_UNAVAILABLE', () => sr.get('/payload/20'))
  assert.ok(error instanceof ReauthorizationRequiredError)
  assert.equal(error.reason, 'responseLost')
})

test('a caller who aborts stops no exchange and loses no refresh token', async t => {
  const { sandbox, app } = await startGrant(t)
  const { url, state } = app.authorizationUrl()
  sandbox.fault({ ...TOKEN, kind: 'merge', fields: { expires_in: 1 } })
  const grant = await app.exchange(await sandbox.consentTo(url), { state, id: 'impatient' })
  const sr = new SmartRecruiters({ credential: grant, limits: false })
  await expired(await sr.token())
  const held = sandbox.fault({ ...TOKEN, kind: 'hold', when: 'after' })
  const controller = new AbortController()
  const arrived = sandbox.nextRequest(request => request.path === TOKEN.path)
  const call = sr.get('/payload/20', { signal: controller.signal })
  await arrived
  controller.abort()
  assert.equal((await failure(call)).name, 'AbortError')
  held.clear()
  assert.ok(await sr.get('/payload/20'))
  assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 1, successes: 1 })
})

test('a grant is not shown to another API', async t => {
  const { sandbox, grant } = await startGrant(t)
  const other = await startSandbox({ limits: false, jobs: 1, candidates: 1 })
  t.after(() => other.close())
  assert.throws(() => new SmartRecruiters({ credential: grant, baseUrl: other.baseUrl }), {
    code: 'CONFIGURATION',
    field: 'credential',
  })
  const sr = new SmartRecruiters({ credential: new ApiKey(other.apiKey), baseUrl: other.baseUrl, limits: false })
  assert.throws(() => sr.withCredential(grant), { field: 'credential' })
  assert.equal(new SmartRecruiters({ credential: grant, limits: false }).baseUrl, sandbox.baseUrl)
})

/** A token endpoint that takes a connection and says nothing; `asked` counts the exchanges. */
async function startSilent(t) {
  const { sandbox, sr, credential } = await start(t)
  const held = sandbox.fault({ ...TOKEN, kind: 'hold', when: 'before' })
  return { sandbox, sr, credential, held }
}

test('token() keeps the deadline of the client, or its own, and the exchange goes on', async t => {
  const { sandbox, credential, sr, held } = await startSilent(t)
  const quick = new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, limits: false, timeout: 300 })
  for (const [wait, limit] of [
    [failure(quick.token()), 300],
    [failure(sr.token({ timeout: 200 })), 200],
  ]) {
    const error = await wait
    assert.ok(error instanceof TimeoutError, String(error))
    assert.deepEqual([error.code, error.phase], ['TIMEOUT', 'token'])
    assert.match(error.message, new RegExp(`timed out after ${limit} ms while waiting for an access token`))
  }
  // close() waits for no exchange that nobody waits for any more.
  await quick.close()
  held.clear()
  assert.ok((await sr.token({ timeout: 60_000 })).accessToken)
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 1)
})

test('token() rejects with the reason of its signal, before and during an exchange', async t => {
  const { sandbox, sr, held } = await startSilent(t)
  const reason = new Error('enough')
  assert.equal(await failure(sr.token({ signal: AbortSignal.abort(reason) })), reason)
  const controller = new AbortController()
  const waiting = failure(sr.token({ signal: controller.signal }))
  while (held.hits === 0) await new Promise(setImmediate)
  controller.abort(reason)
  assert.equal(await waiting, reason)
  const timedOut = await failure(sr.token({ signal: AbortSignal.timeout(10) }))
  assert.equal(timedOut.name, 'TimeoutError')
  held.clear()
  assert.ok((await sr.token()).accessToken)
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 1)
})

test('token() refuses options that are not its own', async t => {
  const { sr } = await start(t)
  for (const [options, field] of [
    [{ timeout: 0 }, 'timeout'],
    [{ timeout: '5' }, 'timeout'],
    [{ signal: {} }, 'signal'],
    [{ retries: 1 }, 'retries'],
    [null, 'token'],
  ]) {
    const error = await failure(sr.token(options))
    assert.deepEqual([error.code, error.field], ['CONFIGURATION', field])
  }
})

test('settled() resolves when no exchange that works once is in flight, also one that begins meanwhile', async t => {
  const { sandbox, app, sr } = await startGrant(t)
  await Promise.all([app.settled(), sr.settled()])
  sandbox.expireAccessTokens()
  const held = sandbox.fault({ ...TOKEN, kind: 'hold', when: 'before' })
  const order = []
  const call = sr.get('/payload/20').then(() => order.push('answered'))
  while (held.hits === 0) await new Promise(setImmediate)
  const settled = Promise.all([app, sr].map(each => each.settled())).then(() => order.push('settled'))
  const renewed = new Promise(resolve => app.on('renewed', () => resolve(order.push('renewed'))))
  // Another one begins while they wait.
  const { url, state } = app.authorizationUrl()
  const second = sandbox.fault({ ...TOKEN, kind: 'hold', when: 'before' })
  const exchange = app.exchange(await sandbox.consentTo(url), { state }).then(() => order.push('exchanged'))
  while (second.hits === 0) await new Promise(setImmediate)
  held.clear()
  await Promise.all([call, renewed])
  assert.ok(!order.includes('settled'), order.join())
  second.clear()
  await Promise.all([settled, exchange])
  assert.equal(order.includes('settled'), true)
  await sr.close()
  await sr.settled()
})

test('settled() waits for what was called in the same turn', async t => {
  const { sandbox, app } = await startGrant(t)
  const { url, state } = app.authorizationUrl()
  const callback = await sandbox.consentTo(url)
  let exchanged = false
  const exchange = app.exchange(callback, { state, id: 'other' }).then(() => {
    exchanged = true
  })
  await app.settled()
  await exchange
  assert.ok(exchanged)
  assert.equal(sandbox.counters().exchanges.authorization_code.successes, 2)
})
