// Access tokens of client credentials that processes share through a store.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ClientCredentials, ConfigurationError, MemoryStore, SmartRecruiters, StoreError } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { startProcesses } from './support/fleet.mjs'
import { ENCRYPTION_KEY, openStore, STORES, startPlace } from './support/stores.mjs'

const PROCESSES = 8
const EXPIRIES = 25

async function start(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.client
  const client = { clientId, clientSecret }
  /** A process of its own, but for the store. */
  const withStore = (store, encryptionKey = ENCRYPTION_KEY, secret = clientSecret) => {
    const credential = new ClientCredentials({ clientId, clientSecret: secret, store, encryptionKey })
    return new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, retries: 0 })
  }
  return { sandbox, client, withStore }
}

/** All that is in a folder, in bytes. */
async function contents(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath ?? entry.path, entry.name))
  return Buffer.concat(await Promise.all(files.map(file => readFile(file).catch(() => Buffer.alloc(0)))))
}

for (const kind of STORES) {
  test(`${kind}: ${PROCESSES} processes exchange once for each of ${EXPIRIES} expiries`, async t => {
    const { sandbox, client, withStore } = await start(t)
    const place = await startPlace(t, kind)
    const fleet = await startProcesses(t, PROCESSES, 'token-user', { place, client, baseUrl: sandbox.baseUrl })
    for (let expiry = 1; expiry <= EXPIRIES; expiry++) {
      const answers = await Promise.all(fleet.map(process => process.run('call')))
      assert.deepEqual(new Set(answers), new Set(['answered']))
      assert.deepEqual(sandbox.counters().exchanges.client_credentials, { attempts: expiry, successes: expiry })
      if (expiry < EXPIRIES) sandbox.expireAccessTokens()
    }
    const late = withStore(openStore(place))
    const { accessToken } = await late.token()
    await late.get('/payload/20')
    assert.equal(sandbox.counters().exchanges.client_credentials.attempts, EXPIRIES, 'a cold start takes what is there')
    const bytes = await contents(place.folder)
    assert.ok(bytes.length > 200)
    for (const secret of [accessToken, client.clientSecret, client.clientId])
      assert.equal(bytes.includes(secret), false)
  })
}

test('a store that is down costs no call, and a token that is not shared is used on', async t => {
  const { sandbox, withStore } = await start(t)
  const down = () => Promise.reject(new Error('down'))
  const sr = withStore({ load: down, swap: down, due: down })
  for (let call = 0; call < 3; call++) await sr.get('/payload/20')
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 1)
  const writesNothing = withStore({ load: () => undefined, swap: down, due: () => [] })
  for (let call = 0; call < 3; call++) await writesNothing.get('/payload/20')
  assert.equal(sandbox.counters().exchanges.client_credentials.attempts, 2)
})

test('a key that does not open what others stored is said so', async t => {
  const { withStore } = await start(t)
  const place = await startPlace(t, 'sqlite')
  await withStore(openStore(place)).get('/payload/20')
  await withStore(openStore(place), ['a5'.repeat(32), ENCRYPTION_KEY]).get('/payload/20')
  for (const [key, said] of [
    ['a5'.repeat(32), /sealed with a key that was not given; add it to `encryptionKey`/],
    [false, /sealed; give its key as `encryptionKey`/],
  ]) {
    await assert.rejects(withStore(openStore(place), key).get('/payload/20'), error => {
      assert.ok(error instanceof StoreError, error)
      assert.match(error.message, said)
      return true
    })
  }
})

test('credentials in one process share a store in memory; a rotated secret shares nothing', async t => {
  const { sandbox, withStore } = await start(t)
  const store = new MemoryStore()
  const first = await withStore(store, undefined).token()
  const second = await withStore(store, undefined).token()
  assert.equal(second.accessToken, first.accessToken)
  assert.deepEqual(second.expiresAt, first.expiresAt)
  const rotated = withStore(store, undefined, 'another-secret')
  await assert.rejects(rotated.token(), { error: 'invalid_client' })
  assert.deepEqual(sandbox.counters().exchanges.client_credentials, { attempts: 2, successes: 1 })
})

test('options of the store are checked where they are given', () => {
  const client = { clientId: 'id', clientSecret: 'canary' }
  const durable = { load: () => undefined, swap: () => true, due: () => [] }
  const bad = [
    [{ store: durable }, 'encryptionKey'],
    [{ store: durable, encryptionKey: 'short' }, 'encryptionKey'],
    [{ store: durable, encryptionKey: [] }, 'encryptionKey'],
    [{ encryptionKey: ENCRYPTION_KEY }, 'encryptionKey'],
    [{ store: 'memory' }, 'store'],
    [{ store: { load: durable.load } }, 'store.swap'],
  ]
  for (const [options, field] of bad) {
    assert.throws(
      () => new ClientCredentials({ ...client, ...options }),
      error => {
        assert.ok(error instanceof ConfigurationError, error)
        assert.equal(error.field, field)
        assert.ok(!error.message.includes('canary'))
        return true
      },
    )
  }
  new ClientCredentials({ ...client, store: durable, encryptionKey: false })
})
