/**
 * A process is killed, or stopped for a while, at every labelled point of a renewal. What becomes of the grant is in
 * the table.
 */

import { setTimeout } from 'node:timers/promises'
import { doublePresentations, exchangesOf } from '../judge.mjs'
import { LIFETIME } from '../load.mjs'
import { GONE } from '../process.mjs'
import { LEASE, World } from '../world.mjs'

/**
 * By label and, where the exchange is to fail, fault: whether a kill there leaves the grant usable `at once` or `after
 * the lease`, and whether its refresh token is spent: then it is lost, unless the server takes a spent token again.
 */
const KILLS = [
  { label: 'loaded', usable: 'at once' },
  { label: 'connecting', usable: 'at once' },
  { label: 'connected', usable: 'at once' },
  { label: 'journalling', usable: 'at once' },
  { label: 'journalled', usable: 'after the lease' },
  { label: 'answered', usable: 'after the lease', spent: true },
  { label: 'committing', usable: 'after the lease', spent: true },
  { label: 'committed', usable: 'at once' },
  { label: 'published', usable: 'at once' },
  { label: 'releasing', fault: 'dropBefore', usable: 'after the lease' },
  { label: 'releasing', fault: 'dropAfter', usable: 'after the lease', spent: true },
  { label: 'released', fault: 'dropBefore', usable: 'at once' },
  { label: 'released', fault: 'dropAfter', usable: 'at once', spent: true },
]
/** A stop is shorter than the lease, and loses nothing. */
const STOPS = KILLS.filter(({ fault }) => fault !== 'dropAfter')
/** The longest stop, in milliseconds. */
const LONGEST = 400
const TOKEN = '/identity/oauth/token'

export async function points(scope, { store, policy, random, torture, numbers, progress }) {
  const world = await World.start(scope, { store, policy, lifetime: LIFETIME, torture })
  const rows = list => Array.from({ length: numbers.rounds }, () => list).flat()
  const kills = rows(KILLS).map(row => ({ ...row }))
  const stops = rows(STOPS).map(row => ({ ...row }))
  for (const row of [...kills, ...stops]) row.grant = await world.grant()
  await setTimeout(LIFETIME * 1000)
  const broken = []
  const check = (row, outcome, expected) => {
    const { label, fault = 'no fault' } = row
    if (outcome !== expected) broken.push(`${label} with ${fault}: ${outcome}, not ${expected}`)
  }

  const witness = world.start()
  await witness.started
  for (const [number, row] of kills.entries()) {
    progress(`${number} of ${kills.length} kills`)
    const killed = await tortured(world, `kill:${row.label}`, row.fault)
    row.since = performance.now()
    check(row, await killed.ask('call', { id: row.grant.id }), GONE)
    const { signal } = await killed.ended
    killed.killedAt = performance.now()
    check(row, signal, 'SIGKILL')
    world.sandbox.clearFaults()
    row.call = witness.ask('call', { id: row.grant.id })
    void row.call.then(() => {
      row.settled = performance.now()
    })
    if (row.usable === 'at once') check(row, await row.call, verdict(row, policy))
  }
  const waiting = kills.filter(({ usable }) => usable !== 'at once')
  // No journal was written before its process was asked: nothing that waits for its lease settles sooner.
  for (const row of waiting) check(row, row.settled - row.since < LEASE ? 'at once' : row.usable, row.usable)
  progress(`${waiting.length} leases waited for`)
  const judge = await world.startJudge()
  await judge.started
  const judged = waiting.map(async row => {
    check(row, await judge.ask('call', { id: row.grant.id }), verdict(row, policy))
    check(row, await row.call, verdict(row, policy))
  })
  await Promise.all(judged)

  for (const [number, row] of stops.entries()) {
    progress(`${number} of ${stops.length} stops`)
    const stopped = await tortured(world, `stop:${row.label}`, row.fault)
    const call = stopped.ask('call', { id: row.grant.id })
    await stopped.stopped()
    world.sandbox.clearFaults()
    const other = witness.ask('call', { id: row.grant.id })
    await setTimeout(random.below(LONGEST))
    stopped.signal('SIGCONT')
    check(row, await call, row.fault === undefined ? 'answered' : 'TOKEN_UNAVAILABLE')
    check(row, await other, 'answered')
    await stopped.close()
  }
  // An exchange whose answer the network lost is presented again: those rows have a fault.
  const exchanges = exchangesOf(world)
  const faulty = new Set([...kills, ...stops].filter(({ fault }) => fault !== undefined).map(({ grant }) => grant.id))
  const lost = new Set(exchanges.filter(({ id }) => faulty.has(id)))
  broken.push(...doublePresentations(exchanges, lost))
  const excused = kills.filter(row => verdict(row, policy) !== 'answered').length
  return {
    broken,
    figures: {
      labels: new Set(KILLS.map(({ label }) => label)).size,
      kills: kills.length,
      stops: stops.length,
      excused,
    },
  }
}

function verdict({ spent }, policy) {
  return spent && policy !== 'grace' ? 'REAUTHORIZATION_REQUIRED responseLost' : 'answered'
}

async function tortured(world, point, fault) {
  if (fault !== undefined) world.sandbox.fault({ kind: fault, path: TOKEN })
  const process = world.startTortured(point)
  await process.started
  return process
}
