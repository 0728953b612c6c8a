/**
 * The network loses a request or an answer, or the token endpoint fails before or after it has done its part. What
 * becomes of the grant is in the table.
 */

import { setTimeout } from 'node:timers/promises'
import { exchangesOf } from '../judge.mjs'
import { LIFETIME } from '../load.mjs'
import { World } from '../world.mjs'

const LATE = 200
const STATUSES = [429, 500, 502, 503, 504]

/** Faults of one exchange, what its caller gets, and whether the server has spent the refresh token. */
const FAULTS = [
  { fault: { kind: 'dropBefore' }, error: 'TOKEN_UNAVAILABLE' },
  { fault: { kind: 'dropBefore', ms: LATE }, error: 'TOKEN_UNAVAILABLE' },
  ...STATUSES.map(status => ({ fault: { kind: 'status', status, when: 'before' }, error: 'TOKEN_UNAVAILABLE' })),
  { fault: { kind: 'status', status: 404, when: 'before' }, error: 'TOKEN_UNAVAILABLE' },
  { fault: { kind: 'malformed' }, error: 'TOKEN_INVALID' },
  { fault: { kind: 'dropAfter' }, error: 'TOKEN_UNAVAILABLE', spent: true },
  { fault: { kind: 'dropAfter', ms: LATE }, error: 'TOKEN_UNAVAILABLE', spent: true },
  ...STATUSES.map(status => ({
    fault: { kind: 'status', status, when: 'after' },
    error: 'TOKEN_UNAVAILABLE',
    spent: true,
  })),
  { fault: { kind: 'truncate' }, error: 'TOKEN_INVALID', spent: true },
  { fault: { kind: 'answer', body: {} }, error: 'TOKEN_INVALID', spent: true },
]

export async function network(scope, { store, policy, numbers, progress }) {
  const world = await World.start(scope, { store, policy, lifetime: LIFETIME })
  const rows = Array.from({ length: numbers.rounds }, () => FAULTS).flat()
  const grants = await world.grants(rows.length)
  // The first meets the fault. The others were not there; the last hears the same, and asks nobody again.
  const [first, second, last] = Array.from({ length: 3 }, () => world.start())
  await Promise.all([first, second, last].map(process => process.started))
  await setTimeout(LIFETIME * 1000)
  const broken = []
  const figures = { faults: FAULTS.length, runs: rows.length, recovered: 0, 'response lost': 0 }
  for (const [index, { fault, error, spent = false }] of rows.entries()) {
    progress(`${index} of ${rows.length} faults`)
    const { id } = grants[index]
    const name = `${fault.kind} ${fault.status ?? ''} ${fault.when ?? ''}`.trim()
    const check = (outcome, expected) => {
      if (outcome !== expected) broken.push(`${name}: ${outcome}, not ${expected}`)
    }
    world.sandbox.fault({ ...fault, path: '/identity/oauth/token' })
    check(await first.ask('call', { id }), error)
    world.sandbox.clearFaults()
    const lost = spent && policy !== 'grace'
    const verdict = lost ? 'REAUTHORIZATION_REQUIRED responseLost' : 'answered'
    check(await second.ask('call', { id }), verdict)
    check(await last.ask('call', { id }), verdict)
    figures[lost ? 'response lost' : 'recovered'] += 1
  }
  const presentations = new Map()
  for (const { presented, id } of exchangesOf(world)) {
    const tokens = presentations.get(id) ?? new Map()
    tokens.set(presented, (tokens.get(presented) ?? 0) + 1)
    presentations.set(id, tokens)
  }
  for (const [id, tokens] of presentations) {
    const [times, ...others] = tokens.values()
    if (times !== 2 || others.some(more => more !== 1))
      broken.push(`${id} presented its tokens ${[...tokens.values()]} times`)
  }
  return { broken, figures }
}
