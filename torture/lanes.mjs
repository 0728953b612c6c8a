/** Many runs of one thing, some at the same time, each lane with a grant of its own. */

import { exchangesOf } from './judge.mjs'

/** How many at the same time. */
export const LANES = 8

/** Does `run(lane, done)` so often in all; `done` is how many were begun before. */
export async function lanes(count, run) {
  let begun = 0
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      while (begun < count) {
        begun += 1
        await run(lane, begun - 1)
      }
    }),
  )
}

/** What is wrong with `expiries` that each had to be one exchange, of a token that nobody presented before. */
export function renewedOnceEach(world, expiries) {
  const exchanges = exchangesOf(world)
  const broken = exchanges.filter(({ issued }) => issued === undefined).map(({ id }) => `${id} was refused`)
  const tokens = new Set(exchanges.map(({ presented }) => presented))
  if (exchanges.length !== expiries) broken.push(`${exchanges.length} exchanges for ${expiries} expiries`)
  if (tokens.size !== exchanges.length) broken.push(`${exchanges.length - tokens.size} tokens were presented again`)
  return broken
}
