// Grants that are not there: never, not any more, and again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReauthorizationRequiredError, TokenError, UnknownGrantError } from 'smartrecruiters'
import { failure } from './support/servers.mjs'
import { ENCRYPTION_KEY, openStore, STORES, startPlace } from './support/stores.mjs'
import { client, list, onlyGrant, startTokenEndpoint, tokens } from './support/token-endpoint.mjs'

async function start(t, kind) {
  const server = await startTokenEndpoint(t, (_form, number) => tokens(number))
  const place = await startPlace(t, kind)
  const open = options => server.app({ store: openStore(place), encryptionKey: ENCRYPTION_KEY, ...options })
  return { ...server, open, app: open() }
}

test('an id that the store does not have is an UnknownGrantError that names it and says what makes one', async t => {
  const { app, asked } = await start(t, 'sqlite')
  const sr = client(app.grant('nobody'))
  for (const operation of [() => sr.get('/me'), () => sr.token(), () => app.export('nobody')]) {
    const error = await failure(operation())
    assert.ok(error instanceof UnknownGrantError, String(error))
    assert.ok(error instanceof TokenError)
    assert.deepEqual([error.code, error.name, error.grantId], ['UNKNOWN_GRANT', 'UnknownGrantError', 'nobody'])
    assert.match(error.message, /"nobody".*exchange\(\) or import\(\)/)
    assert.equal(JSON.parse(JSON.stringify(error)).grantId, 'nobody')
  }
  assert.deepEqual(await list(app), [])
  assert.equal(asked.length, 0)

  // A client that was made before its grant uses the grant at once.
  await app.import({ id: 'nobody', refreshToken: 'rt-0' })
  assert.deepEqual(await sr.get('/me'), { id: 'at-1' })
})

test('forgetting an id that the store does not have is not an error, and leaves nothing', async t => {
  const { app } = await start(t, 'sqlite')
  await app.forget('nobody')
  const error = await failure(client(app.grant('nobody')).get('/me'))
  assert.equal(error.code, 'UNKNOWN_GRANT')
})

for (const kind of STORES) {
  test(`a grant is forgotten and imported again under its id, and its tombstone is never listed (${kind})`, async t => {
    const { app, open, asked } = await start(t, kind)
    const other = open({ clientAuth: 'basic' })
    await app.import({ id: 'a', refreshToken: 'rt-0', metadata: { company: 'Acme' } })
    const sr = client(app.grant('a'))
    assert.deepEqual(await sr.get('/me'), { id: 'at-1' })

    await app.forget('a')
    for (const each of [app, other]) {
      for (const state of [undefined, 'active', 'ended', 'unread']) {
        assert.deepEqual(await list(each, state && { state }), [], state)
      }
      const error = await failure(client(each.grant('a')).get('/me'))
      assert.ok(error instanceof ReauthorizationRequiredError, String(error))
      assert.deepEqual([error.grantId, error.reason], ['a', 'forgotten'])
    }
    assert.deepEqual((await app.keepAlive()).failed, 0)
    await app.forget('a')

    await app.import({ id: 'a', refreshToken: 'rt-again' })
    assert.deepEqual(await sr.get('/me'), { id: 'at-2' })
    const { state, metadata } = await onlyGrant(other)
    assert.deepEqual([state, metadata], ['active', {}])
    assert.deepEqual(
      asked.map(form => form.refresh_token),
      ['rt-0', 'rt-again'],
    )
  })
}
