/** All processes want one grant at once, each time that its access token has expired: one exchange each. */

import { exchangesOf } from '../judge.mjs'
import { renewedOnceEach } from '../lanes.mjs'
import { measured, probe } from '../window.mjs'
import { World } from '../world.mjs'

const PROCESSES = 8

export async function expiries(scope, { store, policy, numbers, progress }) {
  const world = await World.start(scope, { store, policy })
  const grant = await world.grant()
  const processes = Array.from({ length: PROCESSES }, () => world.start())
  const trips = []
  const broken = []
  for (let expiry = 0; expiry < numbers.expiries; expiry++) {
    progress(`${expiry} of ${numbers.expiries} expiries`)
    world.expire(grant)
    const outcomes = await Promise.all(processes.map(process => process.ask('call', { id: grant.id })))
    broken.push(...outcomes.filter(outcome => outcome !== 'answered'))
    await probe(world, processes[expiry % PROCESSES], trips)
  }
  broken.push(...renewedOnceEach(world, numbers.expiries))
  const { attempts, successes } = world.sandbox.counters().exchanges.refresh_token
  return {
    broken,
    figures: {
      expiries: numbers.expiries,
      exchanges: attempts,
      refused: attempts - successes,
      ...measured(exchangesOf(world), trips),
    },
  }
}
