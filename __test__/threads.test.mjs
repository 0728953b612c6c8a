// Worker threads that share a grant with the main thread: they are one process, and renew it as one.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { assertEachPresentedOnce, authorize } from './support/grants.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from './support/stores.mjs'

const TOKEN = { path: '/identity/oauth/token' }
const WORKERS = 4
const EXPIRIES = 20

async function start(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const place = await startPlace(t, 'sqlite')
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const options = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  const app = new OAuthApp({ ...options, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
  const sr = new SmartRecruiters({ credential: await authorize(sandbox, app) })
  return { sandbox, place, options, app, sr }
}

/** A thread that uses the grant `customer`, and counts what it hears. */
async function startThread(t, { place, options }, more = {}) {
  const program = fileURLToPath(new URL('./processes/grant-thread.mjs', import.meta.url))
  const worker = new Worker(program, { workerData: { place, app: { ...options, ...more }, id: 'customer' } })
  t.after(() => worker.terminate())
  await once(worker, 'message')
  const heard = counter()
  const answers = []
  worker.on('message', ({ event, done }) => (event ? heard.add(event.grantId) : answers.shift()(done)))
  return {
    worker,
    heard,
    run(action, options) {
      worker.postMessage({ action, ...options })
      return new Promise(resolve => answers.push(resolve))
    },
  }
}

/** Counts what comes, and waits for it. */
function counter() {
  const all = []
  const waiting = []
  return {
    all,
    add(one) {
      all.push(one)
      for (const check of waiting) check()
    },
    reach: count =>
      new Promise(resolve => {
        const check = () => all.length >= count && resolve()
        waiting.push(check)
        check()
      }),
  }
}

const call = sr =>
  sr.get('/payload/20').then(
    () => 'answered',
    error => `${error.code} ${error.reason ?? ''}`.trim(),
  )

test(`${WORKERS} worker threads and the main thread share a grant: each expiry is one exchange, and all hear of it`, async t => {
  const setup = await start(t)
  const { sandbox, app, sr } = setup
  const threads = await Promise.all(Array.from({ length: WORKERS }, () => startThread(t, setup)))
  const heard = counter()
  app.on('renewed', ({ grantId }) => heard.add(grantId))
  const listeners = [heard, ...threads.map(thread => thread.heard)]
  for (let expiry = 1; expiry <= EXPIRIES; expiry++) {
    sandbox.expireAccessTokens()
    const answers = await Promise.all([call(sr), ...threads.map(thread => thread.run('call'))])
    assert.deepEqual(answers, Array(WORKERS + 1).fill('answered'))
    // Whichever thread's call it was for. Apps that coordinate by their store alone would hear of their own only.
    await Promise.all(listeners.map(listener => listener.reach(expiry)))
  }
  assertEachPresentedOnce(sandbox, EXPIRIES)
  for (const { all } of listeners) assert.deepEqual(all, Array(EXPIRIES).fill('customer'))
  // One 401 each time, for whoever was first, or for those who were on the way at once; never a second round.
  assert.ok(sandbox.counters().unauthorized <= EXPIRIES * (WORKERS + 1))
})

test('a worker that is terminated in the middle of an exchange loses nothing', async t => {
  const setup = await start(t)
  const { sandbox, sr } = setup
  for (let round = 1; round <= 20; round++) {
    const thread = await startThread(t, setup)
    sandbox.expireAccessTokens()
    // In turn: before the server has spent the refresh token, and after.
    const held = sandbox.fault({ ...TOKEN, kind: 'hold', when: round % 2 ? 'before' : 'after' })
    void thread.run('call')
    while (held.hits === 0) await new Promise(setImmediate)
    await thread.worker.terminate()
    held.clear()
    assert.equal(await call(sr), 'answered')
    assertEachPresentedOnce(sandbox, round)
  }
})

test('what one thread does to a grant is so in all', async t => {
  const setup = await start(t)
  const { sandbox, app, sr } = setup
  const thread = await startThread(t, setup)
  assert.deepEqual([await call(sr), await thread.run('call')], ['answered', 'answered'])
  await thread.run('forget')
  assert.equal(await call(sr), 'REAUTHORIZATION_REQUIRED forgotten')
  const { url, state } = app.authorizationUrl()
  await app.exchange(await sandbox.consentTo(url), { state, id: 'customer' })
  assert.equal(await thread.run('call'), 'answered')
  await thread.run('import', { refreshToken: 'unknown' })
  assert.equal(await call(sr), 'REAUTHORIZATION_REQUIRED revokedOrExpired')
})

test('a thread with another key or secret gets no token of the others', async t => {
  const setup = await start(t)
  const { sr } = setup
  assert.equal(await call(sr), 'answered')
  const wrongKey = await startThread(t, setup, { encryptionKey: 'a5'.repeat(32) })
  assert.match(await wrongKey.run('call'), /STORE .*sealed with a key that was not given/)
  setup.sandbox.expireAccessTokens()
  const wrongSecret = await startThread(t, setup, { clientSecret: 'not-the-secret' })
  assert.match(await wrongSecret.run('call'), /invalid_client|AUTHENTICATION|TOKEN_REFUSED/)
  assert.equal(await call(sr), 'answered')
})
