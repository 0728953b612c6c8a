// Many grants of an app: listed without their secrets, sealed anew, and moved.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConfigurationError,
  OAuthApp,
  ReauthorizationRequiredError,
  SmartRecruiters,
  StoreError,
  UnknownGrantError,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { authorize } from './support/grants.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from './support/stores.mjs'
import { list } from './support/token-endpoint.mjs'

const DAY = 24 * 60 * 60 * 1000

async function start(t, kind = 'sqlite') {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const place = await startPlace(t, kind)
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const appOptions = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  const open = (options = {}) =>
    new OAuthApp({ ...appOptions, store: openStore(place), encryptionKey: ENCRYPTION_KEY, ...options })
  return { sandbox, place, appOptions, open, app: open() }
}

const field = value => error => error instanceof ConfigurationError && error.field === value

test('grants are listed in order, by their state and expiry, and without a secret', async t => {
  const { sandbox, app } = await start(t)
  await authorize(sandbox, app)
  const now = Date.now()
  for (let number = 0; number < 250; number++) {
    const refreshTokenIssuedAt = now - 20 * DAY + number
    await app.import({ id: `idle-${number}`, refreshToken: `canary-${number}`, refreshTokenIssuedAt })
  }
  await app.forget('idle-7')
  const dead = await app.import({ id: 'dead', refreshToken: 'canary-dead', scopes: ['jobs_read'] })
  await assert.rejects(new SmartRecruiters({ credential: dead }).get('/payload/20'))

  const all = await list(app)
  const idle = Array.from({ length: 250 }, (_, number) => `idle-${number}`).filter(id => id !== 'idle-7')
  assert.deepEqual(
    all.map(grant => grant.id),
    [...idle, 'customer', 'dead'],
  )
  assert.deepEqual(all[0], {
    id: 'idle-0',
    state: 'active',
    metadata: {},
    refreshTokenIssuedAt: new Date(now - 20 * DAY),
    refreshTokenExpiresAt: new Date(now + 8 * DAY),
  })
  const customer = all.at(-2)
  assert.ok(customer.accessTokenExpiresAt > new Date())
  assert.deepEqual(
    [all.at(-1).state, all.at(-1).reason, all.at(-1).scopes],
    ['ended', 'revokedOrExpired', ['jobs_read']],
  )
  assert.doesNotMatch(JSON.stringify(all), /canary/)

  const ids = async options => (await list(app, options)).map(grant => grant.id)
  assert.deepEqual(await ids({ state: 'ended' }), ['dead'])
  assert.deepEqual(await ids({ state: 'renewing' }), [])
  assert.deepEqual(await ids({ expiresBefore: new Date(now + 8 * DAY + 2) }), ['idle-0', 'idle-1'])
  assert.deepEqual(await ids({ expiresBefore: now + 8 * DAY + 2, state: 'active' }), ['idle-0', 'idle-1'])
  assert.deepEqual(await list((await start(t)).app), [])
})

test('a grant whose refresh token is being spent is renewing', async t => {
  const { sandbox, app } = await start(t)
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app) })
  sandbox.expireAccessTokens()
  const held = sandbox.fault({ path: '/identity/oauth/token', kind: 'hold', when: 'after' })
  const call = sr.get('/payload/20')
  while (held.hits === 0) await new Promise(setImmediate)
  assert.deepEqual(
    (await list(app, { state: 'renewing' })).map(grant => grant.id),
    ['customer'],
  )
  held.clear()
  await call
  assert.deepEqual(await list(app, { state: 'renewing' }), [])
})

test('bad options of a listing are refused at once', async t => {
  const { app } = await start(t)
  assert.throws(() => app.grants({ state: 'dead' }), field('state'))
  assert.throws(() => app.grants({ expiresBefore: 'soon' }), field('expiresBefore'))
  assert.throws(() => app.grants({ expiresBefore: 8.64e15 + 1 }), field('expiresBefore'))
  assert.throws(() => app.grants({ limit: 7 }), field('limit'))
  await assert.rejects(list(app, { state: 'ended', expiresBefore: 1 }), field('expiresBefore'))
  for (const id of ['customer:acme', 'token:x']) {
    assert.throws(() => app.grant(id), field('id'))
    await assert.rejects(app.import({ id, refreshToken: 'canary' }), field('id'))
    await assert.rejects(app.forget(id), field('id'))
  }
})

test('a record that cannot be opened is named', async t => {
  const { open } = await start(t)
  await open().import({ id: 'sealed by another', refreshToken: 'canary' })
  await assert.rejects(list(open({ encryptionKey: 'a5'.repeat(32) })), error => {
    assert.ok(error instanceof StoreError, error)
    assert.match(error.message, /"sealed by another".*a key that was not given/)
    return true
  })
})

test('a key is replaced while grants are used, and what cannot be sealed anew is told', async t => {
  const { sandbox, open, app } = await start(t)
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app) })
  await sr.get('/payload/20')
  const [oldKey, newKey] = [ENCRYPTION_KEY, 'a5'.repeat(32)]
  await open({ encryptionKey: 'ff'.repeat(32) }).import({ id: 'of another key', refreshToken: 'canary' })
  const both = open({ encryptionKey: [newKey, oldKey] })
  const [steps, failures] = [[], []]
  both.on('rekeyFailed', failure => failures.push(failure))
  const done = await both.rekey({ onProgress: step => steps.push(step) })
  assert.deepEqual(done, { resealed: 1, skipped: 0, failed: 1 })
  assert.deepEqual(steps.at(-1), done)
  while (failures.length === 0) await new Promise(setImmediate)
  assert.equal(failures[0].id, 'of another key')
  assert.ok(failures[0].error instanceof StoreError)

  const renewed = new SmartRecruiters({ credential: open({ encryptionKey: newKey }).grant('customer') })
  await renewed.get('/payload/20')
  // Not quite the first app, whose token would be shared with it.
  const old = open({ clientAuth: 'basic' })
  await assert.rejects(new SmartRecruiters({ credential: old.grant('customer') }).get('/payload/20'), StoreError)

  await assert.rejects(open({ encryptionKey: false }).rekey(), field('encryptionKey'))
  await assert.rejects(both.rekey({ onProgress: 7 }), field('onProgress'))
  await assert.rejects(both.rekey({ from: 1 }), field('from'))
  await assert.rejects(both.rekey({ signal: AbortSignal.abort(new Error('enough')) }), /enough/)
})

test('a journal that is sealed anew in the middle of an exchange does not hold it up', async t => {
  const { sandbox, open } = await start(t)
  const newKey = 'a5'.repeat(32)
  const before = open({ encryptionKey: [ENCRYPTION_KEY, newKey] })
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, before) })
  sandbox.expireAccessTokens()
  const held = sandbox.fault({ path: '/identity/oauth/token', kind: 'hold', when: 'after' })
  const call = sr.get('/payload/20')
  while (held.hits === 0) await new Promise(setImmediate)
  const after = open({ encryptionKey: [newKey, ENCRYPTION_KEY] })
  assert.deepEqual(await after.rekey(), { resealed: 1, skipped: 0, failed: 0 })
  held.clear()
  await call
  await new SmartRecruiters({ credential: after.grant('customer') }).get('/payload/20')
  assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 1, successes: 1 })
})

test('a grant moves from one store to another, and ends where it was', async t => {
  const { sandbox, app, open } = await start(t, 'sqlite')
  const elsewhere = await startPlace(t, 'redis')
  const other = open({ store: openStore(elsewhere) })
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app) })
  await sr.get('/payload/20')
  const sealed = await app.export('customer')
  assert.match(sealed, /^smartrecruiters-grant-1\.[\w-]+$/)
  await assert.rejects(sr.get('/payload/20'), error => {
    assert.ok(error instanceof ReauthorizationRequiredError, error)
    assert.equal(error.reason, 'exported')
    return true
  })
  assert.deepEqual(
    (await list(app, { state: 'ended' })).map(({ id, reason }) => [id, reason]),
    [['customer', 'exported']],
  )

  const grant = await other.import({ sealed })
  assert.equal(grant.id, 'customer')
  const moved = new SmartRecruiters({ credential: grant })
  await moved.get('/payload/20')
  sandbox.expireAccessTokens()
  await moved.get('/payload/20')
  await assert.rejects(other.import({ sealed }), field('sealed'))
  // And back again.
  await app.import({ sealed: await other.export('customer') })
  sandbox.expireAccessTokens()
  await sr.get('/payload/20')
  assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 2, successes: 2 })
  assert.deepEqual(Object.values(sandbox.counters().refreshTokens), [1, 1])
})

test('what cannot be exported or imported is refused, and named', async t => {
  const { app, open } = await start(t)
  await app.import({ id: 'a', refreshToken: 'canary' })
  const sealed = await app.export('a')
  for (const bad of ['canary', sealed.slice(1), sealed.slice(0, -1), sealed.replace('-1.', '-9.'), 7, '']) {
    await assert.rejects(app.import({ sealed: bad }), error => {
      assert.ok(field('sealed')(error), error)
      assert.ok(!error.message.includes('canary'))
      return true
    })
  }
  await assert.rejects(app.import({ sealed, id: 'b' }), field('id'))
  await assert.rejects(open({ encryptionKey: 'a5'.repeat(32) }).import({ sealed }), field('sealed'))
  await assert.rejects(new OAuthApp({ ...(await start(t)).appOptions }).export('a'), field('encryptionKey'))
  await assert.rejects(app.export(7), field('id'))
  await assert.rejects(app.export('nobody'), UnknownGrantError)
})

test('a new authorization replaces the tokens of a grant whose renewal is in flight', async t => {
  const { sandbox, app } = await start(t)
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app) })
  sandbox.expireAccessTokens()
  const held = sandbox.fault({ path: '/identity/oauth/token', kind: 'hold', when: 'after' })
  const call = sr.get('/payload/20')
  while (held.hits === 0) await new Promise(setImmediate)
  await authorize(sandbox, app)
  const { accessToken } = await sr.token()
  held.clear()
  await call
  assert.equal((await sr.token()).accessToken, accessToken, 'that of the new authorization')
  sandbox.expireAccessTokens()
  await sr.get('/payload/20')
  assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 2, successes: 2 })
  assert.deepEqual(Object.values(sandbox.counters().refreshTokens), [1, 1])
})
