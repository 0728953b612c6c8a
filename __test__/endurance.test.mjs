// Very many requests in one process: what it holds does not grow. ENDURANCE is how many there are.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const KiB = 1024
const REQUESTS = Number(process.env.ENDURANCE ?? 60_000)
/** By how much memory may grow for each thousand requests. */
const GROWTH = KiB
/** By how much memory may grow in a run of less than eight million requests: so much comes and goes in any process. */
const STEP = 8 * KiB * KiB
/**
 * V8 enlarges its young generation when enough objects have survived in it, which can be after thousands of requests.
 * These options give it its full size from the beginning, so that the test does not mistake its growth for a leak.
 */
const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16']

const path = name => fileURLToPath(new URL(`./processes/${name}.mjs`, import.meta.url))

test(`a process holds no more after ${REQUESTS} requests`, {
  skip: process.platform !== 'linux' && 'it reads /proc',
}, async t => {
  const server = spawn(process.execPath, [path('endurance-server')], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => server.kill())
  const [line] = await once(server.stdout, 'data')
  const args = ['--expose-gc', ...YOUNG_GENERATION, path('endurance'), String(line).trim(), String(REQUESTS)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', data => {
    output += data
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  const { points, seconds, unexpected } = JSON.parse(output)
  assert.equal(unexpected, false, 'a request had another outcome')

  // The first fifth is what fills caches and pools.
  const [first, ...rest] = points.slice(points.length / 5)
  const slope = slopeOf([first, ...rest].map(({ requests, rss }) => [requests / 1000, rss]))
  t.diagnostic(
    `figure: ${REQUESTS} requests in ${seconds.toFixed(0)} s; ${slope.toFixed(0)} bytes for each thousand of them, ` +
      `${(first.rss / KiB / KiB).toFixed(1)} MiB at first and ${(rest.at(-1).rss / KiB / KiB).toFixed(1)} MiB in the end; ` +
      `${rest.at(-1).threads} threads and ${rest.at(-1).descriptors} descriptors`,
  )
  assert.ok(
    slope * (REQUESTS / 1000) < Math.max(GROWTH * (REQUESTS / 1000), STEP),
    `${slope} bytes per thousand requests`,
  )
  for (const { requests, threads, descriptors } of rest) {
    assert.equal(threads, first.threads, `threads after ${requests} requests`)
    // A connection may be open or not.
    assert.ok(descriptors <= first.descriptors + 64, `${descriptors} descriptors after ${requests} requests`)
  }
})

/** The slope of the line that is nearest to these points. */
function slopeOf(points) {
  const mean = index => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0)
  return over / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0)
}
