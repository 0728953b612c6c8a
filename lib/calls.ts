/** Calls of the addon, from their number to their promise. */

// A realm of its own, such as a test runner's, may have no such global.
import { setImmediate } from 'node:timers'
import type { NativeCompletions, NativeError } from '../index.js'
import { type CallContext, toError } from './errors.js'
import { native } from './native.js'

/** In place of a status: the call failed. The first value is its `NativeError`. */
const FAILURE = 1
/** Values in a batch for each call that has ended. */
const STRIDE = 4
/** A batch holds id and status in one number: this times the id, plus the status. */
const STATUSES = 1024

/** What a call came to: an HTTP status with header lines, a body and the URL after redirects, or 0 with a value. */
export interface Outcome {
  status: number
  first: unknown
  second: unknown
  third: unknown
}

type Settle = (outcome: Outcome) => void

// The state of the face: who waits for which number, and for which signal.
const waiting = new Map<number, Settle>()
let last = 0

const completions: NativeCompletions = new native.NativeCompletions(dispatch)

function dispatch(batch: unknown[]): void {
  for (let at = 0; at < batch.length; at += STRIDE) {
    const number = batch[at] as number
    const status = number % STATUSES
    const id = (number - status) / STATUSES
    const settle = waiting.get(id)
    waiting.delete(id)
    settle?.({ status, first: batch[at + 1], second: batch[at + 2], third: batch[at + 3] })
  }
  setImmediate(next)
}

/** Timers and sockets have had their turn. */
function next(): void {
  const batch = completions.next()
  if (batch !== null) dispatch(batch)
}

/**
 * Starts a call and waits for its end. An abort stops the native work and rejects with the signal's reason, as
 * `fetch` does.
 */
export async function call(
  start: (completions: NativeCompletions, id: number) => void,
  context: CallContext,
  signal?: AbortSignal,
): Promise<Outcome> {
  signal?.throwIfAborted()
  last = (last + 1) >>> 0
  const id = last
  let unwatch: (() => void) | undefined
  const settled = new Promise<Outcome>((resolve, reject) => {
    waiting.set(id, resolve)
    unwatch =
      signal &&
      watch(signal, id, () => {
        completions.cancel(id)
        reject(signal.reason)
      })
  })
  let outcome: Outcome
  try {
    start(completions, id)
    outcome = await settled
  } finally {
    // Also if it never started, or was aborted.
    waiting.delete(id)
    unwatch?.()
  }
  if (outcome.status === FAILURE) throw toError(outcome.first as NativeError, context)
  return outcome
}

/** What to do for each call when its signal aborts. One listener a signal: Node warns of more than ten. */
const watched = new WeakMap<AbortSignal, Map<unknown, () => void>>()

function abortAll(this: AbortSignal): void {
  for (const abort of watched.get(this)?.values() ?? []) abort()
  watched.delete(this)
}

/** Has `abort` called when `signal` aborts; returns how to take that back. `key` is whose it is. */
export function watch(signal: AbortSignal, key: unknown, abort: () => void): () => void {
  let calls = watched.get(signal)
  if (calls === undefined) {
    calls = new Map()
    watched.set(signal, calls)
    signal.addEventListener('abort', abortAll, { once: true })
  }
  calls.set(key, abort)
  return () => {
    // The second time, others may be watching the same signal.
    if (!calls.delete(key) || calls.size > 0) return
    watched.delete(signal)
    signal.removeEventListener('abort', abortAll)
  }
}
