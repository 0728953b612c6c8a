// A refresh token that keeps being refused, in a way that does not end its grant: listed with the server's words, asked
// again with growing pauses that all processes keep, and active again once the server accepts it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenError } from 'smartrecruiters'
import { startProcess } from './support/fleet.mjs'
import { failure, otherThan } from './support/servers.mjs'
import {
  CLIENT,
  callback,
  client,
  DAY,
  importIdle,
  onlyGrant,
  passed,
  refusal,
  startWithStore,
  tokens,
} from './support/token-endpoint.mjs'

async function start(t, answer) {
  const started = await startWithStore(t, answer)
  await importIdle(started.app)
  return started
}

test('a refusal is listed with the words of the server, and reported once however often it comes again', async t => {
  const { app, asked } = await start(t, (_form, number) =>
    number <= 3 ? refusal('account_suspended', 403, `Pay the bill (${number})`) : tokens(number),
  )
  const events = []
  for (const name of ['refused', 'renewed', 'renewalFailed', 'reauthorizationRequired']) {
    app.on(name, event => events.push([name, event]))
  }
  const before = Date.now()
  const pauses = []
  let first
  for (let times = 1; times <= 3; times++) {
    const { renewed, failed } = await app.keepAlive()
    assert.deepEqual([renewed, failed], [0, 1])
    const { state, refusal, reason, refreshTokenExpiresAt } = await onlyGrant(app)
    const { since, retryAt, ...rest } = refusal
    assert.equal(state, 'refused')
    assert.equal(reason, undefined)
    assert.ok(refreshTokenExpiresAt > new Date())
    assert.deepEqual(rest, {
      times,
      status: 403,
      error: 'account_suspended',
      errorDescription: `Pay the bill (${times})`,
    })
    first ??= since
    assert.deepEqual(since, first, 'since the first of them')
    assert.ok(since.getTime() >= before && since <= retryAt)
    pauses.push(retryAt.getTime() - Date.now())

    if (times === 3) {
      // Within a pause this long, the server is not asked, and the pass fails with what the server said.
      assert.equal((await app.keepAlive()).failed, 1)
      assert.equal(asked.length, 3)
    }
    await passed(retryAt.getTime())
  }
  assert.ok(pauses[0] <= 1000 && pauses[1] <= 2000 && pauses[2] <= 4000, String(pauses))
  assert.ok(pauses[2] > pauses[0], String(pauses))

  assert.equal((await app.keepAlive()).renewed, 1)
  const { state, refusal: after } = await onlyGrant(app)
  assert.deepEqual([state, after], ['active', undefined])
  assert.deepEqual(
    asked.map(form => form.refresh_token),
    ['rt-0', 'rt-0', 'rt-0', 'rt-0'],
  )

  while (!events.some(([name]) => name === 'renewed')) await new Promise(setImmediate)
  const refused = events.filter(([name]) => name === 'refused').map(([, event]) => event)
  assert.equal(refused.length, 1)
  assert.equal(refused[0].grantId, 'customer')
  assert.deepEqual(refused[0].since, first)
  assert.ok(refused[0].error instanceof TokenError)
  assert.deepEqual([refused[0].error.error, refused[0].error.status], ['account_suspended', 403])
  assert.ok(events.every(([name]) => name !== 'reauthorizationRequired'))
})

test('the pause is kept by another app and another process on the same store', async t => {
  let accepts = false
  const { app, asked, open, place, baseUrl } = await start(t, (_form, number) =>
    accepts ? tokens(number) : { status: 400, body: '{"message":"Try later","errors":[{"code":"NOT_NOW"}]}' },
  )
  // Three refusals make the pause four seconds long.
  for (let times = 1; times <= 3; times++) {
    await app.keepAlive()
    const { refusal } = await onlyGrant(app)
    assert.equal(refusal.times, times)
    if (times < 3) await passed(refusal.retryAt.getTime())
  }
  const other = open({ clientAuth: 'basic' })
  const child = await startProcess(t, 'grant-user', { place, app: { ...CLIENT, baseUrl } })
  const error = await failure(client(other.grant('customer')).get('/me'))
  assert.deepEqual([error.code, error.error, error.status], ['TOKEN_REFUSED', undefined, 400])
  assert.match(error.errorDescription, /Try later/)
  assert.ok(error.retryAfter > 0 && error.retryAfter <= 4000, String(error.retryAfter))
  assert.equal(await child.run('call'), 'TOKEN_REFUSED')
  assert.equal((await other.keepAlive()).failed, 1)
  const { refusal } = await onlyGrant(other)
  assert.ok(Date.now() < refusal.retryAt.getTime(), 'all of that happened within the pause')
  assert.deepEqual([refusal.times, asked.length], [3, 3])

  accepts = true
  await passed(refusal.retryAt.getTime())
  assert.equal((await other.keepAlive()).renewed, 1)
  assert.equal((await onlyGrant(app)).state, 'active')
  assert.equal(asked.length, 4)
})

test('a refusal in a call is the same, and the next call gives its words without a request', async t => {
  const { app, asked } = await start(t, () => refusal('account_suspended', 403, 'Pay the bill'))
  const refused = []
  app.on('refused', event => refused.push(event))
  const sr = client(app.grant('customer'))
  for (let call = 0; call < 20; call++) {
    const error = await failure(sr.get('/me'))
    assert.deepEqual(
      [error.code, error.error, error.errorDescription, error.status],
      ['TOKEN_REFUSED', 'account_suspended', 'Pay the bill', 403],
    )
  }
  assert.equal(asked.length, 1)
  const grant = await onlyGrant(app)
  assert.deepEqual([grant.state, grant.refusal.times], ['refused', 1])
  assert.equal(refused.length, 1)
})

test('a wrong client secret in one app keeps no other app from the grant', async t => {
  for (const body of ['', '{"error":"invalid_client"}']) {
    const { app, open, asked } = await start(t, (form, number) =>
      form.client_secret === CLIENT.clientSecret ? tokens(number) : { status: 401, body },
    )
    const wrong = open({ clientSecret: 'another-secret-0123' })
    const error = await failure(client(wrong.grant('customer')).get('/me'))
    assert.deepEqual([error.code, error.status], ['TOKEN_REFUSED', 401])
    assert.equal(asked.length, 1)

    assert.deepEqual(await client(app.grant('customer')).get('/me'), { id: 'at-2' })
    assert.equal(asked.length, 2)
    assert.equal((await onlyGrant(app)).state, 'active')
    assert.equal((await onlyGrant(app)).refusal, undefined)
  }
})

test('a call asks again once the pause of the record is over, also in the process that was refused', async t => {
  const { app, asked } = await start(t, (_form, number) =>
    number === 1 ? refusal('account_suspended', 400) : tokens(number),
  )
  const sr = client(app.grant('customer'))
  await failure(sr.get('/me'))
  const { refusal: listed } = await onlyGrant(app)
  await passed(listed.retryAt.getTime())
  // This process noted the refusal some milliseconds after the record did, and waits as much longer.
  assert.deepEqual(await otherThan('TOKEN_REFUSED', () => sr.get('/me')), { value: { id: 'at-2' } })
  assert.equal(asked.length, 2)
})

test('a refused grant that a pass of keep-alive renewed is used at once by the client that was refused', async t => {
  const { app, asked } = await start(t, (_form, number) =>
    number === 1 ? refusal('account_suspended', 403) : tokens(number),
  )
  const sr = client(app.grant('customer'))
  await failure(sr.get('/me'))
  await passed((await onlyGrant(app)).refusal.retryAt.getTime())
  assert.equal((await app.keepAlive()).renewed, 1)
  assert.deepEqual(await sr.get('/me'), { id: 'at-2' })
  assert.equal(asked.length, 2)
})

test('an access token that is still valid is used while the refresh token is refused', async t => {
  const { app, asked } = await start(t, form =>
    form.grant_type === 'authorization_code' ? tokens('first', { expires_in: 60 }) : refusal('account_suspended', 403),
  )
  const request = app.authorizationUrl()
  const grant = await app.exchange(callback(request), { state: request.state, id: 'customer' })
  await passed((await onlyGrant(app)).refreshTokenIssuedAt.getTime() + 1)
  assert.equal((await app.keepAlive({ idle: 0 })).failed, 1)
  assert.equal((await onlyGrant(app)).state, 'refused')
  assert.deepEqual(await client(grant).get('/me'), { id: 'at-first' })
  assert.equal(asked.length, 2)
})

test('a new authorization ends a refusal', async t => {
  const { app } = await start(t, form =>
    form.grant_type === 'authorization_code' ? tokens('new') : refusal('account_suspended', 403),
  )
  const sr = client(app.grant('customer'))
  await failure(sr.get('/me'))
  assert.equal((await onlyGrant(app)).state, 'refused')
  const request = app.authorizationUrl()
  await app.exchange(callback(request), { state: request.state, id: 'customer' })
  assert.deepEqual(await sr.get('/me'), { id: 'at-new' })
  const { state, refusal: after } = await onlyGrant(app)
  assert.deepEqual([state, after], ['active', undefined])
})

test('the words of a refusal are listed without secrets', async t => {
  const { app } = await start(t, form => refusal('account_suspended', 403, `Not ${form.refresh_token}-canary-canary`))
  const refreshTokenIssuedAt = Date.now() - 20 * DAY
  await app.import({ id: 'customer', refreshToken: 'canary-canary-canary', refreshTokenIssuedAt })
  await app.keepAlive()
  const { refusal: listed } = await onlyGrant(app)
  assert.match(listed.errorDescription, /^Not \[redacted\]/)
  assert.ok(!listed.errorDescription.includes('canary-canary-canary'))
})
