// Streams of a gigabyte and lists of a hundred thousand items, and what they leave in memory.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startSandbox } from 'smartrecruiters-sandbox'

const MiB = 1024 * 1024
const TOTAL = 1024 * MiB
const MOST = 64 * MiB

const path = name => fileURLToPath(new URL(`./processes/${name}.mjs`, import.meta.url))

let server
let baseUrl

before(async () => {
  server = spawn(process.execPath, [path('memory-server')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(server.stdout, 'data')
  baseUrl = String(line).trim()
})
after(async () => {
  const ended = once(server, 'exit')
  server.stdin.end()
  await ended
})

for (const [direction, name] of [
  ['down', 'a download'],
  ['up', 'an upload'],
]) {
  test(`${name} of 1 GiB takes less than 64 MiB of memory`, async t => {
    const args = [path('stream-memory'), baseUrl, direction, String(TOTAL)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 300_000 })
    const { streamed, cold, start, peak, seconds } = JSON.parse(stdout)
    const [before, from, to] = [cold, start, peak].map(bytes => Math.round(bytes / MiB))
    t.diagnostic(
      `from ${from} to ${to} MiB (before the first call ${before}), ${Math.round(TOTAL / MiB / seconds)} MiB/s`,
    )
    assert.equal(streamed, TOTAL)
    assert.ok(peak - start < MOST, `memory rose by ${Math.round((peak - start) / MiB)} MiB`)
  })
}

for (const [list, total] of [
  ['/jobs', 100_000],
  ['/v1/companies/SandboxCompany/postings', 50_000],
]) {
  test(`${total} items of ${list} come in order, each once, and take less than 16 MiB of memory`, async t => {
    // Of the jobs, each second is public.
    const jobs = list === '/jobs' ? total : 2 * total
    const sandbox = await startSandbox({ limits: false, jobs, candidates: 0 })
    t.after(() => sandbox.close())
    const args = ['--expose-gc', path('paged-memory'), sandbox.baseUrl, sandbox.apiKey, list, String(total)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 300_000 })
    const { items, inOrder, done, duplicates, missing, start, peak, seconds } = JSON.parse(stdout)
    const rise = name => peak[name] - start[name]
    t.diagnostic(
      `resident ${mebibytes(start.rss)} + ${mebibytes(rise('rss'))} MiB, heap ${mebibytes(start.heapUsed)} + ${mebibytes(rise('heapUsed'))} MiB, ${Math.round(items / seconds)} items/s`,
    )
    assert.deepEqual(
      { items, inOrder, done, duplicates, missing },
      { items: total, inOrder: true, done: total, duplicates: 0, missing: 0 },
    )
    assert.deepEqual(Object.values(sandbox.counters().requests), [total / 100])
    // Kept, the items after the first tenth take 60 and 27 MiB, 43 and 16 of them on the heap.
    assert.ok(rise('rss') < 16 * MiB, `resident memory rose by ${mebibytes(rise('rss'))} MiB`)
    assert.ok(rise('heapUsed') < 4 * MiB, `the heap rose by ${mebibytes(rise('heapUsed'))} MiB`)
  })
}

function mebibytes(bytes) {
  return Math.round((10 * bytes) / MiB) / 10
}
