// What the addon does to the process that loads it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { startSandbox } from 'smartrecruiters-sandbox'

let sandbox

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
})
after(() => sandbox.close())

const path = name => fileURLToPath(new URL(`./processes/${name}.mjs`, import.meta.url))

/** Runs a program to its own end; rejects if it fails or has to be stopped. */
function run(name, ...args) {
  return promisify(execFile)(process.execPath, [path(name), ...args], { timeout: 60_000 })
}

test('a process with an idle client ends by itself', async () => {
  const { stdout } = await run('one-call', sandbox.baseUrl, sandbox.apiKey)
  assert.equal(stdout.trim(), 'GET')
})

test('a process with a call in flight stays until it has its answer', async () => {
  sandbox.fault({ path: '/echo', kind: 'delay', ms: 300 })
  const { stdout } = await run('unawaited-call', sandbox.baseUrl, sandbox.apiKey)
  assert.equal(stdout.trim(), 'GET')
})

test('answers that nobody reads are given up when they are collected, also under a signal that lives on', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', path('unread-bodies'), sandbox.baseUrl, sandbox.apiKey],
    { timeout: 60_000 },
  )
  assert.equal(stdout.trim(), 'all 64 places are free again')
})

test('an abort reaches a call whose Request was collected, and its body', async () => {
  sandbox.fault({ path: '/held', kind: 'hold', times: 2 })
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', path('collected-request'), sandbox.baseUrl, sandbox.apiKey],
    { timeout: 60_000 },
  )
  sandbox.clearFaults()
  assert.deepEqual(stdout.trim().split('\n'), ['AbortError', 'AbortError', 'AbortError'])
})

test('a process whose only call is aborted ends by itself', async () => {
  sandbox.fault({ path: '/echo', kind: 'hold' })
  const { stdout } = await run('aborted-call', sandbox.baseUrl, sandbox.apiKey)
  assert.equal(stdout.trim(), 'AbortError')
  sandbox.clearFaults()
})

for (const list of ['/candidates', '/v1/companies/SandboxCompany/postings']) {
  const held = { path: list, kind: 'hold', after: 1, times: Number.POSITIVE_INFINITY }

  for (const how of ['break', 'abandon']) {
    test(`a process that leaves the pages of ${list} by ${how} ends by itself, whatever is on its way`, async () => {
      sandbox.fault(held)
      const { stdout } = await run('unfinished-pages', sandbox.baseUrl, sandbox.apiKey, list, how)
      sandbox.clearFaults()
      assert.equal(stdout.trim(), 'string')
    })
  }

  test(`pages of ${list} that nobody has any more are taken back, and leave their signal`, async () => {
    sandbox.fault(held)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', path('unfinished-pages'), sandbox.baseUrl, sandbox.apiKey, list, 'collect'],
      { timeout: 60_000 },
    )
    sandbox.clearFaults()
    assert.equal(stdout.trim(), 'string')
  })
}

test('a process whose upload was answered early ends by itself, and ends its source', async () => {
  const { stdout } = await run('early-answer')
  assert.equal(stdout.trim(), '413 returned')
})

test('a worker that is terminated with calls in flight takes nothing else down', async () => {
  sandbox.fault({ path: '/payload', kind: 'hold', times: Number.POSITIVE_INFINITY })
  for (let round = 0; round < 100; round++) {
    const worker = new Worker(path('busy-worker'), {
      workerData: { baseUrl: sandbox.baseUrl, apiKey: sandbox.apiKey, calls: 16 },
    })
    await once(worker, 'message')
    assert.equal(await worker.terminate(), 1)
  }
  sandbox.clearFaults()
  const { stdout } = await run('one-call', sandbox.baseUrl, sandbox.apiKey)
  assert.equal(stdout.trim(), 'GET')
})

test('a worker that is terminated in the middle of downloads takes nothing else down', async () => {
  const { stdout } = await run('downloading-workers', sandbox.baseUrl, sandbox.apiKey)
  assert.equal(stdout.trim(), '30 workers')
})

test('workers that end by themselves leave the process able to call', async () => {
  const { stdout } = await run('many-workers', sandbox.baseUrl, sandbox.apiKey)
  assert.equal(stdout.trim(), '8 workers, 80 answers')
})
