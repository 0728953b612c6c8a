/**
 * A process that connects a customer is killed, or stopped for a while, at every labelled point. What becomes of the
 * customer is in the table: its credentials are issued once, and are stored or named as lost.
 */

import { setTimeout } from 'node:timers/promises'
import { GONE } from '../process.mjs'
import { INTEGRATIONS, LEASE, World } from '../world.mjs'

/**
 * By label and, where the request is to fail, fault: whether a kill there leaves the customer connectable `at once` or
 * `after the lease`, whether the request was sent (`asked`), and whether the server issued credentials that no store
 * has (`lost`). At `published` the process has the partner's own token, and has not asked for the customer's yet.
 */
const KILLS = [
  { label: 'loaded', connectable: 'at once' },
  { label: 'connecting', connectable: 'at once' },
  { label: 'published', connectable: 'at once' },
  { label: 'connected', connectable: 'at once' },
  { label: 'journalling', connectable: 'at once' },
  { label: 'journalled', connectable: 'after the lease' },
  { label: 'answered', connectable: 'after the lease', asked: true, lost: true },
  { label: 'committing', connectable: 'after the lease', asked: true, lost: true },
  { label: 'committed', connectable: 'at once', asked: true, stored: true },
  { label: 'releasing', fault: 'dropBefore', connectable: 'after the lease', asked: true },
  { label: 'releasing', fault: 'dropAfter', connectable: 'after the lease', asked: true, lost: true },
  { label: 'released', fault: 'dropBefore', connectable: 'at once', asked: true },
  { label: 'released', fault: 'dropAfter', connectable: 'at once', asked: true, lost: true },
]
/** A stop is shorter than the lease, and loses nothing. */
const STOPS = KILLS.filter(({ fault }) => fault !== 'dropAfter')
/** The longest stop, in milliseconds. */
const LONGEST = 400
const CONNECTED = 'connected'
const LOST = 'ALREADY_INTEGRATED responseLost'

export async function partners(scope, { store, policy, random, torture, numbers, progress }) {
  const world = await World.start(scope, { store, policy, torture })
  const rows = list => Array.from({ length: numbers.rounds }, () => list).flat()
  const kills = rows(KILLS).map((row, number) => ({ ...row, companyId: `killed-${number}` }))
  const stops = rows(STOPS).map((row, number) => ({ ...row, companyId: `stopped-${number}` }))
  const broken = []
  const figures = { kills: kills.length, stops: stops.length, 'lost in window': 0, 'lost outside': 0, unnamed: 0 }
  const check = ({ label, fault = 'no fault' }, outcome, expected) => {
    if (outcome !== expected) broken.push(`${label} with ${fault}: ${outcome}, not ${expected}`)
  }
  /** Judges what the last process got that connected the customer of a row. */
  const settle = (row, outcome) => {
    check(row, outcome, verdict(row))
    if (outcome === LOST) figures[row.lost ? 'lost in window' : 'lost outside'] += 1
    else if (outcome !== CONNECTED) figures.unnamed += 1
  }
  const connect = (process, { companyId }) => process.ask('connect', { companyId })

  const witness = world.start()
  await witness.started
  for (const [number, row] of kills.entries()) {
    progress(`${number} of ${kills.length} kills`)
    const killed = await tortured(world, `kill:${row.label}`, row.fault)
    row.since = performance.now()
    check(row, await connect(killed, row), GONE)
    const { signal } = await killed.ended
    killed.killedAt = performance.now()
    check(row, signal, 'SIGKILL')
    world.sandbox.clearFaults()
    row.connecting = connect(witness, row)
    void row.connecting.then(() => {
      row.settled = performance.now()
    })
    if (row.connectable === 'at once') settle(row, await row.connecting)
  }
  const waiting = kills.filter(({ connectable }) => connectable !== 'at once')
  // No journal was written before its process was asked: nothing that waits for its lease settles sooner.
  for (const row of waiting) check(row, row.settled - row.since < LEASE ? 'at once' : row.connectable, row.connectable)
  progress(`${waiting.length} leases waited for`)
  const judge = await world.startJudge()
  await judge.started
  const judged = waiting.map(async row => {
    settle(row, await connect(judge, row))
    check(row, await row.connecting, verdict(row))
  })
  await Promise.all(judged)

  for (const [number, row] of stops.entries()) {
    progress(`${number} of ${stops.length} stops`)
    const stopped = await tortured(world, `stop:${row.label}`, row.fault)
    const connecting = connect(stopped, row)
    await stopped.stopped()
    world.sandbox.clearFaults()
    const other = connect(witness, row)
    await setTimeout(random.below(LONGEST))
    stopped.signal('SIGCONT')
    check(row, await connecting, row.fault === undefined ? CONNECTED : 'NETWORK')
    settle({ ...row, lost: false }, await other)
    await stopped.close()
  }

  for (const row of [...kills, ...stops]) {
    const times = world.timesIssued(row.companyId)
    if (times !== 1) broken.push(`${row.label}: the credentials of ${row.companyId} were issued ${times} times`)
  }
  // The server issues once, whoever asks: whether the core asked once is in the number of requests.
  const expected = sum(kills.map(requestsAfterKill)) + sum(stops.map(requestsAfterStop))
  const requests = world.sandbox.counters().requests[INTEGRATIONS]
  if (requests !== expected) broken.push(`${requests} requests for credentials, not ${expected}`)
  return { broken, figures: { labels: new Set(KILLS.map(({ label }) => label)).size, ...figures, requests } }
}

function verdict({ lost }) {
  return lost ? LOST : CONNECTED
}

/** The requests of the killed process, and of those that connect its customer afterwards. */
function requestsAfterKill({ connectable, asked = false, stored = false, lost = false }) {
  // A customer whose credentials are lost is asked for again by each of them: SmartRecruiters may have reset it.
  const others = connectable === 'at once' ? 1 : 2
  return Number(asked) + (lost ? others : Number(!stored))
}

/** The request of the one process that connects the customer, and the one that failed before it. */
function requestsAfterStop({ fault }) {
  return fault === undefined ? 1 : 2
}

async function tortured(world, point, fault) {
  if (fault !== undefined) world.sandbox.fault({ kind: fault, endpoint: INTEGRATIONS })
  const process = world.startTortured(point)
  await process.started
  return process
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}
