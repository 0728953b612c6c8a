/**
 * `npm run grants -w bench`: what a renewal of a grant takes beside the exchange alone, which undici makes in the same
 * rounds, on a connection of its own as well; and how often a store is asked for one. The first renewal in a process and
 * later ones differ, since later ones connect while the record is loaded. `REDIS_URL` and `DATABASE_URL` name servers to
 * measure, too.
 */

import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MemoryStore, OAuthApp, PostgresStore, RedisStore, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { Client } from 'undici'
import { environment } from '../processes.mjs'

const ROUNDS = 7
/** Renewals of each kind in a round. */
const EACH = 200
/** How long the server's tokens live, in milliseconds. */
const LIFETIME = 1000
/** The access tokens of clients. */
const held = new WeakMap()

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
  const medians = { 'the exchange alone': [] }
  for (const name of Object.keys(stores)) {
    medians[`${name}, the first renewal in a process`] = []
    medians[`${name}, a later one`] = []
  }
  const apps = Object.entries(stores).map(([name, store]) => [
    name,
    appOf(origin, store, store instanceof MemoryStore ? undefined : encryptionKey),
  ])
  for (let round = 0; round <= ROUNDS; round++) {
    const keep = (name, times) => {
      // The first round warms everything up.
      if (round > 0) medians[name].push(median(times))
    }
    keep('the exchange alone', await timesOf(Array(EACH).fill(), () => exchange(origin)))
    for (const [name, app] of apps) {
      const clients = await imported(app, round)
      keep(`${name}, the first renewal in a process`, await timesOf(clients, renewed))
      await setTimeout(LIFETIME)
      keep(`${name}, a later one`, await timesOf(clients, renewed))
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

/** Returns how long each of these takes, one after the other, in milliseconds. */
async function timesOf(subjects, work) {
  const times = []
  for (const subject of subjects) {
    const began = performance.now()
    await work(subject)
    times.push(performance.now() - began)
  }
  return times
}

/** Exchanges a refresh token on a new connection. */
async function exchange(origin) {
  const client = new Client(origin)
  const body = 'grant_type=refresh_token&refresh_token=rt-0&client_id=id&client_secret=secret'
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await client.request({ method: 'POST', path: '/token', headers, body })
  if ((await answer.body.json()).refresh_token === undefined) throw new Error('no tokens')
  await client.close()
}

/** Returns clients of new grants, which have to be renewed. */
async function imported(app, round) {
  const clients = []
  for (let at = 0; at < EACH; at++) {
    const grant = await app.import({ id: `${process.pid}-${round}-${at}`, refreshToken: 'rt-0' })
    clients.push(new SmartRecruiters({ credential: grant, limits: false }))
  }
  return clients
}

/** Renews the grant of a client whose token has expired. */
async function renewed(client) {
  const before = held.get(client)
  const { accessToken } = await client.token()
  if (accessToken === before) throw new Error('no other token')
  held.set(client, accessToken)
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
