/** Processes are stopped for random times, shorter than a lease, and go on: nobody presents a token that another did. */

import { setTimeout } from 'node:timers/promises'
import { exchangesOf } from '../judge.mjs'
import { LIFETIME, Load } from '../load.mjs'
import { World } from '../world.mjs'

const PROCESSES = 8
const GRANTS = 60
/** The longest stop, and wait between two, in milliseconds. */
const LONGEST = 1500
const PAUSE = 150
/** At the same time. */
const MOST = 3

export async function stop(scope, { store, policy, random, numbers, progress }) {
  const world = await World.start(scope, { store, policy, lifetime: LIFETIME })
  const grants = await world.grants(GRANTS)
  const load = new Load(world, random, { processes: PROCESSES })
  const stopped = new Set()
  let amid = 0
  await load.run(grants, async () => {
    for (let number = 0; number < numbers.stops; number++) {
      progress(`${number} of ${numbers.stops} stops`)
      await setTimeout(random.below(PAUSE))
      while (stopped.size >= MOST) await setTimeout(10)
      const process = random.one(load.ready.filter(other => !stopped.has(other)))
      if (process.calls.length > 0) amid += 1
      process.signal('SIGSTOP')
      stopped.add(process)
      void setTimeout(random.below(LONGEST)).then(() => {
        process.signal('SIGCONT')
        stopped.delete(process)
      })
    }
    while (stopped.size > 0) await setTimeout(10)
  })
  progress(`${grants.length} grants judged`)
  await load.judge(grants)
  return {
    broken: load.broken,
    figures: { stops: numbers.stops, 'amid calls': amid, exchanges: exchangesOf(world).length, lost: load.excused },
  }
}
