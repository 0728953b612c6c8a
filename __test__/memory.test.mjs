// Streams of a gigabyte, and what they leave in memory.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

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
