// What an app's owner notes about a grant, and the scopes that grants() lists.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigurationError, UnknownGrantError } from 'smartrecruiters'
import { deferred, failure } from './support/servers.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from './support/stores.mjs'
import { callback, client, list, onlyGrant, passed, startTokenEndpoint, tokens } from './support/token-endpoint.mjs'

const DAY = 24 * 60 * 60 * 1000
const NOTES = { company: 'Société canary', plan: '', 'key with spaces': 'ä'.repeat(100) }

async function startSealed(t, answer = (_form, number) => tokens(number)) {
  const server = await startTokenEndpoint(t, answer)
  const place = await startPlace(t, 'sqlite')
  const open = options => server.app({ store: openStore(place), encryptionKey: ENCRYPTION_KEY, ...options })
  return { ...server, place, open, app: open() }
}

/** All bytes in the folder of a store. */
async function bytesOf({ folder }) {
  const files = await readdir(folder)
  return Buffer.concat(await Promise.all(files.map(name => readFile(join(folder, name)))))
}

async function exchange(app, options, code) {
  const request = app.authorizationUrl()
  return app.exchange(callback(request, code), { state: request.state, ...options })
}

const refusedField = field => error => {
  assert.ok(error instanceof ConfigurationError, String(error))
  assert.equal(error.field, field)
  assert.ok(!error.message.includes('canary'), error.message)
  return true
}

test('metadata of exchange, import and annotate is listed, and sealed in the file', async t => {
  const { app, place } = await startSealed(t)
  await exchange(app, { id: 'exchanged', metadata: NOTES })
  await app.import({ id: 'imported', refreshToken: 'rt-imported', metadata: NOTES })
  await app.import({ id: 'bare', refreshToken: 'rt-bare' })
  const byId = Object.fromEntries((await list(app)).map(({ id, metadata }) => [id, metadata]))
  assert.deepEqual(byId, { exchanged: NOTES, imported: NOTES, bare: {} })

  await app.annotate('bare', { note: 'annotated canary' })
  await app.annotate('imported', {})
  const after = Object.fromEntries((await list(app)).map(({ id, metadata }) => [id, metadata]))
  assert.deepEqual(after, { exchanged: NOTES, imported: {}, bare: { note: 'annotated canary' } })

  const bytes = await bytesOf(place)
  assert.ok(bytes.includes('exchanged'), 'ids are not sealed, so the file is the right one')
  for (const text of ['canary', 'company', 'key with spaces']) assert.ok(!bytes.includes(text), text)
})

test('metadata and scopes are kept through renewals, export and import, and a move to another id', async t => {
  const { app, open, asked } = await startSealed(t)
  const refreshTokenIssuedAt = Date.now() - 20 * DAY
  await app.import({ id: 'a', refreshToken: 'rt-0', refreshTokenIssuedAt, metadata: NOTES, scopes: ['jobs_read'] })
  assert.deepEqual(await client(app.grant('a')).get('/me'), { id: 'at-1' })
  let grant = await onlyGrant(app)
  assert.deepEqual([grant.metadata, grant.scopes], [NOTES, ['jobs_read']])
  assert.ok(grant.refreshTokenIssuedAt > refreshTokenIssuedAt, 'it was renewed')

  await app.import({ sealed: await app.export('a') })
  grant = await onlyGrant(open({ clientAuth: 'basic' }))
  assert.deepEqual([grant.metadata, grant.scopes], [NOTES, ['jobs_read']])
  assert.equal(asked.length, 1)
  await app.forget('a')

  await exchange(app, { id: () => 'moved', metadata: NOTES })
  assert.deepEqual((await onlyGrant(app)).metadata, NOTES)
})

test('a new authorization or import replaces the metadata of the grant before', async t => {
  const { app } = await startSealed(t)
  await exchange(app, { id: 'a', metadata: NOTES }, 'code-1')
  await exchange(app, { id: 'a' }, 'code-2')
  assert.deepEqual((await onlyGrant(app)).metadata, {})
})

test('metadata that is too long or not flat strings is refused by field, and no code is spent', async t => {
  const { app, asked } = await startSealed(t)
  await app.import({ id: 'a', refreshToken: 'rt-a', metadata: NOTES })
  const bad = [
    ['canary', 'metadata'],
    [7, 'metadata'],
    [null, 'metadata'],
    [['canary'], 'metadata'],
    [{ n: 7 }, 'metadata.n'],
    [{ n: null }, 'metadata.n'],
    [{ n: undefined }, 'metadata.n'],
    [{ n: { of: 'canary' } }, 'metadata.n'],
    [{ n: ['canary'] }, 'metadata.n'],
    [{ n: 'canary \ud800' }, 'metadata.n'],
    [{ n: 'canary \0' }, 'metadata.n'],
    [{ 'half \udc00': 'canary' }, 'metadata'],
    [{ '': 'canary' }, 'metadata'],
    [{ n: 'x'.repeat(4096) }, 'metadata'],
    [{ n: 'ä'.repeat(2048) }, 'metadata'],
    [Object.fromEntries(Array.from({ length: 1025 }, (_, n) => [String(n).padStart(4, '0'), ''])), 'metadata'],
  ]
  for (const [metadata, field] of bad) {
    await assert.rejects(exchange(app, { metadata }), refusedField(field))
    await assert.rejects(app.import({ id: 'a', refreshToken: 'rt-b', metadata }), refusedField(field))
    await assert.rejects(app.annotate('a', metadata), refusedField(field))
  }
  await assert.rejects(app.annotate('a'), refusedField('metadata'))
  assert.deepEqual((await onlyGrant(app)).metadata, NOTES)
  assert.equal(asked.length, 0)

  // Exactly as much as there may be, in bytes of UTF-8.
  const most = { n: `x${'ä'.repeat(2047)}` }
  await app.annotate('a', most)
  assert.deepEqual((await onlyGrant(app)).metadata, most)
})

test('a grant that is not there, or was forgotten, cannot be annotated', async t => {
  const { app } = await startSealed(t)
  const error = await failure(app.annotate('nobody', NOTES))
  assert.ok(error instanceof UnknownGrantError, String(error))
  assert.deepEqual([error.code, error.grantId], ['UNKNOWN_GRANT', 'nobody'])
  await app.import({ id: 'a', refreshToken: 'rt-a' })
  await app.forget('a')
  await assert.rejects(app.annotate('a', NOTES), UnknownGrantError)
  assert.deepEqual(await list(app), [])
})

test('metadata that is annotated while a renewal is in flight is kept, and so are the new tokens', async t => {
  const [arrived, released] = [deferred(), deferred()]
  const { app, open, asked } = await startSealed(t, async (_form, number) => {
    arrived.resolve()
    await released.promise
    return tokens(number)
  })
  await app.import({ id: 'a', refreshToken: 'rt-0' })
  const call = client(app.grant('a')).get('/me')
  await arrived.promise
  assert.equal((await onlyGrant(app)).state, 'renewing')
  const annotated = app.annotate('a', NOTES)
  released.resolve()
  await Promise.all([call, annotated])
  const other = open({ clientAuth: 'basic' })
  assert.deepEqual((await onlyGrant(other)).metadata, NOTES)
  assert.deepEqual(await client(other.grant('a')).get('/me'), { id: 'at-1' }, 'the token of the renewal is stored')
  assert.equal(asked.length, 1)
})

test('scopes are those that were granted, or else requested, and undefined if neither is known', async t => {
  let granted
  const { app: appOf } = await startTokenEndpoint(t, (_form, number) =>
    tokens(number, granted === undefined ? {} : { scope: granted }),
  )
  let code = 0
  // The request and the exchange may be of two processes: the requested scopes come with the callback.
  const scopesOf = async (requesting, exchanging, options) => {
    const request = requesting.authorizationUrl(options)
    code += 1
    await exchanging.exchange(callback(request, `code-${code}`), { state: request.state, id: 'a' })
    return (await onlyGrant(exchanging)).scopes
  }
  const bare = () => appOf()
  const withScopes = () => appOf({ scopes: ['candidates_read'], clientAuth: 'basic' })
  assert.equal(await scopesOf(bare(), bare()), undefined)
  assert.deepEqual(await scopesOf(bare(), bare(), { scopes: ['jobs_read', 'jobs_write'] }), ['jobs_read', 'jobs_write'])
  assert.deepEqual(await scopesOf(withScopes(), withScopes()), ['candidates_read'])
  assert.deepEqual(await scopesOf(withScopes(), withScopes(), { scopes: ['jobs_read'] }), ['jobs_read'])
  assert.deepEqual(await scopesOf(withScopes(), bare(), { scopes: ['jobs_read'] }), ['jobs_read'])
  granted = 'user_me_read'
  assert.deepEqual(await scopesOf(withScopes(), bare(), { scopes: ['jobs_read', 'jobs_write'] }), ['user_me_read'])
})

test('requested scopes are kept when a renewal names none, and replaced when it names some', async t => {
  let scope
  const { app: appOf } = await startTokenEndpoint(t, (_form, number) => tokens(number, { scope, expires_in: 1 }))
  const app = appOf({ scopes: ['jobs_read'] })
  await exchange(app, { id: 'a' })
  for (const scopes of [['jobs_read'], ['candidates_read']]) {
    if (scopes[0] !== 'jobs_read') scope = scopes[0]
    await passed((await onlyGrant(app)).refreshTokenIssuedAt.getTime() + 1)
    assert.equal((await app.keepAlive({ idle: 0 })).renewed, 1)
    assert.deepEqual((await onlyGrant(app)).scopes, scopes)
  }
})
