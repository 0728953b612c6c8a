/** What there is to torture by, and how much. */

import { abort } from './scenarios/abort.mjs'
import { exit } from './scenarios/exit.mjs'
import { expiries } from './scenarios/expiries.mjs'
import { fleet } from './scenarios/fleet.mjs'
import { kill } from './scenarios/kill.mjs'
import { network } from './scenarios/network.mjs'
import { points } from './scenarios/points.mjs'
import { stop } from './scenarios/stop.mjs'
import { store } from './scenarios/store.mjs'
import { Scope } from './scope.mjs'

export const SCENARIOS = { kill, points, network, abort, exit, stop, store, expiries, fleet }

/** How much of it, for each store and policy. */
export const NUMBERS = {
  kills: { value: 1000, what: 'SIGKILLs (kill)' },
  rounds: { value: 3, what: 'runs of each row of a verdict table (points, network)' },
  aborts: { value: 1000, what: 'calls given up (abort)' },
  exits: { value: 500, what: 'ends of each kind (exit)' },
  stops: { value: 300, what: 'SIGSTOPs (stop)' },
  outages: { value: 10, what: 'outages of the store (store)' },
  expiries: { value: 100, what: 'expiries of one grant (expiries)' },
  grants: { value: 100_000, what: 'grants to keep alive (fleet)' },
}

/** Runs a scenario: `{ broken, figures }`. `options`: store, policy, random, torture, numbers, progress. */
export async function torture(name, options) {
  const scope = new Scope()
  try {
    return await SCENARIOS[name](scope, options)
  } finally {
    await scope.end()
  }
}
