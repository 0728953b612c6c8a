// Wall clocks that jump, by libfaketime. The monotonic clocks go on, as they do when someone sets the time.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { OAuthApp } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { refreshTokenOf } from '../../__test__/support/grants.mjs'
import { ENCRYPTION_KEY } from '../../__test__/support/stores.mjs'
import { needs } from '../support/children.mjs'

const LIBRARIES = ['x86_64', 'aarch64'].map(machine => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
const HOUR = 3600
const DAY = 24 * HOUR
const TIMES = 20
const TOKEN = { path: '/identity/oauth/token' }

const skip = needs({ linux: true, programs: { faketime: 'faketime' } })

/** A process whose clock is to be set, the file that sets it, and the sandbox that it calls, whose clock is right. */
async function start(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 10, candidates: 0 })
  t.after(() => sandbox.close())
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(folder, { recursive: true }))
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const app = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  const refreshToken = await refreshTokenOf(sandbox, new OAuthApp(app))
  const clock = join(folder, 'clock')
  const set = seconds => writeFile(clock, `${seconds < 0 ? '' : '+'}${seconds}`)
  await set(0)
  const program = fileURLToPath(new URL('../processes/clock-user.mjs', import.meta.url))
  const { baseUrl } = sandbox
  const client = { clientId: sandbox.client.clientId, clientSecret: sandbox.client.clientSecret }
  const options = { baseUrl, client, app, path: join(folder, 'grants.sqlite'), encryptionKey: ENCRYPTION_KEY }
  const env = {
    ...process.env,
    LD_PRELOAD: LIBRARIES.find(existsSync),
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  const startProcess = async more => {
    const child = fork(program, [JSON.stringify({ ...options, ...more })], { env })
    const ended = once(child, 'exit')
    t.after(async () => {
      child.kill()
      await ended
    })
    const died = ended.then(([code]) => assert.fail(`the process ended with ${code}`))
    await Promise.race([once(child, 'message'), died])
    died.catch(() => {})
    return async () => {
      child.send({ action: 'call', times: TIMES })
      const [answer] = await once(child, 'message')
      return answer
    }
  }
  const call = await startProcess({ refreshToken })
  const exchanges = () => {
    const { client_credentials: own, refresh_token: grant } = sandbox.counters().exchanges
    assert.equal(grant.attempts, grant.successes)
    return { own: own.attempts, grant: grant.attempts }
  }
  return { sandbox, call, set, exchanges, another: () => startProcess({}) }
}

function assertEachOnce(sandbox) {
  assert.ok(Object.values(sandbox.counters().refreshTokens).every(times => times === 1))
}

test('a wall clock that jumps between calls', { skip }, async t => {
  const { sandbox, call, set, exchanges } = await start(t)
  const jumps = [0, HOUR, 0, -HOUR, 0, DAY, -DAY, 0, 28 * DAY, 0, -28 * DAY, 0]
  let most = 0
  let before = { own: 0, grant: 0 }
  for (const jump of jumps) {
    await set(jump)
    const { now, failed } = await call()
    assert.ok(Math.abs(now / 1000 - Date.now() / 1000 - jump) < 60, 'the clock did not jump')
    assert.deepEqual(failed, [], `after a jump to ${jump} s`)
    const after = exchanges()
    most = Math.max(most, after.own - before.own, after.grant - before.grant)
    before = after
  }
  assertEachOnce(sandbox)
  assert.equal(most, 1, 'exchanges of a credential after a jump')
  const calls = jumps.length * TIMES * 2
  t.diagnostic(
    `figure: 0 of ${calls} calls fail over ${jumps.length - 1} jumps of up to 28 days; at most ${most} exchange of a credential after each`,
  )
})

test('a wall clock that jumps during an exchange', { skip }, async t => {
  const { sandbox, call, set, exchanges } = await start(t)
  await call()
  const jumps = [HOUR, -HOUR, DAY, -DAY, 28 * DAY, -28 * DAY]
  for (const jump of jumps) {
    await set(0)
    await call()
    const before = exchanges()
    sandbox.expireAccessTokens()
    const hold = sandbox.fault({ kind: 'hold', when: 'after', times: 2, ...TOKEN })
    const arrived = Promise.all([1, 2].map(() => sandbox.nextRequest(({ path }) => path === TOKEN.path)))
    const called = call()
    await arrived
    await set(jump)
    hold.clear()
    assert.deepEqual((await called).failed, [], `after a jump to ${jump} s`)
    const after = exchanges()
    // The jump may end the life of the token that arrives, and then there is one more.
    for (const name of ['own', 'grant']) assert.ok(after[name] - before[name] <= 2, `${after[name] - before[name]}`)
  }
  assertEachOnce(sandbox)
  t.diagnostic(
    `figure: 0 of ${jumps.length * TIMES * 2} calls fail over ${jumps.length} jumps, 0 refresh tokens are sent twice`,
  )
})

test('processes whose clocks differ by a day share a grant', { skip }, async t => {
  const { sandbox, call, set, another, exchanges } = await start(t)
  await call()
  let calls = 0
  for (const offset of [DAY, -DAY]) {
    await set(offset)
    const other = await another()
    for (const user of [other, call, other, call]) {
      assert.deepEqual((await user()).failed, [])
      calls += 2 * TIMES
    }
  }
  assertEachOnce(sandbox)
  t.diagnostic(
    `figure: 0 of ${calls} calls fail, ${exchanges().grant} exchanges of the grant, 0 refresh tokens are sent twice`,
  )
})
