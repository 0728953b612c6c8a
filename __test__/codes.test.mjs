// An authorization code works once: one code is one POST, however often the browser delivers the callback.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { OAuthApp } from 'smartrecruiters'
import { freePort } from './support/programs.mjs'
import { failure } from './support/servers.mjs'
import {
  CLIENT,
  callback,
  client,
  list,
  onlyGrant,
  refusal,
  startTokenEndpoint,
  tokens,
} from './support/token-endpoint.mjs'

test('the same callback many times at once, and again later, is one POST and one grant', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) => tokens(number))
  const app = appOf()
  const request = app.authorizationUrl()
  const exchange = options => app.exchange(callback(request), { state: request.state, ...options })
  const grants = await Promise.all(Array.from({ length: 100 }, () => exchange()))
  assert.equal(new Set(grants.map(grant => grant.id)).size, 1, 'also where the id is a random one')
  assert.equal((await exchange()).id, grants[0].id)
  assert.equal((await onlyGrant(app)).id, grants[0].id)
  assert.deepEqual(await client(await exchange()).get('/me'), { id: 'at-1' })
  assert.equal(asked.length, 1)
  assert.equal(asked[0].code, 'code-1')
})

test('another app object of the same app knows that a code was exchanged', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) => tokens(number))
  const store = { durable: false, load: () => undefined, swap: () => true, due: () => [] }
  const [one, two] = [appOf({ store }), appOf({ store })]
  const request = one.authorizationUrl()
  const exchange = app => app.exchange(callback(request), { state: request.state, id: 'a' })
  await Promise.all([exchange(one), exchange(two)])
  await exchange(two)
  assert.equal(asked.length, 1)
})

test('other codes are other exchanges, and the state must match each time', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) => tokens(number))
  const app = appOf()
  const request = app.authorizationUrl()
  await app.exchange(callback(request, 'code-1'), { state: request.state, id: 'a' })
  await app.exchange(callback(request, 'code-2'), { state: request.state, id: 'b' })
  const stranger = app.authorizationUrl()
  const error = await failure(app.exchange(callback(request, 'code-1'), { state: stranger.state, id: 'a' }))
  assert.equal(error.code, 'CALLBACK_REFUSED')
  assert.deepEqual(
    asked.map(({ code }) => code),
    ['code-1', 'code-2'],
  )
  assert.deepEqual((await list(app)).map(({ id }) => id).sort(), ['a', 'b'])
})

test('a code that was refused is not presented again', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, () => refusal('invalid_grant', 400, 'the code is used up'))
  const app = appOf()
  const request = app.authorizationUrl()
  const exchange = () => failure(app.exchange(callback(request), { state: request.state, id: 'a' }))
  const errors = await Promise.all(Array.from({ length: 10 }, exchange))
  errors.push(await exchange())
  for (const error of errors) {
    assert.deepEqual(
      [error.code, error.error, error.errorDescription],
      ['TOKEN_REFUSED', 'invalid_grant', 'the code is used up'],
    )
  }
  assert.equal(asked.length, 1)
  assert.deepEqual(await list(app), [])
})

test('a code whose exchange lost its answer is not presented again: its outcome is unknown', async t => {
  let posts = 0
  const server = createServer(request => {
    posts += 1
    request.resume().on('end', () => request.socket.destroy())
  })
  const port = await freePort()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const app = new OAuthApp({ ...CLIENT, baseUrl: `http://127.0.0.1:${port}` })
  const request = app.authorizationUrl()
  for (let time = 0; time < 3; time++) {
    const error = await failure(app.exchange(callback(request), { state: request.state, id: 'a' }))
    assert.equal(error.code, 'TOKEN_UNAVAILABLE')
  }
  assert.equal(posts, 1)
})

test('a code that no server has seen is exchanged at the next try', async t => {
  const port = await freePort()
  const app = new OAuthApp({ ...CLIENT, baseUrl: `http://127.0.0.1:${port}` })
  const request = app.authorizationUrl()
  const exchange = () => app.exchange(callback(request), { state: request.state, id: 'a' })
  for (let time = 0; time < 3; time++) {
    const error = await failure(exchange())
    assert.deepEqual([error.code, error.status], ['TOKEN_UNAVAILABLE', undefined])
  }
  let posts = 0
  const server = createServer((_request, response) => {
    posts += 1
    response.end(tokens('late').body)
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  assert.equal((await exchange()).id, 'a')
  assert.equal((await exchange()).id, 'a')
  assert.equal(posts, 1)
})

for (const status of [429, 503]) {
  test(`a code that the server did not process, by a ${status}, is exchanged at the next try`, async t => {
    const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) =>
      number === 1 ? { status, body: '{}' } : tokens(number),
    )
    const app = appOf()
    const request = app.authorizationUrl()
    const exchange = () => app.exchange(callback(request), { state: request.state, id: 'a' })
    const error = await failure(exchange())
    assert.deepEqual([error.code, error.status], ['TOKEN_UNAVAILABLE', status])
    assert.equal((await exchange()).id, 'a')
    assert.deepEqual(
      asked.map(({ code }) => code),
      ['code-1', 'code-1'],
    )
  })
}

test('a store that cannot be read costs no code', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) => tokens(number))
  let isDown = true
  const load = () => {
    if (isDown) throw new Error('it is down')
  }
  const app = appOf({ store: { durable: false, load, swap: () => true, due: () => [] } })
  const request = app.authorizationUrl()
  const exchange = () => app.exchange(callback(request), { state: request.state, id: 'a' })
  assert.equal((await failure(exchange())).code, 'STORE')
  assert.equal(asked.length, 0)
  isDown = false
  assert.equal((await exchange()).id, 'a')
  assert.equal(asked.length, 1)
})
