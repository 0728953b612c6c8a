/** Long operations of an app, which report their progress and can be stopped. */

import type { CallId, NativeCompletions } from '../index.js'
import { call } from './calls.js'
import { configurationError } from './errors.js'
import { optionalSignal } from './validate.js'

type Start<Progress> = (
  completions: NativeCompletions,
  callId: CallId<Progress>,
  report: (progress: Progress) => void,
) => void

/** Runs an operation. `onProgress` is called after each step, and finally with the result. */
export async function withProgress<Progress>(
  onProgress: unknown,
  signal: unknown,
  start: Start<Progress>,
): Promise<Progress> {
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw configurationError('onProgress', 'must be a function')
  }
  let ended = false
  const report = (progress: Progress) => {
    if (!ended) onProgress?.(progress)
  }
  try {
    const result = await call<Progress>(
      (completions, callId) => start(completions, callId, report),
      {},
      optionalSignal('signal', signal),
    )
    report(result)
    return result
  } finally {
    // Progress may arrive after the result.
    ended = true
  }
}
