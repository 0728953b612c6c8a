/** Callers give their calls up at random instants of an exchange: it goes on, and its tokens are there for the next. */

import { LANES, lanes, renewedOnceEach } from '../lanes.mjs'
import { World } from '../world.mjs'

/** How late the token endpoint answers, and callers give up at the latest, in milliseconds. */
const ANSWER = 10
const LATEST = 40

export async function abort(scope, { store, policy, random, numbers, progress }) {
  const world = await World.start(scope, { store, policy })
  world.answerLate(ANSWER)
  const grants = await world.grants(LANES)
  const processes = grants.map(() => world.start())
  const figures = { aborts: 0, aborted: 0 }
  const broken = []
  await lanes(numbers.aborts, async (lane, done) => {
    progress(`${done} of ${numbers.aborts} aborts`)
    const { id } = grants[lane]
    world.expire(grants[lane])
    const outcome = await processes[lane].ask('abort', { id, after: random.below(LATEST) })
    figures.aborts += 1
    if (outcome === 'aborted') figures.aborted += 1
    else if (outcome !== 'answered') broken.push(`${id}: ${outcome}`)
    // One that finds the exchange in the store, and the one that gave the call up.
    for (const process of [processes[(lane + 1) % LANES], processes[lane]]) {
      const next = await process.ask('call', { id })
      if (next !== 'answered') broken.push(`${id} after an abort: ${next}`)
    }
  })
  broken.push(...renewedOnceEach(world, numbers.aborts))
  return { broken, figures: { ...figures, exchanges: numbers.aborts, lost: broken.length } }
}
