// exchange() with a function as `id`: it finds out whose the grant is, and the grant moves to that id. At no time do two
// records own its refresh token.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, ReauthorizationRequiredError, StoreError } from 'smartrecruiters'
import { MapStore } from './support/map-store.mjs'
import { failure } from './support/servers.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from './support/stores.mjs'
import { callback, client, list, onlyGrant, passed, startTokenEndpoint, tokens } from './support/token-endpoint.mjs'

const ME = '/user-api/v201804/users/me'

/** A server whose nth exchange yields `at-n` and `rt-n`, and whose users are called like their access tokens. */
const start = t => startTokenEndpoint(t, (_form, number) => tokens(number))

/** The ids of the records that hold a refresh token, in a store in the clear. */
function ownersOf(store, refreshToken) {
  return [...store.records.keys()].filter(id => store.textOf(id).includes(refreshToken))
}

test('a function finds out whose the grant is by a client that is authenticated as it, and the grant moves there', async t => {
  const { app: appOf, asked } = await start(t)
  const store = new MapStore()
  const app = appOf({ store })
  const request = app.authorizationUrl()
  let provisional
  const grant = await app.exchange(callback(request), {
    state: request.state,
    async id(sr) {
      // The tokens are safe before the function runs.
      provisional = (await onlyGrant(app)).id
      return (await sr.get(ME)).id
    },
  })
  assert.equal(grant.id, 'at-1')
  assert.notEqual(provisional, 'at-1')
  assert.deepEqual(
    (await list(app)).map(({ id, state }) => [id, state]),
    [['at-1', 'active']],
  )
  assert.deepEqual(ownersOf(store, 'rt-1'), ['at-1'])
  assert.deepEqual(await client(grant).get(ME), { id: 'at-1' })
  const error = await failure(client(app.grant(provisional)).get(ME))
  assert.ok(error instanceof ReauthorizationRequiredError, error)
  assert.equal(asked.length, 1)
})

test('the client that the function receives is closed when the function has ended', async t => {
  const { app: appOf } = await start(t)
  const app = appOf()
  for (const outcome of ['returns', 'throws']) {
    const request = app.authorizationUrl()
    let kept
    const exchanged = app.exchange(callback(request, outcome), {
      state: request.state,
      id(sr) {
        kept = sr
        if (outcome === 'throws') throw new Error('no')
        return 'acme'
      },
    })
    await exchanged.catch(() => {})
    assert.equal((await failure(kept.get(ME))).code, 'CLOSED', outcome)
  }
})

test('a function that fails rejects with its error, and the callback can be exchanged again without a second POST', async t => {
  const { app: appOf, asked } = await start(t)
  const app = appOf()
  const request = app.authorizationUrl()
  const exchange = id => app.exchange(callback(request), { state: request.state, id })
  const enough = new Error('the database of customers is down')
  assert.equal(await failure(exchange(() => Promise.reject(enough))), enough)
  const { id: provisional, state } = await onlyGrant(app)
  assert.equal(state, 'active')
  assert.equal(
    await failure(
      exchange(() => {
        throw enough
      }),
    ),
    enough,
  )
  for (const bad of [undefined, 7, '', 'customer:acme', 'half \ud800']) {
    const error = await failure(exchange(() => bad))
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.equal(error.field, 'id')
  }
  assert.equal((await onlyGrant(app)).id, provisional)
  assert.deepEqual(await client(app.grant(provisional)).get(ME), { id: 'at-1' })

  assert.equal((await exchange(() => 'acme')).id, 'acme')
  assert.equal((await onlyGrant(app)).id, 'acme')
  assert.equal(asked.length, 1)
})

test('the same callback twice at once, each with a function, is one POST and one grant', async t => {
  const { app: appOf, asked } = await start(t)
  const store = new MapStore()
  const app = appOf({ store })
  const request = app.authorizationUrl()
  const id = async sr => (await sr.get(ME)).id
  const exchange = () => app.exchange(callback(request), { state: request.state, id })
  const grants = await Promise.all(Array.from({ length: 8 }, exchange))
  assert.deepEqual(new Set(grants.map(grant => grant.id)), new Set(['at-1']))
  assert.equal((await exchange()).id, 'at-1', 'and later, too')
  assert.equal((await onlyGrant(app)).id, 'at-1')
  assert.deepEqual(ownersOf(store, 'rt-1'), ['at-1'])
  assert.equal(asked.length, 1)
})

test('a second login of the same customer replaces the first, in a client that is in use as well', async t => {
  const { app: appOf, asked } = await start(t)
  const store = new MapStore()
  const app = appOf({ store })
  const login = async number => {
    const request = app.authorizationUrl()
    return app.exchange(callback(request, `code-${number}`), {
      state: request.state,
      id: () => 'acme',
      metadata: { login: String(number) },
    })
  }
  const sr = client(await login(1))
  assert.deepEqual(await sr.get(ME), { id: 'at-1' })
  await login(2)
  assert.deepEqual(await sr.get(ME), { id: 'at-2' })
  const grant = await onlyGrant(app)
  assert.deepEqual([grant.id, grant.metadata], ['acme', { login: '2' }])
  assert.deepEqual(ownersOf(store, 'rt-1'), [])
  assert.deepEqual(ownersOf(store, 'rt-2'), ['acme'])
  assert.equal(asked.length, 2)
})

test('a move that stops between its two writes is finished by keepAlive(), and the refresh token has one owner throughout', async t => {
  const { app: appOf, asked } = await start(t)
  const store = new MapStore()
  const app = appOf({ store })
  const request = app.authorizationUrl()
  const exchange = () => app.exchange(callback(request), { state: request.state, id: () => 'acme' })
  store.fail = (method, id) => {
    if (method === 'swap' && id === 'acme') throw new Error('it is down')
  }
  const error = await failure(exchange())
  assert.ok(error instanceof StoreError, String(error))
  const [provisional] = ownersOf(store, 'rt-1')
  assert.deepEqual(ownersOf(store, 'rt-1'), [provisional])
  assert.equal(store.records.has('acme'), false)

  // Another process, as it were: its app shares no state with the first.
  store.fail = () => {}
  const other = appOf({ store, clientAuth: 'basic' })
  const { renewed, failed, remaining } = await other.keepAlive()
  assert.deepEqual([renewed, failed, remaining], [0, 0, 0])
  assert.deepEqual(ownersOf(store, 'rt-1'), ['acme'])
  assert.equal((await onlyGrant(other)).id, 'acme')
  assert.deepEqual(await client(other.grant('acme')).get(ME), { id: 'at-1' })
  assert.equal((await exchange()).id, 'acme', 'the process that began the move goes on, too')
  assert.deepEqual(ownersOf(store, 'rt-1'), ['acme'])
  assert.equal(asked.length, 1)
})

test('a move that stops before its last write leaves one record that can be used', async t => {
  const { app: appOf, asked } = await start(t)
  const store = new MapStore()
  const app = appOf({ store })
  const request = app.authorizationUrl()
  let swaps = 0
  // The grant's own record is written three times: when the code is exchanged, when it leaves, and when it has left.
  store.fail = (method, id) => {
    if (method === 'swap' && id !== 'acme' && ++swaps > 2) throw new Error('it is down')
  }
  await failure(app.exchange(callback(request), { state: request.state, id: () => 'acme' }))
  store.fail = () => {}
  const other = appOf({ store, clientAuth: 'basic' })
  assert.deepEqual(await client(other.grant('acme')).get(ME), { id: 'at-1' })
  await other.keepAlive()
  assert.equal((await onlyGrant(other)).id, 'acme')
  assert.deepEqual(ownersOf(store, 'rt-1'), ['acme'])
  assert.equal(asked.length, 1)
})

test('a function is asked in the same way with a sealed store that outlives the process', async t => {
  const { app: appOf, asked } = await start(t)
  const place = await startPlace(t, 'sqlite')
  const app = appOf({ store: openStore(place), encryptionKey: ENCRYPTION_KEY })
  const request = app.authorizationUrl()
  const id = async sr => (await sr.get(ME)).id
  await app.exchange(callback(request), { state: request.state, id })
  const other = appOf({ store: openStore(place), encryptionKey: ENCRYPTION_KEY, clientAuth: 'basic' })
  assert.equal((await onlyGrant(other)).id, 'at-1')
  assert.deepEqual(await client(other.grant('at-1')).get(ME), { id: 'at-1' })
  assert.equal(asked.length, 1)
})

test('a grant that stopped on its way is brought to its new id by the next use of its old one', async t => {
  // The access token expires at once, so that the use needs the refresh token.
  const { app: appOf } = await startTokenEndpoint(t, (_form, number) =>
    tokens(number, number === 1 ? { expires_in: 1 } : {}),
  )
  const store = new MapStore()
  const app = appOf({ store })
  const request = app.authorizationUrl()
  store.fail = (method, id) => {
    if (method === 'swap' && id === 'acme') throw new Error('it is down')
  }
  await failure(app.exchange(callback(request), { state: request.state, id: () => 'acme' }))
  store.fail = () => {}
  const grant = await onlyGrant(app)
  await passed(grant.accessTokenExpiresAt.getTime() + 1)
  // Whatever the use itself comes to: a grant that is listed as active must not stay where it cannot be used.
  assert.equal(grant.state, 'active')
  await client(app.grant(grant.id))
    .get(ME)
    .catch(() => {})
  assert.deepEqual(await client(appOf({ store, clientAuth: 'basic' }).grant('acme')).get(ME), { id: 'at-2' })
})

test('a second login that moves by the same two ids as the first replaces it there', async t => {
  const { app: appOf } = await start(t)
  const store = new MapStore()
  const app = appOf({ store })
  for (const code of ['code-1', 'code-2']) {
    const request = app.authorizationUrl()
    // The browser delivers the callback twice, and in between the customer got another id.
    for (const id of ['user-7', 'acme']) {
      await app.exchange(callback(request, code), { state: request.state, id: () => id })
    }
  }
  assert.equal((await onlyGrant(app)).id, 'acme')
  assert.deepEqual(ownersOf(store, 'rt-1'), [])
  assert.deepEqual(ownersOf(store, 'rt-2'), ['acme'])
})
