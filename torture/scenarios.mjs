/** What there is to torture by, and how much. */

import { abort } from './scenarios/abort.mjs'
import { exit } from './scenarios/exit.mjs'
import { expiries } from './scenarios/expiries.mjs'
import { fleet } from './scenarios/fleet.mjs'
import { freeze } from './scenarios/freeze.mjs'
import { kill } from './scenarios/kill.mjs'
import { network } from './scenarios/network.mjs'
import { partners } from './scenarios/partners.mjs'
import { points } from './scenarios/points.mjs'
import { stop } from './scenarios/stop.mjs'
import { store } from './scenarios/store.mjs'
import { Scope } from './scope.mjs'

export const SCENARIOS = { kill, points, network, partners, abort, exit, stop, freeze, store, expiries, fleet }
/** Those whose verdicts do not depend on what the server does with a spent refresh token. */
export const WITHOUT_POLICY = new Set(['partners'])

/** How much of it, for each store and policy. */
export const NUMBERS = {
  kills: { value: 1000, what: 'SIGKILLs (kill)' },
  rounds: { value: 3, what: 'runs of each row of a verdict table (points, network, partners)' },
  aborts: { value: 1000, what: 'calls given up (abort)' },
  exits: { value: 500, what: 'ends of each kind (exit)' },
  stops: { value: 300, what: 'SIGSTOPs (stop)' },
  freeze: { value: 150, what: 'seconds of the longest stop (freeze)' },
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
