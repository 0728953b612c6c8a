// Workers with stores of their own, which end in the middle of what can be done once: it is not waited for without end,
// and what is lost is said.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { OAuthApp, PartnerApp, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { refreshTokenOf } from './support/grants.mjs'

const THREAD = new URL('./processes/own-store-thread.mjs', import.meta.url)

async function start(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const options = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  return { sandbox, options, app: new OAuthApp(options) }
}

/** The next warning of this process that a thread's store has gone. */
function nextWarning() {
  return new Promise(resolve => {
    const listener = warning => {
      if (warning.code !== 'SMARTRECRUITERS_STORE_GONE') return
      process.off('warning', listener)
      resolve(warning.message)
    }
    process.on('warning', listener)
  })
}

async function hit(fault) {
  while (fault.hits === 0) await new Promise(setImmediate)
}

for (const ending of ['terminated', 'exiting']) {
  test(`a worker that is ${ending} while its store waits for new tokens leaves a warning, and no exchange in flight`, async t => {
    const { sandbox, options, app } = await start(t)
    const held = sandbox.fault({ path: '/identity/oauth/token', kind: 'hold', when: 'after' })
    const exit = ending === 'exiting' ? { exitWith: 0 } : {}
    const worker = new Worker(THREAD, { workerData: { action: 'exchange', app: options, ...exit } })
    const [{ url }] = await once(worker, 'message')
    worker.postMessage(await sandbox.consentTo(url))
    await hit(held)
    const warned = nextWarning()
    if (ending === 'exiting') {
      worker.postMessage('exit')
      await once(worker, 'exit')
    } else {
      await worker.terminate()
    }
    held.clear()
    assert.match(await warned, /grant "worker-grant" could not be stored and are lost: the thread .* has ended/)
    await app.settled()
  })
}

test('a renewal whose store ends with its worker is said to be lost, and not tried again', async t => {
  const { sandbox, options, app } = await start(t)
  const { url, state } = app.authorizationUrl()
  await app.exchange(await sandbox.consentTo(url), { state, id: 'here' })
  const refreshToken = await refreshTokenOf(sandbox, app)
  const held = sandbox.fault({ path: '/identity/oauth/token', kind: 'hold', when: 'after' })
  const worker = new Worker(THREAD, { workerData: { action: 'renew', app: options, refreshToken } })
  await hit(held)
  const warned = nextWarning()
  await worker.terminate()
  held.clear()
  assert.match(await warned, /grant "worker-grant" could not be stored/)
  await app.settled()
  assert.deepEqual(sandbox.counters().exchanges.refresh_token, { attempts: 1, successes: 1 })
  assert.ok(await new SmartRecruiters({ credential: app.grant('here') }).token(), 'others go on')
})

test("credentials that are issued to a worker's store that has gone are said to be lost", async t => {
  const { sandbox } = await start(t)
  const { clientId, clientSecret } = sandbox.partner
  const options = { clientId, clientSecret, baseUrl: sandbox.baseUrl }
  const held = sandbox.fault({ path: '/apps-integrations/partner-api/integrations', kind: 'hold', when: 'after' })
  const worker = new Worker(THREAD, { workerData: { action: 'connect', app: options } })
  await hit(held)
  const warned = nextWarning()
  await worker.terminate()
  held.clear()
  assert.match(await warned, /customer "worker-company" could not be stored and are lost/)
  const store = { load: () => undefined, swap: () => true, due: () => [], durable: false }
  await new PartnerApp({ ...options, store }).settled()
})

test('a process whose worker ended in the middle of an exchange ends at once, not after its `exitTimeout`', async () => {
  const program = fileURLToPath(new URL('./processes/ended-worker.mjs', import.meta.url))
  // Its `exitTimeout` is 60 s.
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 30_000 })
  assert.equal(stdout.trim(), 'SMARTRECRUITERS_STORE_GONE')
})
