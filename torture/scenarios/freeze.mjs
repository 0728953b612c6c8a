/**
 * Processes are stopped, for up to nearly as long as a lease, while the answer to their exchange is in flight: the server
 * answers during the stop. Nothing is lost, and nothing is asked for twice.
 */

import { setTimeout } from 'node:timers/promises'
import { renewedOnceEach } from '../lanes.mjs'
import { INTEGRATIONS, World } from '../world.mjs'

const TOKEN = 'POST /identity/oauth/token'
/** The stops that are made at the same time, as shares of the longest: 30, 75 and 150 of 150 seconds. */
const SHARES = [0.2, 0.5, 1]
/** Until a process that waits for a lease has looked at it, in milliseconds. */
const LOOKS = 500

export async function freeze(scope, { store, policy, numbers, progress }) {
  const world = await World.start(scope, { store, policy })
  const grants = await world.grants(SHARES.length)
  const witness = world.start()
  const rows = SHARES.flatMap((share, number) => {
    const length = share * numbers.freeze * 1000
    const companyId = `company-${number}`
    return [
      { length, action: 'call', options: { id: grants[number].id }, endpoint: TOKEN, good: 'answered' },
      { length, action: 'connect', options: { companyId }, endpoint: INTEGRATIONS, good: 'connected' },
    ]
  })
  for (const row of rows) {
    row.holder = world.start()
    // It watches the lease, and is stopped with the holder: it must not believe that it has watched all the while.
    row.bystander = world.start()
  }
  await Promise.all([witness, ...rows.flatMap(({ holder, bystander }) => [holder, bystander])].map(p => p.started))
  // The partner's own token is not what is to be held.
  await witness.ask('connect', { companyId: 'first' })
  for (const grant of grants) world.expire(grant)

  const held = [TOKEN, INTEGRATIONS].map(endpoint =>
    world.sandbox.fault({ kind: 'hold', when: 'after', endpoint, times: Number.POSITIVE_INFINITY }),
  )
  const ask = (process, { action, options }) => process.ask(action, options)
  for (const row of rows) {
    const arrived = world.sandbox.nextRequest(({ endpoint }) => endpoint === row.endpoint)
    row.outcomes = [ask(row.holder, row)]
    await arrived
    row.outcomes.push(ask(row.bystander, row), ask(witness, row))
  }
  await setTimeout(LOOKS)
  for (const { holder, bystander } of rows) {
    for (const process of [holder, bystander]) {
      process.signal('SIGSTOP')
      await process.stopped()
    }
  }
  for (const fault of held) fault.clear()
  progress(`${rows.length} stops of up to ${numbers.freeze} s`)

  const broken = []
  let lost = 0
  const thaw = async ({ length, holder, bystander, outcomes, good }) => {
    await setTimeout(length)
    // The bystander first: it would take over what it believes to be abandoned.
    bystander.signal('SIGCONT')
    holder.signal('SIGCONT')
    const wrong = (await Promise.all(outcomes)).filter(outcome => outcome !== good)
    if (wrong.length > 0) lost += 1
    broken.push(...wrong.map(outcome => `stopped for ${length / 1000} s: ${outcome}, not ${good}`))
  }
  await Promise.all(rows.map(thaw))
  broken.push(...renewedOnceEach(world, grants.length))
  const requests = world.sandbox.counters().requests[INTEGRATIONS]
  const connections = 1 + rows.filter(({ endpoint }) => endpoint === INTEGRATIONS).length
  if (requests !== connections) broken.push(`${requests} requests for credentials of ${connections} customers`)
  return {
    broken,
    figures: { stops: rows.length, longest: `${numbers.freeze} s`, exchanges: grants.length, requests, lost },
  }
}
