/** Abort signals, watched by any number of calls with one listener each. */

import { bare } from './members.js'

const ONCE = bare({ once: true })

/** What to do when a signal aborts, by key. There is one listener for each signal: Node warns of more than ten. */
const watched = new WeakMap<AbortSignal, Map<unknown, () => void>>()

function abortAll(this: AbortSignal): void {
  for (const abort of watched.get(this)?.values() ?? []) abort()
  watched.delete(this)
}

/** Calls `abort` when `signal` aborts, and returns a function that undoes this. `key` must be unique for the signal. */
export function watch(signal: AbortSignal, key: unknown, abort: () => void): () => void {
  let calls = watched.get(signal)
  if (calls === undefined) {
    calls = new Map()
    watched.set(signal, calls)
    signal.addEventListener('abort', abortAll, ONCE)
  }
  calls.set(key, abort)
  return () => {
    // When called a second time, others may be watching the same signal.
    if (!calls.delete(key) || calls.size > 0) return
    watched.delete(signal)
    signal.removeEventListener('abort', abortAll)
  }
}
