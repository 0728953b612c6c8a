/**
 * `npm run bench:busy`: how long small calls take while the same process reads an answer that keeps it busy, hostile or
 * large. The small calls belong to another client than that answer: one thread serves them all.
 *
 * `--seconds S` is how long each is measured (3), `--only A,B` names some, `--json` prints the figures as JSON.
 */

import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { ApiKey, SmartRecruiters } from '../../index.mjs'
import { startServers } from './servers.mjs'

/** A small call begins this often, in milliseconds. */
const EVERY = 4
/** By how much the p99 beside a busy answer may be above that of an idle process, in milliseconds. */
const GOAL = 20
/** How many large bodies are read at once. */
const LARGE = 8

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3' }, only: { type: 'string' }, json: { type: 'boolean' } },
})
const seconds = Number(values.seconds)
const servers = await startServers()
try {
  const ports = servers.busy
  const small = client(servers.small)
  await small.get('/small')
  const idle = await measure(small, async () => {})
  const rows = [{ name: 'idle', ...idle }]
  for (const name of chosen(Object.keys(ports))) {
    const beside = name === 'large' ? signal => readLarge(ports.large, signal) : signal => keepBusy(ports[name], signal)
    rows.push({ name: name === 'large' ? `${LARGE} bodies of 60 MB in gzip` : name, ...(await measure(small, beside)) })
  }
  print(rows, idle)
  if (rows.some(({ p99 }) => p99 > idle.p99 + GOAL)) process.exitCode = 1
} finally {
  servers.stop()
}

function client(port) {
  const baseUrl = `http://127.0.0.1:${port}`
  return new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, limits: false, retries: 0, timeout: 30_000 })
}

function chosen(names) {
  if (values.only === undefined) return names
  const only = values.only.split(',')
  return names.filter(name => only.includes(name))
}

/** Asks for the answer again and again, as long as it takes. */
async function keepBusy(port, signal) {
  const hostile = client(port)
  while (!signal.aborted) await hostile.get('/', { signal }).catch(() => {})
}

/** Reads large bodies over and over, as bytes: what becomes of them later is the caller's own work. */
async function readLarge(port, signal) {
  const other = client(port)
  const read = async () => {
    const { body } = await other.get('/').asResponse()
    for await (const _ of body);
  }
  do await Promise.all(Array.from({ length: LARGE }, read))
  while (!signal.aborted)
}

async function measure(small, beside) {
  const over = new AbortController()
  const busy = beside(over.signal)
  const latencies = []
  const calls = []
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const sent = performance.now()
    calls.push(small.get('/small').then(() => latencies.push(performance.now() - sent)))
    await new Promise(resolve => setTimeout(resolve, EVERY))
  }
  await Promise.all(calls)
  over.abort()
  await busy
  latencies.sort((a, b) => a - b)
  const at = percent => latencies[Math.min(latencies.length - 1, Math.floor((latencies.length * percent) / 100))]
  return { calls: latencies.length, p50: at(50), p99: at(99), most: latencies.at(-1) }
}

function print(rows, idle) {
  if (values.json) return console.log(JSON.stringify(rows, undefined, 2))
  const ms = value => value.toFixed(1).padStart(8)
  console.log(
    `${'beside'.padEnd(34)}   calls      p50      p99      max   ms; goal: p99 ≤ ${(idle.p99 + GOAL).toFixed(1)}`,
  )
  for (const { name, calls, p50, p99, most } of rows) {
    console.log(`${name.padEnd(34)}${String(calls).padStart(8)} ${ms(p50)} ${ms(p99)} ${ms(most)}`)
  }
}
