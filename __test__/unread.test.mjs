// An answer that arrived and cannot be used is kept in the store, sealed, until it can be read or is not needed any more.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { MapStore } from './support/map-store.mjs'
import { failure } from './support/servers.mjs'
import {
  callback,
  client,
  importIdle,
  list,
  onlyGrant,
  passed,
  refusal,
  startTokenEndpoint,
  startWithStore,
  tokens,
  unreadable,
} from './support/token-endpoint.mjs'

/** All bytes in the folder of a store. */
async function bytesOf({ folder }) {
  const files = await readdir(folder)
  return Buffer.concat(await Promise.all(files.map(name => readFile(join(folder, name)))))
}

/** Asserts that the store has grown by an answer, but shows neither it nor what it was made from. */
async function assertSealed(place, answer) {
  const bytes = await bytesOf(place)
  assert.ok(!bytes.includes(answer.body), 'the answer is not sealed')
  assert.ok(!bytes.includes(answer.body.subarray(8, 40)), 'a part of the answer is not sealed')
  assert.ok(!bytes.includes('x-secret'), 'its header fields are not sealed')
}

test('an answer in an unknown coding is kept, and the grant goes on where the server gives grace', async t => {
  const { app, asked, place, open } = await startWithStore(t, (_form, number) =>
    number === 1 ? unreadable('hidden') : tokens(number),
  )
  await importIdle(app)
  const error = await failure(client(app.grant('customer')).get('/me'))
  assert.deepEqual([error.code, error.status], ['TOKEN_INVALID', 200])
  const grant = await onlyGrant(app)
  assert.deepEqual([grant.state, grant.reason, grant.refusal], ['unread', undefined, undefined])
  assert.deepEqual(
    (await list(app, { state: 'unread' })).map(({ id }) => id),
    ['customer'],
  )
  assert.deepEqual(await list(app, { state: 'active' }), [])
  await assertSealed(place, unreadable('hidden'))

  // Another process, as it were, which needs the token: the server accepts the refresh token a second time.
  const other = open({ clientAuth: 'basic' })
  assert.deepEqual(await client(other.grant('customer')).get('/me'), { id: 'at-2' })
  assert.equal((await onlyGrant(other)).state, 'active')
  assert.deepEqual(
    asked.map(form => form.refresh_token),
    ['rt-0', 'rt-0'],
  )
})

test('where the server gives no grace, the grant ends as a lost response, and not as a revocation', async t => {
  const { app } = await startWithStore(t, (_form, number) =>
    number === 1 ? unreadable('hidden') : refusal('invalid_grant'),
  )
  await importIdle(app)
  await app.keepAlive()
  assert.equal((await onlyGrant(app)).state, 'unread')
  await app.keepAlive()
  const { state, reason } = await onlyGrant(app)
  assert.deepEqual([state, reason], ['ended', 'responseLost'])
})

test('an answer stays kept while the server fails, refuses, or answers in the same way again', async t => {
  const answers = [unreadable('one'), { status: 503 }, unreadable('two'), refusal('account_suspended', 403)]
  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) => answers[number - 1] ?? tokens(number))
  const store = new MapStore()
  const app = appOf({ store })
  await importIdle(app)
  const seen = []
  for (let pass = 1; pass <= answers.length; pass++) {
    await app.keepAlive()
    const { unread } = JSON.parse(store.textOf('customer'))
    seen.push([(await onlyGrant(app)).state, unread.length])
  }
  assert.deepEqual(seen, [
    ['unread', 1],
    ['unread', 1],
    ['unread', 2],
    ['refused', 2],
  ])
  await passed((await onlyGrant(app)).refusal.retryAt.getTime())
  assert.equal((await app.keepAlive()).renewed, 1)
  assert.equal(JSON.parse(store.textOf('customer')).unread, undefined)
  assert.equal(asked.length, 5)
})

test('the unreadable answer to a code is kept under its id, listed as unread, and no second POST is made', async t => {
  const { app, asked, place } = await startWithStore(t, () => unreadable('hidden'))
  const request = app.authorizationUrl({ scopes: ['jobs_read'] })
  const metadata = { company: 'Acme' }
  const exchange = () => app.exchange(callback(request), { state: request.state, id: 'customer', metadata })
  for (let time = 0; time < 3; time++) {
    const error = await failure(exchange())
    assert.deepEqual([error.code, error.status], ['TOKEN_INVALID', 200])
  }
  assert.equal(asked.length, 1)
  const grant = await onlyGrant(app)
  assert.deepEqual(
    [grant.id, grant.state, grant.scopes, grant.metadata],
    ['customer', 'unread', ['jobs_read'], metadata],
  )
  await assertSealed(place, unreadable('hidden'))

  // There is no refresh token to spend: the user has to come again, and the error says so.
  const error = await failure(client(app.grant('customer')).get('/me'))
  assert.equal(error.code, 'TOKEN_INVALID')
  assert.match(error.message, /authorizationUrl\(\)/)
  assert.deepEqual([(await app.keepAlive({ idle: 0 })).renewed, asked.length], [0, 1])
  assert.equal((await onlyGrant(app)).state, 'unread')
})

test('the unreadable answer to a code costs no grant that lives under its id', async t => {
  const { app, asked } = await startWithStore(t, (form, number) =>
    form.grant_type === 'authorization_code' ? unreadable('hidden') : tokens(number),
  )
  await importIdle(app)
  const request = app.authorizationUrl()
  await failure(app.exchange(callback(request), { state: request.state, id: 'customer' }))
  assert.equal((await onlyGrant(app)).state, 'unread')
  assert.deepEqual(await client(app.grant('customer')).get('/me'), { id: 'at-2' })
  assert.equal((await onlyGrant(app)).state, 'active')
  assert.equal(asked.at(-1).refresh_token, 'rt-0')
})

test('the unreadable answer to a code is listed as unread where the grant before was forgotten or has ended', async t => {
  for (const before of ['forgotten', 'ended']) {
    const { app } = await startWithStore(t, form =>
      form.grant_type === 'authorization_code' ? unreadable('hidden') : refusal('invalid_grant'),
    )
    await importIdle(app)
    if (before === 'forgotten') await app.forget('customer')
    else await app.keepAlive()
    const request = app.authorizationUrl()
    await failure(app.exchange(callback(request), { state: request.state, id: 'customer' }))
    assert.deepEqual(
      (await list(app)).map(({ id, state }) => [id, state]),
      [['customer', 'unread']],
      before,
    )
  }
})

test('a later authorization takes the place of an answer that was never read', async t => {
  const { app } = await startWithStore(t, (_form, number) => (number === 1 ? unreadable('hidden') : tokens(number)))
  for (const code of ['code-1', 'code-2']) {
    const request = app.authorizationUrl()
    await app.exchange(callback(request, code), { state: request.state, id: 'customer' }).catch(() => {})
  }
  assert.equal((await onlyGrant(app)).state, 'active')
  assert.deepEqual(await client(app.grant('customer')).get('/me'), { id: 'at-2' })
})

test('keeping the unreadable answer to a code does not undo a renewal that another process commits meanwhile', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, (form, number) =>
    form.grant_type === 'authorization_code' ? unreadable('hidden') : tokens(number),
  )
  const shared = new MapStore()
  const other = appOf({ store: shared, clientAuth: 'basic' })
  await importIdle(other)
  let loads = 0
  const app = appOf({
    store: {
      durable: false,
      async load(id) {
        // Once the answer is there: the other process renews the grant between any two looks at its record.
        if (asked.length > 0 && ++loads === 2) assert.equal((await other.keepAlive()).renewed, 1)
        return shared.load(id)
      },
      swap: (...args) => shared.swap(...args),
      due: (...args) => shared.due(...args),
    },
  })
  const request = app.authorizationUrl()
  const error = await failure(app.exchange(callback(request), { state: request.state, id: 'customer' }))
  assert.equal(error.code, 'TOKEN_INVALID')
  if (loads < 2) assert.equal((await other.keepAlive()).renewed, 1)
  assert.deepEqual(
    asked.map(form => form.refresh_token),
    [undefined, 'rt-0'],
  )
  assert.equal(JSON.parse(shared.textOf('customer')).refreshToken, 'rt-2')
})
