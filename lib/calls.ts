/** Calls of the addon: from the number of a call to its promise. */

// A realm of its own, such as a test runner's, may have no such global.
import { setImmediate } from 'node:timers'
import type { CallId, NativeCompletions, NativeError, NativeReport } from '../index.js'
import { warnOfDefect } from './defects.js'
import { type CallContext, toError } from './errors.js'
import { native } from './native.js'
import { watch } from './signals.js'

const { FAILURE, REPORT, STATUSES, STRIDE, VALUE } = native

/** What a call is settled with in place of a result if it failed. */
class Failure {
  constructor(readonly error: NativeError) {}
}

type Settle = (result: unknown) => void

/**
 * A call in progress. It drops its promise when the call ends, because its entries in maps may stay reachable: a `Map`
 * copies its entries to a new table from time to time, and V8's young collections treat all that the old table refers to
 * as alive, until the whole heap is collected. The answers of finished calls would be kept and moved again and again.
 */
class Waiting {
  #resolve: Settle | undefined
  #reject: Settle | undefined

  constructor(resolve: Settle, reject: Settle) {
    this.#resolve = resolve
    this.#reject = reject
  }

  resolve(result: unknown): void {
    this.#resolve?.(result)
    this.#end()
  }

  reject(reason: unknown): void {
    this.#reject?.(reason)
    this.#end()
  }

  #end(): void {
    this.#resolve = undefined
    this.#reject = undefined
  }
}

// The state of the face: the calls in progress.
const waiting = new Map<number, Waiting>()
/** The calls in progress whose steps are reported. */
const observed = new Map<number, (report: NativeReport) => void>()
let last = 0
/** Whether the last batch could not be taken. The addon waits until it is, and wakes nobody for the results after it. */
let areResultsLost = false

const completions: NativeCompletions = new native.NativeCompletions(dispatch)

function dispatch(batch: unknown[]): void {
  for (let at = 0; at < batch.length; at += STRIDE) {
    const head = batch[at] as number
    const status = head % STATUSES
    const callId = (head - status) / STATUSES
    if (status === REPORT) {
      observed.get(callId)?.(batch[at + 1] as NativeReport)
      continue
    }
    const call = waiting.get(callId)
    waiting.delete(callId)
    call?.resolve(resultOf(status, batch[at + 1], batch[at + 2], batch[at + 3]))
  }
  setImmediate(next)
}

/** The result of a call. That of a call which yields a response is a `NativeAnswer`. */
function resultOf(status: number, first: unknown, second: unknown, third: unknown): unknown {
  if (status === VALUE) return first
  if (status === FAILURE) return new Failure(first as NativeError)
  return { status, headers: first, body: second, url: third }
}

/** Takes the next batch, now that timers and sockets have had their turn. */
function next(): void {
  let batch: unknown[] | null
  try {
    batch = completions.next()
  } catch (error) {
    lost(error as Error)
    return
  }
  areResultsLost = false
  if (batch !== null) dispatch(batch)
}

/** Ends all calls in progress: some have finished, and it is not known which. */
function lost({ message }: Error): void {
  areResultsLost = true
  for (const [callId, call] of waiting) {
    waiting.delete(callId)
    call.resolve(new Failure({ code: 'INTERNAL', message: `the results of calls were lost: ${message}`, causes: [] }))
  }
}

/**
 * Starts a call, and resolves with its result, whose type the called method of the addon states in its `CallId`. An
 * abort stops the native work and rejects with the signal's reason, as `fetch` does. `observe` gets the steps of a call
 * that the addon observes; it must not throw.
 */
export async function call<T>(
  start: (completions: NativeCompletions, callId: CallId<T>) => void,
  context: CallContext,
  signal?: AbortSignal,
  observe?: (report: NativeReport) => void,
): Promise<T> {
  signal?.throwIfAborted()
  last = (last + 1) >>> 0
  const callId = last as CallId<T>
  let unwatch: (() => void) | undefined
  const settled = new Promise<T | Failure>((resolve, reject) => {
    // Here tsc takes the addon's word: rustc has checked that a call of `CallId<T>` yields a `T`.
    const call = new Waiting(resolve as Settle, reject)
    waiting.set(callId, call)
    unwatch = signal && watch(signal, callId, stopper(signal, callId, call))
  })
  if (observe !== undefined) observed.set(callId, observe)
  let result: T | Failure
  try {
    begin(() => start(completions, callId), context)
    if (areResultsLost) setImmediate(next)
    result = await settled
  } finally {
    // Also if the call never started, or was aborted.
    waiting.delete(callId)
    if (observe !== undefined) observed.delete(callId)
    unwatch?.()
  }
  if (result instanceof Failure) throw toError(result.error, context)
  return result
}

// A function of its own: a closure written at the call would also hold everything captured around it.
function stopper(signal: AbortSignal, callId: number, call: Waiting): () => void {
  return () => {
    call.reject(signal.reason)
    try {
      completions.cancel(callId)
    } catch (error) {
      warnOfDefect('Stopping a call', error)
    }
  }
}

/** Starts a call. The addon fails to if the operating system refuses what the core's thread needs. */
function begin(start: () => void, context: CallContext): void {
  try {
    start()
  } catch (error) {
    const { code, message: problem } = error as NodeJS.ErrnoException
    if (code !== 'GenericFailure') throw error
    const message = `the call was not started, because the operating system refused a thread or a file: ${problem}`
    throw toError({ code: 'INTERNAL', message, causes: [] }, context)
  }
}
