/**
 * Processes are killed at random instants: half of the kills at any time, half just after a request of theirs reached
 * the token endpoint. What was not between that request's first byte and the durable commit loses nothing.
 */

import { setTimeout } from 'node:timers/promises'
import { exchangesOf, placeOfDeath } from '../judge.mjs'
import { LIFETIME, Load } from '../load.mjs'
import { measured, probe } from '../window.mjs'
import { World } from '../world.mjs'

const PROCESSES = 8
/** Kills wait until so many can be killed. */
const LEAST = 6
/** The longest wait between two kills at any time, and between a request's arrival and the kill, in milliseconds. */
const PAUSE = 100
const AIM = 8
/** Grants: more than are in doubt during a lease, at what two cores can kill and restart. */
const MOST_GRANTS = 750

export async function kill(scope, { store, policy, random, torture, numbers, progress }) {
  const world = await World.start(scope, { store, policy, lifetime: LIFETIME, torture })
  const grants = await world.grants(Math.min(MOST_GRANTS, 24 + numbers.kills))
  const load = new Load(world, random, { processes: PROCESSES })
  const deaths = []
  const trips = []
  let aimed = 0
  let over = false

  const strike = process => {
    if (!process.ready) return
    deaths.push({ process, calls: process.calls })
    process.kill()
    if (!over) load.restart()
  }
  const aim = async () => {
    while (!over) {
      const arrived = await world.sandbox.nextRequest(({ query }) => query.startsWith('process='))
      const sender = world.senderOf(arrived)
      if (over) return
      if (aimed * 2 > deaths.length || load.ready.length < LEAST) continue
      aimed += 1
      void setTimeout(random.below(AIM)).then(() => strike(sender))
    }
  }
  await load.run(grants, async () => {
    aim().catch(() => {})
    while (deaths.length < numbers.kills) {
      progress(`${deaths.length} of ${numbers.kills} kills`)
      await setTimeout(random.below(PAUSE))
      if (load.ready.length < LEAST) continue
      if (deaths.length % 10 === 0) void probe(world, random.one(load.ready), trips)
      strike(random.one(load.ready))
    }
    over = true
    for (const process of load.ready) strike(process)
  })
  progress(`${grants.length} grants judged`)
  await load.judge(grants)

  const exchanges = exchangesOf(world)
  const fell = { idle: 0, before: 0, window: 0, after: 0 }
  for (const { process, calls } of deaths) fell[placeOfDeath(exchanges, process, calls)] += 1
  return {
    broken: load.broken,
    figures: {
      kills: deaths.length,
      ...fell,
      excused: load.excused,
      exchanges: exchanges.length,
      ...measured(exchanges, trips),
    },
  }
}
