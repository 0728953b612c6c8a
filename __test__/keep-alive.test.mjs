// Keep-alive in the background: it comes by itself, renews each grant once, and keeps no process alive.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConfigurationError, OAuthApp, StoreError } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { refreshTokenOf } from './support/grants.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from './support/stores.mjs'

const PROCESSES = 3
const GRANTS = 20
const DAY = 24 * 3600 * 1000

async function start(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const options = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  return { sandbox, options }
}

test(`${PROCESSES} processes keep grants alive by themselves, each grant once, and end when nothing else is to do`, async t => {
  const setup = await start(t)
  const place = await startPlace(t, 'sqlite')
  const app = new OAuthApp({ ...setup.options, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
  for (let number = 0; number < GRANTS; number++) {
    const refreshToken = await refreshTokenOf(setup.sandbox, app)
    await app.import({ id: `idle-${number}`, refreshToken, refreshTokenIssuedAt: Date.now() - 20 * DAY })
  }
  const program = fileURLToPath(new URL('./processes/keep-alive.mjs', import.meta.url))
  const renewed = []
  let finish
  const finished = new Promise(resolve => {
    finish = resolve
  })
  const fleet = await Promise.all(
    Array.from({ length: PROCESSES }, async () => {
      const child = fork(program, [JSON.stringify({ place, app: setup.options })], { execArgv: ['--expose-gc'] })
      const ended = once(child, 'exit')
      t.after(() => child.kill())
      await once(child, 'message')
      child.on('message', ({ grantId }) => {
        renewed.push(grantId)
        if (renewed.length === GRANTS) finish()
      })
      return { child, ended }
    }),
  )
  await finished
  for (const { child, ended } of fleet) {
    child.send('go')
    assert.deepEqual(await ended, [0, null])
  }
  assert.deepEqual(renewed.sort(), Array.from({ length: GRANTS }, (_, number) => `idle-${number}`).sort())
  const { exchanges, refreshTokens } = setup.sandbox.counters()
  assert.deepEqual(exchanges.refresh_token, { attempts: GRANTS, successes: GRANTS })
  assert.deepEqual(Object.values(refreshTokens), Array(GRANTS).fill(1))
})

test('a pass that fails is an event, and the next one comes all the same', async t => {
  const { options } = await start(t)
  let asked = 0
  const store = {
    durable: false,
    load: () => undefined,
    swap: () => true,
    due() {
      asked++
      throw new Error('it is down')
    },
  }
  const app = new OAuthApp({ ...options, store, keepAlive: { every: 1000 } })
  for (let pass = 1; pass <= 2; pass++) {
    const { error } = await new Promise(resolve => {
      const listener = event => {
        app.off('keepAliveFailed', listener)
        resolve(event)
      }
      app.on('keepAliveFailed', listener)
    })
    assert.ok(error instanceof StoreError, error)
    assert.match(error.message, /it is down/)
    assert.ok(asked >= pass)
  }
})

test('options of keep-alive in the background are checked where they are given', async t => {
  const { options } = await start(t)
  for (const [keepAlive, field] of [
    [7, 'keepAlive'],
    ['daily', 'keepAlive'],
    [null, 'keepAlive'],
    [[], 'keepAlive'],
    [{ hourly: true }, 'hourly'],
    [{ every: 24 }, 'keepAlive.every'],
    [{ every: 28 * DAY }, 'keepAlive.every'],
    [{ every: '1h' }, 'keepAlive.every'],
    [{ idle: -1 }, 'keepAlive.idle'],
    [{ idle: 28 * DAY }, 'keepAlive.idle'],
    [{ perSecond: 0 }, 'keepAlive.perSecond'],
    [{ perSecond: 1.5 }, 'keepAlive.perSecond'],
  ]) {
    assert.throws(
      () => new OAuthApp({ ...options, keepAlive }),
      error => {
        assert.ok(error instanceof ConfigurationError, error)
        assert.equal(error.field, field)
        return true
      },
    )
  }
  for (const keepAlive of [undefined, false, true, {}, { every: 1000, idle: 0, perSecond: 1000 }]) {
    new OAuthApp({ ...options, keepAlive })
  }
})
