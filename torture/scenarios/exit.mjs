/**
 * Processes end by themselves at random instants of an exchange: `process.exit()`, a SIGTERM whose handler calls it, the
 * end of a worker thread. Each waits for the exchange to land.
 */

import { LANES, lanes, renewedOnceEach } from '../lanes.mjs'
import { GONE } from '../process.mjs'
import { World } from '../world.mjs'

const ENDS = ['exit', 'sigterm', 'terminate']
/** How late the token endpoint answers, and processes end at the latest, in milliseconds. */
const ANSWER = 15
const LATEST = 50

export async function exit(scope, { store, policy, random, numbers, progress }) {
  const world = await World.start(scope, { store, policy })
  world.answerLate(ANSWER)
  const grants = await world.grants(LANES)
  const witness = world.start()
  const figures = { exit: 0, sigterm: 0, terminate: 0 }
  const broken = []
  await lanes(numbers.exits * ENDS.length, async (lane, done) => {
    progress(`${done} of ${numbers.exits * ENDS.length} ends`)
    const end = ENDS[done % ENDS.length]
    const { id } = grants[lane]
    world.expire(grants[lane])
    const process = world.start()
    const outcome = await process.ask(end, { id, after: random.below(LATEST) })
    if (end !== 'terminate') {
      const { code, signal } = await process.ended
      if (outcome !== GONE || code !== 0) broken.push(`${id}: ${end} ended with ${signal ?? code}`)
    }
    const next = await witness.ask('call', { id })
    if (next !== 'answered') broken.push(`${id} after ${end}: ${next}`)
    await process.close()
    figures[end] += 1
  })
  const expiries = figures.exit + figures.sigterm + figures.terminate
  broken.push(...renewedOnceEach(world, expiries))
  return { broken, figures: { ...figures, exchanges: expiries, lost: broken.length } }
}
