// Grants in each store: shared by processes, sealed, and renewed once however many want it.

import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  ConfigurationError,
  OAuthApp,
  PostgresStore,
  ReauthorizationRequiredError,
  RedisStore,
  SmartRecruiters,
  SqliteStore,
  StoreError,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { startProcesses } from './support/fleet.mjs'
import { ENCRYPTION_KEY, openStore, STORES, startPlace } from './support/stores.mjs'

const TOKEN = { path: '/identity/oauth/token' }
const PROCESSES = 8
const EXPIRIES = 25
const GRANTS = 30
const TWENTY_DAYS = 20 * 24 * 3600 * 1000

async function start(t, kind, options = {}) {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20, ...options })
  t.after(() => sandbox.close())
  const place = await startPlace(t, kind)
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const appOptions = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  const app = new OAuthApp({ ...appOptions, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
  return { sandbox, place, appOptions, app }
}

async function authorize(sandbox, app, id = 'customer') {
  const { url, state } = app.authorizationUrl()
  return app.exchange(await sandbox.consentTo(url), { state, id })
}

/** The next event of this name. */
function next(app, name) {
  return new Promise(resolve => {
    const listener = event => {
      app.off(name, listener)
      resolve([event])
    }
    assert.equal(app.on(name, listener), app)
  })
}

/** The refresh token of a new grant, as another system would have obtained it. */
async function refreshTokenOf(sandbox, app) {
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const callback = new URL(await sandbox.consentTo(app.authorizationUrl().url))
  const answer = await fetch(`${sandbox.baseUrl}${TOKEN.path}`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uri: redirectUris[0],
      code: callback.searchParams.get('code'),
    }),
  })
  return (await answer.json()).refresh_token
}

function startFleet(t, { place, appOptions }, size = PROCESSES) {
  return startProcesses(t, size, 'grant-user', { place, app: appOptions })
}

/** Every refresh token that was presented, was presented once. */
function assertEachPresentedOnce(sandbox, exchanges) {
  const { exchanges: counted, refreshTokens } = sandbox.counters()
  assert.deepEqual(counted.refresh_token, { attempts: exchanges, successes: exchanges })
  assert.deepEqual(
    Object.values(refreshTokens),
    Array.from({ length: exchanges }, () => 1),
  )
}

async function* files(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) yield join(entry.parentPath ?? entry.path, entry.name)
  }
}

for (const kind of STORES) {
  test(`${kind}: ${PROCESSES} processes share a grant, and each expiry is one exchange`, async t => {
    const setup = await start(t, kind)
    await authorize(setup.sandbox, setup.app)
    const fleet = await startFleet(t, setup)
    for (let expiry = 0; expiry < EXPIRIES; expiry++) {
      const answers = await Promise.all(fleet.map(process => process.run('call')))
      assert.deepEqual(new Set(answers), new Set(['answered']))
      setup.sandbox.expireAccessTokens()
    }
    // The first round was served with the token of the authorization.
    assertEachPresentedOnce(setup.sandbox, EXPIRIES - 1)
  })

  test(`${kind}: no token is in what it writes, and a grant is there for the next app`, async t => {
    const { sandbox, place, appOptions, app } = await start(t, kind)
    const refreshToken = 'canary-refresh-token-of-an-import'
    await app.import({ id: 'imported', refreshToken, accessToken: 'canary-access-token', expiresAt: Date.now() + 3e6 })
    await authorize(sandbox, app)
    let bytes = 0
    for await (const file of files(place.folder)) {
      const content = await readFile(file).catch(() => Buffer.alloc(0))
      bytes += content.length
      assert.equal(content.includes('canary'), false, file)
    }
    assert.ok(bytes > 200)
    const next = new OAuthApp({ ...appOptions, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
    const sr = new SmartRecruiters({ credential: next.grant('customer') })
    assert.equal((await sr.token()).accessToken.length > 0, true)
    const other = new OAuthApp({ ...appOptions, store: openStore(place), encryptionKey: 'a5'.repeat(32) })
    const refused = new SmartRecruiters({ credential: other.grant('customer') })
    await assert.rejects(refused.get('/payload/20'), error => {
      assert.ok(error instanceof StoreError, error)
      assert.match(error.message, /sealed with a key that was not given/)
      return true
    })
    const both = new OAuthApp({
      ...appOptions,
      store: openStore(place),
      encryptionKey: ['a5'.repeat(32), ENCRYPTION_KEY],
    })
    await new SmartRecruiters({ credential: both.grant('customer') }).get('/payload/20')
  })

  test(`${kind}: a process that ends in the middle of an exchange loses nothing`, async t => {
    // A store in JavaScript ends at process.exit(); until the event loop is empty it works.
    const action = kind === 'custom' ? 'abandonAfter' : 'exitAfter'
    const setup = await start(t, kind)
    await authorize(setup.sandbox, setup.app)
    for (const after of [0, 1, 2, 5, 10, 20, 40]) {
      setup.sandbox.expireAccessTokens()
      setup.sandbox.fault({ ...TOKEN, kind: 'delay', ms: 50, when: 'after' })
      const [process] = await startFleet(t, setup, 1)
      process.start(action, { after })
      await process.ended
      setup.sandbox.clearFaults()
      assertEachPresentedOnce(setup.sandbox, setup.sandbox.counters().exchanges.refresh_token.attempts)
    }
    const [last] = await startFleet(t, setup, 1)
    assert.equal(await last.run('call'), 'answered')
  })

  test(`${kind}: keep-alive renews what is due once, by however many processes`, async t => {
    const setup = await start(t, kind)
    for (let number = 0; number < GRANTS; number++) {
      const refreshToken = await refreshTokenOf(setup.sandbox, setup.app)
      await setup.app.import({ id: `idle-${number}`, refreshToken, refreshTokenIssuedAt: Date.now() - TWENTY_DAYS })
    }
    await authorize(setup.sandbox, setup.app, 'used')
    const fleet = await startFleet(t, setup, 4)
    const passes = await Promise.all(fleet.map(process => process.run('keepAlive', { perSecond: 200 })))
    const total = name => passes.reduce((sum, pass) => sum + pass[name], 0)
    assert.deepEqual([total('renewed'), total('failed')], [GRANTS, 0])
    assertEachPresentedOnce(setup.sandbox, GRANTS)
    assert.deepEqual(await fleet[0].run('keepAlive', {}), { renewed: 0, skipped: 0, failed: 0, remaining: 0 })
  })

  test(`${kind}: ${PROCESSES} processes seal all anew while 2 with the old key first renew, and lose nothing`, async t => {
    const setup = await start(t, kind)
    for (let number = 0; number < GRANTS; number++) {
      const refreshToken = await refreshTokenOf(setup.sandbox, setup.app)
      await setup.app.import({ id: `g-${number}`, refreshToken, refreshTokenIssuedAt: Date.now() - TWENTY_DAYS })
    }
    const newKey = 'a5'.repeat(32)
    const withKeys = (...encryptionKey) => ({ ...setup, appOptions: { ...setup.appOptions, encryptionKey } })
    const rekeyers = await startFleet(t, withKeys(newKey, ENCRYPTION_KEY))
    const renewers = await startFleet(t, withKeys(ENCRYPTION_KEY, newKey), 2)
    const sum = (results, name) => results.reduce((total, result) => total + result[name], 0)

    const rekeyed = []
    let renewing = true
    const renewed = Promise.all(renewers.map(renewer => renewer.run('keepAlive', { perSecond: 20 })))
    await Promise.all([
      renewed.finally(() => {
        renewing = false
      }),
      ...rekeyers.map(async rekeyer => {
        while (renewing) rekeyed.push(await rekeyer.run('rekey'))
        rekeyed.push(await rekeyer.run('rekey'))
      }),
    ])
    const counts = await renewed
    assert.deepEqual([sum(counts, 'renewed'), sum(counts, 'failed'), sum(rekeyed, 'failed')], [GRANTS, 0, 0])
    assert.ok(sum(rekeyed, 'resealed') >= GRANTS)

    const app = new OAuthApp({ ...setup.appOptions, store: openStore(setup.place), encryptionKey: newKey })
    const grants = []
    for await (const grant of app.grants({ state: 'active' })) grants.push(grant.id)
    assert.deepEqual(new Set(grants), new Set(Array.from({ length: GRANTS }, (_, number) => `g-${number}`)))
    assert.deepEqual(await app.rekey(), { resealed: 0, skipped: GRANTS, failed: 0 })
    assert.equal((await app.keepAlive({ idle: 0, perSecond: 200 })).renewed, GRANTS)
    assertEachPresentedOnce(setup.sandbox, 2 * GRANTS)
  })
}

test('a grant that is forgotten stays so, also against a renewal in flight', async t => {
  const { sandbox, app } = await start(t, 'sqlite')
  const grant = await authorize(sandbox, app)
  const sr = new SmartRecruiters({ credential: grant })
  sandbox.expireAccessTokens()
  const held = sandbox.fault({ ...TOKEN, kind: 'hold', when: 'after' })
  const call = sr.get('/payload/20')
  const forgotten = error => {
    assert.ok(error instanceof ReauthorizationRequiredError, error)
    assert.equal(error.reason, 'forgotten')
    return true
  }
  // Listened to from the start: it may fail before it is waited for.
  const inFlight = assert.rejects(call, forgotten)
  while (held.hits === 0) await new Promise(setImmediate)
  await app.forget('customer')
  held.clear()
  await inFlight
  await assert.rejects(sr.get('/payload/20'), forgotten)
  await app.forget('nobody')
  await authorize(sandbox, app)
  await new SmartRecruiters({ credential: app.grant('customer') }).get('/payload/20')
})

test('events tell what became of grants', async t => {
  const { sandbox, app } = await start(t, 'sqlite')
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app) })
  sandbox.expireAccessTokens()
  const renewed = next(app, 'renewed')
  await sr.get('/payload/20')
  assert.deepEqual(await renewed, [{ grantId: 'customer' }])

  sandbox.expireAccessTokens()
  sandbox.fault({ ...TOKEN, kind: 'status', status: 503 })
  const failed = next(app, 'renewalFailed')
  await assert.rejects(sr.get('/payload/20'))
  const [{ grantId, error }] = await failed
  assert.equal(grantId, 'customer')
  assert.equal(error.code, 'TOKEN_UNAVAILABLE')

  await app.import({ id: 'dead', refreshToken: 'unknown', refreshTokenIssuedAt: Date.now() - 27.5 * 864e5 })
  const ended = next(app, 'reauthorizationRequired')
  assert.deepEqual(await app.keepAlive(), { renewed: 0, skipped: 0, failed: 1, remaining: 0 })
  assert.deepEqual(await ended, [{ grantId: 'dead', reason: 'revokedOrExpired' }])

  const progress = []
  const expiring = next(app, 'expiring')
  await app.import({ id: 'late', refreshToken: 'unknown', refreshTokenIssuedAt: Date.now() - 27.5 * 864e5 })
  sandbox.fault({ ...TOKEN, kind: 'status', status: 503 })
  await app.keepAlive({ onProgress: step => progress.push(step) })
  const [warning] = await expiring
  assert.equal(warning.grantId, 'late')
  assert.equal(warning.days, 1)
  assert.ok(warning.expiresAt > new Date())
  assert.deepEqual(progress.at(-1), { renewed: 0, skipped: 0, failed: 1, remaining: 0 })
})

test('a durable store needs a key, or a clear word that there is none', async t => {
  const { place, appOptions } = await start(t, 'sqlite')
  const store = openStore(place)
  const field = value => error => error instanceof ConfigurationError && error.field === value
  assert.throws(() => new OAuthApp({ ...appOptions, store }), field('encryptionKey'))
  for (const encryptionKey of ['short', [], 7, true, ['']]) {
    assert.throws(
      () => new OAuthApp({ ...appOptions, store, encryptionKey }),
      error => error instanceof ConfigurationError && error.field.startsWith('encryptionKey'),
    )
  }
  const plain = new OAuthApp({ ...appOptions, store, encryptionKey: false })
  await plain.import({ id: 'plain', refreshToken: 'canary-in-the-clear' })
  assert.equal((await stat(place.options.path)).mode & 0o777, 0o600)
  assert.ok((await readFile(`${place.options.path}-wal`)).includes('canary-in-the-clear'))
})

test('bad options of stores are refused where they are given, without showing them', () => {
  const bad = [
    [SqliteStore, { path: '' }, 'path'],
    [SqliteStore, { path: ':memory:' }, 'path', /MemoryStore/],
    [SqliteStore, { path: 'file:x?mode=memory' }, 'path', /MemoryStore/],
    [SqliteStore, { path: 'sqlite:x?vfs=unix-none' }, 'path', /`vfs`/],
    [SqliteStore, { path: '~someone/x' }, 'path', /~/],
    [SqliteStore, { path: 'x', create: 'yes' }, 'create'],
    [SqliteStore, { path: 'x', namespace: 'a b' }, 'namespace'],
    [SqliteStore, { file: 'x' }, 'file'],
    [RedisStore, { url: 'http://user:canary@host' }, 'url'],
    [RedisStore, { url: 7 }, 'url'],
    [PostgresStore, { url: 'canary' }, 'url'],
    [PostgresStore, { url: 'postgres://host/db', connections: 0 }, 'connections'],
    [PostgresStore, { url: 'postgres://u:canary@host/db?sslcrl=canary' }, 'url', /`sslcrl`/],
    [PostgresStore, { url: 'postgres://u:canary@host/db?sslmode=canary' }, 'url', /`sslmode`/],
    [PostgresStore, { url: 'postgres://u:canary@host/db?target_session_attrs=standby' }, 'url', /read-write/],
    [PostgresStore, { url: 'postgres://u:can?a=ry@host/db' }, 'url', /percent-encoded/],
  ]
  for (const [Store, options, field, message = /./] of bad) {
    assert.throws(
      () => new Store(options),
      error => {
        assert.ok(error instanceof ConfigurationError, error)
        assert.equal(error.field, field)
        assert.match(error.message, message)
        assert.ok(!error.message.includes('canary'))
        return true
      },
    )
  }
})

test('a folder that is missing is an error, unless it is to be created', async t => {
  const { place, appOptions } = await start(t, 'sqlite')
  const file = join(place.folder, 'volume', 'records.sqlite')
  const open = options =>
    new OAuthApp({
      ...appOptions,
      store: new SqliteStore({ path: `file:${file}`, ...options }),
      encryptionKey: ENCRYPTION_KEY,
    })
  await assert.rejects(open().import({ id: 'a', refreshToken: 'b' }), error => {
    assert.ok(error instanceof StoreError, error)
    assert.match(error.message, /volume of the store does not exist.*`create: true`/)
    assert.match(error.cause.message, /No such file/)
    return true
  })
  assert.deepEqual(await readdir(place.folder), [])
  await open({ create: true }).import({ id: 'a', refreshToken: 'b' })
  assert.equal((await stat(join(place.folder, 'volume'))).mode & 0o777, 0o700)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
})

test('a file that was deleted takes no renewal, and is told', async t => {
  const { sandbox, place, app } = await start(t, 'sqlite')
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app), baseUrl: sandbox.baseUrl })
  await sr.get('/payload/20')
  for (const end of ['', '-wal', '-shm']) await rm(place.options.path + end)
  sandbox.expireAccessTokens()
  await assert.rejects(sr.get('/payload/20'))
  await assert.rejects(app.import({ id: 'another', refreshToken: 'x' }), error => {
    assert.ok(error instanceof StoreError, error)
    assert.match(error.message, /grants\.sqlite was deleted, moved or replaced/)
    return true
  })
  assert.equal(sandbox.counters().exchanges.refresh_token.attempts, 0)
  assert.deepEqual(await readdir(place.folder), [])
})

test('a server that is not there is named with its remedy, its cause and no password', async () => {
  const store = new PostgresStore({ url: 'postgres://user:canary@127.0.0.1:9/db' })
  await assert.rejects(store.warnings(), error => {
    assert.ok(error instanceof StoreError, error)
    assert.match(error.message, /PostgreSQL at 127\.0\.0\.1:9: it was refused; check that the server runs/)
    assert.match(error.cause.message, /refused/)
    assert.ok(!inspect(error).includes('canary'))
    return true
  })
})

test('servers say how they could lose grants', async t => {
  const safe = await startPlace(t, 'redis')
  assert.deepEqual(await openStore(safe).warnings(), [])
  assert.deepEqual(await openStore(await startPlace(t, 'postgres')).warnings(), [])
})

test('an app says by itself how its store could lose grants', async t => {
  const { appOptions } = await start(t, 'sqlite')
  const unsafe = [...['--maxmemory-policy', 'allkeys-lru'], ...['--appendonly', 'no']]
  const place = await startPlace(t, 'redis', unsafe)
  const open = options =>
    new OAuthApp({ ...appOptions, store: openStore(place), encryptionKey: ENCRYPTION_KEY, ...options })
  const expected = [/maxmemory-policy is allkeys-lru/, /appendonly is no/]

  const heard = []
  const app = open()
  const both = new Promise(resolve => {
    app.on('storeWarning', ({ message }) => heard.push(message) === 2 && resolve())
  })
  await app.import({ id: 'a', refreshToken: 'b' })
  await both
  await app.forget('a')
  expected.forEach((message, index) => {
    assert.match(heard[index], message)
  })

  // Where nobody listens: another app, since one that is made of the same would share what the first was told.
  const warnings = []
  const warned = new Promise(resolve => {
    const listener = warning => {
      if (warning.code === 'SMARTRECRUITERS_STORE' && warnings.push(warning.message) === 2) resolve()
    }
    process.on('warning', listener)
    t.after(() => process.off('warning', listener))
  })
  await open({ clientAuth: 'basic' }).forget('nobody')
  await warned
  expected.forEach((message, index) => {
    assert.match(warnings[index], message)
  })
  assert.equal(heard.length, 2)
})

test("what is wrong with a user's store is named", async t => {
  const { appOptions } = await start(t, 'sqlite')
  const good = { load: () => undefined, swap: () => true, due: () => [] }
  const bad = [
    [
      { load: () => Promise.reject(new Error('redis://user:canary@host is down')) },
      /load\(\) failed: Error: redis:\/\/host is down/,
    ],
    [
      {
        load() {
          throw new TypeError('now')
        },
      },
      /load\(\) failed: TypeError: now/,
    ],
    [{ load: () => ({ version: 0, content: new Uint8Array() }) }, /a version of 1 or more/],
    [{ load: () => ({ version: 1, content: 'text' }) }, /a Uint8Array/],
    [{ swap: () => 'yes' }, /true or false/],
    [{ swap: () => Promise.reject('no reason') }, /it gave no reason/],
  ]
  for (const [methods, message] of bad) {
    const app = new OAuthApp({ ...appOptions, store: { ...good, ...methods }, encryptionKey: ENCRYPTION_KEY })
    await assert.rejects(app.import({ id: 'a', refreshToken: 'b' }), error => {
      assert.ok(error instanceof StoreError, error)
      assert.match(error.message, message)
      assert.ok(!error.message.includes('canary'))
      return true
    })
  }
  for (const [due, message] of [
    [() => 7, /a list, but returned a number/],
    [() => ['id'], /must be an object, but is a string/],
    [() => [{ id: 7, due: 1 }], /the id of each entry/],
    [() => [{ id: 'a', due: -1 }], /the due of each entry/],
  ]) {
    const app = new OAuthApp({ ...appOptions, store: { ...good, due }, encryptionKey: ENCRYPTION_KEY })
    await assert.rejects(app.keepAlive(), message)
  }
  assert.throws(
    () => new OAuthApp({ ...appOptions, store: { load: good.load }, encryptionKey: ENCRYPTION_KEY }),
    error => error.field === 'store.swap',
  )
})
