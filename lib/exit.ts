/** The end of a process waits for exchanges in flight: the tokens and credentials that they yield exist nowhere else. */

import { isMainThread } from 'node:worker_threads'
import { call } from './calls.js'
import { native } from './native.js'

let patience = 0

/** Has the end of this process wait for exchanges in flight, up to so many milliseconds. */
export function awaitExchangesAtExit(milliseconds: number): void {
  if (patience === 0) {
    // The core's thread goes on where this one ends, so that a worker needs to wait only for its own store's sake.
    process.on('beforeExit', awaitExchanges)
    if (isMainThread) process.on('exit', () => native.endExchanges(patience))
  }
  patience = Math.max(patience, milliseconds)
}

/** The event loop is empty: here, unlike at `exit`, a store in JavaScript still works. */
async function awaitExchanges(): Promise<void> {
  if (native.exchangesInFlight() === 0) return
  await call((completions, number) => native.awaitExchanges(completions, number, patience), {})
  // Enough: the process may end.
  if (native.exchangesInFlight() > 0) process.off('beforeExit', awaitExchanges)
}
