// Sends requests of all kinds, 64 at a time, and prints at twenty points what the process holds by then, as JSON.
// Arguments: the server's root and the number of requests. Needs --expose-gc.

import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

const [, , baseUrl, total] = process.argv
const AT_ONCE = 64
const POINTS = 20

const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, limits: false })

/** What a request can be, in turn. Each resolves once it has had the outcome that it should have. */
const KINDS = [
  async () => expect((await sr.get('/small')).id !== undefined),
  async () => expect((await sr.get('/page')).content.length === 50),
  async () => expect((await sr.post('/small', { json: { name: 'a candidate' } })).id !== undefined),
  async () => expect((await (await sr.fetch('/small')).text()).length > 10),
  async () => expect((await fails(sr.get('/missing'))).status === 404),
  async () => {
    const controller = new AbortController()
    const call = fails(sr.get('/never', { signal: controller.signal }))
    await setImmediate()
    controller.abort()
    expect((await call).name === 'AbortError')
  },
  // Its body is cancelled.
  async () => (await sr.get('/page').asResponse()).body.cancel(),
  // Its body is left to the collector.
  async () => expect((await sr.get('/small').asResponse()).ok),
]

const outcomes = new Set()
function expect(isSo) {
  outcomes.add(isSo)
}

async function fails(call) {
  try {
    await call
  } catch (error) {
    return error
  }
  return {}
}

let sent = 0
async function sendUntil(most) {
  while (sent < most) await KINDS[sent++ % KINDS.length]()
}

/** What the process holds when nothing is in flight and nothing is left to collect. */
async function held(requests) {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc()
    await setImmediate()
  }
  const threads = Number(/^Threads:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  return { requests, rss: process.memoryUsage.rss(), threads, descriptors: readdirSync('/proc/self/fd').length }
}

const points = []
const began = performance.now()
for (let point = 1; point <= POINTS; point++) {
  const most = Math.round((Number(total) * point) / POINTS)
  await Promise.all(Array.from({ length: AT_ONCE }, () => sendUntil(most)))
  points.push(await held(most))
}
const seconds = (performance.now() - began) / 1000
console.log(JSON.stringify({ points, seconds, unexpected: outcomes.has(false) }))
sr.close()
