/** The end of a process waits for exchanges in flight: the tokens and credentials that they yield exist nowhere else. */

import { isMainThread } from 'node:worker_threads'
import { turn } from './body.js'
import { call } from './calls.js'
import { native } from './native.js'

let patience = 0

/** The code of warnings that something was lost because the thread that its store belongs to has ended. */
const STORE_GONE = 'SMARTRECRUITERS_STORE_GONE'

// What only a thread that has ended could have been told, another one says: the main thread, where it is there.
native.onProcessWarning(isMainThread, warn)

function warn(): void {
  for (const message of native.takeProcessWarnings()) process.emitWarning(message, { code: STORE_GONE })
}

/** Has the end of this process wait for exchanges in flight, up to so many milliseconds. */
export function awaitExchangesAtExit(milliseconds: number): void {
  if (patience === 0) {
    // The core's thread goes on where this one ends, so that a worker needs to wait only for its own store's sake.
    process.on('beforeExit', awaitExchanges)
    if (isMainThread) process.on('exit', endExchanges)
  }
  patience = Math.max(patience, milliseconds)
}

/** Resolves when this process has no exchange in flight, those included that begin meanwhile. */
export async function settled(): Promise<void> {
  // What was called in this turn of the event loop begins first.
  await turn()
  await call((completions, number) => native.settled(completions, number), {})
}

/** The event loop is empty: here, unlike at `exit`, a store in JavaScript still works. */
async function awaitExchanges(): Promise<void> {
  // It was told of, but the event loop was empty before it had come to that.
  if (isMainThread) warn()
  if (native.exchangesInFlight() === 0) return
  await call((completions, number) => native.awaitExchanges(completions, number, patience), {})
  // Enough: the process may end.
  if (native.exchangesInFlight() > 0) process.off('beforeExit', awaitExchanges)
}

function endExchanges(): void {
  native.endExchanges(patience)
  // Nothing that is emitted here is heard any more.
  for (const message of native.takeProcessWarnings()) process.stderr.write(`[${STORE_GONE}] Warning: ${message}\n`)
}
