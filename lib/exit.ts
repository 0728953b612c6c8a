/** Makes the process wait at its end for exchanges in flight, whose tokens and credentials would otherwise be lost. */

import { call } from './calls.js'
import { warnOfDefect } from './defects.js'
import { turn } from './event-loop.js'
import { native } from './native.js'
import { warnSinks } from './telemetry/process-watch.js'

let patience = 0

// The module of workers takes a tenth of the time to a first answer, so it is asked only where the addon does not know.
const isMainThread =
  native.onFirstThread() || (require('node:worker_threads') as typeof import('node:worker_threads')).isMainThread

// Warnings concern the whole process, so one thread emits them: the main thread, if it uses this package.
native.onProcessWarning(isMainThread, warn)

function warn(): void {
  try {
    for (const { code, type, message } of native.takeProcessWarnings()) {
      process.emitWarning(message, type, code)
      warnSinks({ code, message })
    }
  } catch (error) {
    warnOfDefect('Reading the warnings of the process', error)
  }
}

/** Makes the process wait at its end for exchanges in flight, for at most `milliseconds`. */
export function awaitExchangesAtExit(milliseconds: number): void {
  if (patience === 0) {
    // The core's thread outlives a worker, so a worker has to wait only for a store of its own.
    process.on('beforeExit', beforeExit)
    if (isMainThread) process.on('exit', endExchanges)
  }
  patience = Math.max(patience, milliseconds)
}

/** Resolves when this process has no exchange in flight, including those that start in the meantime. */
export async function settled(): Promise<void> {
  // Calls of this turn of the event loop must start first.
  await turn()
  await call<undefined>((completions, callId) => native.settled(completions, callId), {})
}

/** Runs when the event loop is empty. Unlike at `exit`, a store in JavaScript still works here. */
function beforeExit(): void {
  awaitExchanges().catch((error: unknown) => {
    // Otherwise this would run again whenever the event loop is empty, and the process would never end.
    process.off('beforeExit', beforeExit)
    warnOfDefect('Waiting for exchanges at the end of the process', error)
  })
}

async function awaitExchanges(): Promise<void> {
  // A warning may have been announced just before the event loop became empty.
  if (isMainThread) warn()
  if (native.exchangesInFlight() === 0) return
  await call<undefined>((completions, callId) => native.awaitExchanges(completions, callId, patience), {})
  // The time is up: let the process end.
  if (native.exchangesInFlight() > 0) process.off('beforeExit', beforeExit)
}

function endExchanges(): void {
  native.endExchanges(patience)
  // Written directly: warnings that are emitted during `exit` are not printed.
  for (const { code, type, message } of native.takeProcessWarnings()) {
    process.stderr.write(`[${code}] ${type}: ${message}\n`)
  }
}
