/**
 * `npm run grants -w bench`: what a renewal of a grant takes beside the exchange alone, which undici makes in the same
 * rounds, on a connection of its own as well; and how often a store is asked for one. `REDIS_URL` and `DATABASE_URL`
 * name servers to measure, too.
 */

import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { MemoryStore, OAuthApp, PostgresStore, RedisStore, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { Client } from 'undici'
import { environment } from '../processes.mjs'

const ROUNDS = 7
/** Renewals of each kind in a round. */
const EACH = 200

const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), { env: environment() })
const folder = mkdtempSync(join(os.tmpdir(), 'smartrecruiters-grants-'))
try {
  const [port] = await once(server, 'message')
  const origin = `http://127.0.0.1:${port}`
  const encryptionKey = randomBytes(32)
  const stores = {
    memory: new MemoryStore(),
    SQLite: new SqliteStore({ path: join(folder, 'grants.db') }),
    ...(process.env.REDIS_URL && { Redis: new RedisStore({ url: process.env.REDIS_URL }) }),
    ...(process.env.DATABASE_URL && { PostgreSQL: new PostgresStore({ url: process.env.DATABASE_URL }) }),
  }
  const kinds = { 'the exchange alone': () => exchange(origin) }
  for (const [name, store] of Object.entries(stores)) kinds[name] = renewals(origin, store, encryptionKey)

  const medians = Object.fromEntries(Object.keys(kinds).map(name => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, renew] of Object.entries(kinds)) {
      const times = []
      for (let at = 0; at < EACH; at++) times.push(await renew())
      // The first round warms everything up.
      if (round > 0) medians[name].push(median(times))
    }
  }
  const alone = medians['the exchange alone']
  for (const [name, times] of Object.entries(medians)) {
    const beyond = times.map((time, round) => time - alone[round])
    console.log(`${name}: ${shown(times)} ms at p50${times === alone ? '' : `, ${shown(beyond)} ms beyond it`}`)
  }
  console.log(`a store is asked: ${await operations(origin)}`)
} finally {
  server.disconnect()
  rmSync(folder, { recursive: true })
}

/** Returns how long the exchange of a refresh token takes on a new connection, in milliseconds. */
async function exchange(origin) {
  const began = performance.now()
  const client = new Client(origin)
  const body = 'grant_type=refresh_token&refresh_token=rt-0&client_id=id&client_secret=secret'
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await client.request({ method: 'POST', path: '/token', headers, body })
  if ((await answer.body.json()).refresh_token === undefined) throw new Error('no tokens')
  const time = performance.now() - began
  await client.close()
  return time
}

/** Returns a function that renews another grant each time, and returns how long that took, in milliseconds. */
function renewals(origin, store, encryptionKey) {
  const app = appOf(origin, store, store instanceof MemoryStore ? undefined : encryptionKey)
  let last = 0
  return async () => {
    const grant = await app.import({ id: `${process.pid}-${++last}`, refreshToken: 'rt-0' })
    const sr = new SmartRecruiters({ credential: grant, limits: false })
    const began = performance.now()
    const token = await sr.token()
    const time = performance.now() - began
    if (!token.accessToken.startsWith('at-')) throw new Error('no token')
    return time
  }
}

/** How often a store is asked for one renewal, by method. */
async function operations(origin) {
  const records = new Map()
  const counts = { load: 0, swap: 0 }
  const store = {
    durable: false,
    load(id) {
      counts.load++
      return records.get(id)
    },
    swap(id, expected, content) {
      counts.swap++
      if ((records.get(id)?.version ?? 0) !== expected) return false
      records.set(id, { version: expected + 1, content })
      return true
    },
    due: () => [],
  }
  const app = appOf(origin, store)
  const sr = new SmartRecruiters({
    credential: await app.import({ id: 'counted', refreshToken: 'rt-0' }),
    limits: false,
  })
  Object.assign(counts, { load: 0, swap: 0 })
  await sr.token()
  return Object.entries(counts)
    .map(([method, count]) => `${method} ${count}`)
    .join(', ')
}

function appOf(origin, store, encryptionKey) {
  return new OAuthApp({
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: 'http://localhost/callback',
    baseUrl: origin,
    tokenUrl: `${origin}/token`,
    store,
    encryptionKey,
  })
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1]
}

function shown(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  return `${median(sorted).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`
}
