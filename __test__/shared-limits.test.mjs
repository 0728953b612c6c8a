// Limits that processes share through Redis, counted at the server.
//
// A few seconds at full load; with LIMITS_SECONDS=60 (`npm run nightly`) a minute, in which as much has to be used as is
// promised.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ApiKey, ConfigurationError, RedisLimits, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { freePort, programPath, startProgram } from './support/programs.mjs'

const SECONDS = Number(process.env.LIMITS_SECONDS ?? 4)
const PROCESSES = 8
/**
 * What a fleet has to use in a short run. It lasts a few seconds, so a single second in which the machine does something
 * else costs a large share. A run that falls short is repeated: what the fleet itself loses, it loses each time.
 */
const SHORT_SHARE = 0.75
const ATTEMPTS = 3

/** Redis without a disk: what it knows is gone when it ends. */
async function startRedis(t) {
  const port = await freePort()
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no']
  const begin = () => startProgram(t, port, programPath('redis-server', 'redis-server'), settings)
  await begin()
  const end = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    socket.end('SHUTDOWN NOSAVE\r\n')
    await once(socket, 'close')
  }
  return { url: `redis://127.0.0.1:${port}/0`, begin, end }
}

async function start(t, processes) {
  const sandbox = await startSandbox({ jobs: 20, candidates: 20 })
  t.after(() => sandbox.close())
  const redis = await startRedis(t)
  const { baseUrl, apiKey } = sandbox
  const program = fileURLToPath(new URL('./processes/limited.mjs', import.meta.url))
  const argument = JSON.stringify({ baseUrl, apiKey, url: redis.url })
  const fleet = Array.from({ length: processes }, () => fork(program, [argument]))
  t.after(() => {
    for (const child of fleet) child.kill('SIGKILL')
  })
  await Promise.all(fleet.map(child => once(child, 'message')))
  return { sandbox, redis, fleet }
}

/** The next message of a process that has these properties. */
function heard(child, properties) {
  return new Promise(resolve => {
    child.on('message', function listen(message) {
      if (Object.entries(properties).some(([name, value]) => message[name] !== value)) return
      child.off('message', listen)
      resolve(message)
    })
  })
}

function tell(child, action, options = {}) {
  const answer = heard(child, { action })
  child.send({ action, ...options })
  return answer
}

test('a fleet uses all that is permitted, and no more', async t => {
  const { sandbox, fleet } = await start(t, PROCESSES)
  const loads = fleet.map(child => tell(child, 'load', { path: '/jobs', width: 8 }))
  // The first second is for finding out who there is.
  while ((sandbox.counters().requests['GET /jobs'] ?? 0) < 10) await setTimeout(20)
  const { share, attempts } = SECONDS >= 60 ? { share: 0.95, attempts: 1 } : { share: SHORT_SHARE, attempts: ATTEMPTS }
  for (let attempt = 1, used = 0; used < share; attempt++) {
    assert.ok(attempt <= attempts, `${used} used`)
    sandbox.resetCounters()
    await setTimeout(SECONDS * 1000)
    const { tooManyRequests, peakPerSecond, concurrency, requests, span } = sandbox.counters()
    assert.equal(tooManyRequests, 0)
    assert.ok(peakPerSecond.apiKey['GET /jobs'] <= 10, `${peakPerSecond.apiKey['GET /jobs']} in a second`)
    assert.ok(concurrency.peakByCredential.apiKey <= 8)
    used = (requests['GET /jobs'] - 10) / (span.apiKey['GET /jobs'] / 100)
    t.diagnostic(`${(used * 100).toFixed(2)} % used`)
  }
  for (const child of fleet) child.send({ action: 'stop' })
  await Promise.all(loads)
})

test('what a process holds that is killed is free for others when its lease ends', async t => {
  const { sandbox, fleet } = await start(t, 2)
  const [first, second] = fleet
  await tell(second, 'call', { path: '/jobs' })
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates' })
  const arrived = sandbox.nextRequest(({ path }) => path === '/candidates')
  first.send({ action: 'call', path: '/candidates' })
  await arrived
  first.kill('SIGKILL')
  await once(first, 'exit')
  hold.clear()
  const answer = tell(second, 'call', { path: '/candidates' })
  await setTimeout(500)
  const { answer: limits } = await tell(second, 'limits')
  assert.equal(limits.find(({ endpoint }) => endpoint === 'GET /candidates').waiting, 1)
  assert.equal(sandbox.counters().requests['GET /candidates'], 1)
  assert.equal((await answer).answer, 'answered')
  assert.equal(sandbox.counters().tooManyRequests, 0)
})

test('without Redis each process keeps to its part, and with it again they share', async t => {
  const { sandbox, redis, fleet } = await start(t, 4)
  const loads = fleet.map(child => tell(child, 'load', { path: '/jobs', width: 8 }))
  while ((sandbox.counters().requests['GET /jobs'] ?? 0) < 25) await setTimeout(20)
  const degraded = fleet.map(child => heard(child, { event: 'degraded' }))
  await redis.end()
  for (const { members, code } of await Promise.all(degraded)) assert.deepEqual([members, code], [4, 'STORE'])
  const before = sandbox.counters().requests['GET /jobs']
  while (sandbox.counters().requests['GET /jobs'] < before + 16) await setTimeout(20)
  const restored = fleet.map(child => heard(child, { event: 'restored' }))
  await redis.begin()
  await Promise.all(restored)
  const after = sandbox.counters().requests['GET /jobs']
  while (sandbox.counters().requests['GET /jobs'] < after + 25) await setTimeout(20)
  for (const child of fleet) child.send({ action: 'stop' })
  await Promise.all(loads)
  const { tooManyRequests, peakPerSecond } = sandbox.counters()
  assert.equal(tooManyRequests, 0)
  assert.ok(peakPerSecond.apiKey['GET /jobs'] <= 10)
})

test('what Redis holds tells nothing of credentials', async t => {
  const { url } = await startRedis(t)
  const sandbox = await startSandbox({ jobs: 1, candidates: 1 })
  t.after(() => sandbox.close())
  const shared = new RedisLimits({ url })
  const options = { credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl, limits: { shared } }
  await new SmartRecruiters(options).get('/jobs')
  const socket = connect(new URL(url).port, '127.0.0.1')
  socket.end('KEYS *\r\n')
  let keys = ''
  for await (const chunk of socket) keys += chunk
  assert.match(keys, /smartrecruiters:limits:\{[0-9a-f]{64}\}:members/)
  assert.ok(!keys.includes(sandbox.apiKey) && !keys.includes('jobs'))
})

test('a wrong option is named', () => {
  const canary = 'redis://:canary@127.0.0.1'
  for (const [field, make] of [
    ['url', () => new RedisLimits({})],
    ['url', () => new RedisLimits({ url: 'canary' })],
    ['ca', () => new RedisLimits({ url: canary, ca: 1 })],
    ['namespace', () => new RedisLimits({ url: canary, namespace: 'x' })],
    [
      'limits.shared',
      () => new SmartRecruiters({ credential: new ApiKey('key'), limits: { shared: { url: canary } } }),
    ],
  ]) {
    assert.throws(make, error => {
      assert.ok(error instanceof ConfigurationError)
      assert.equal(error.field, field)
      assert.ok(!error.message.includes('canary'))
      return true
    })
  }
})
