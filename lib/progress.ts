/** Long operations of an app, which report their progress and can be stopped. */

import type { NativeCompletions } from '../index.js'
import { call } from './calls.js'
import { configurationError } from './errors.js'
import { optionalSignal } from './validate.js'

type Start<Progress> = (completions: NativeCompletions, number: number, tell: (progress: Progress) => void) => void

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
  const tell = (progress: Progress) => {
    if (!ended) onProgress?.(progress)
  }
  try {
    const outcome = await call(
      (completions, number) => start(completions, number, tell),
      {},
      optionalSignal('signal', signal),
    )
    tell(outcome.first as Progress)
    return outcome.first as Progress
  } finally {
    // Progress may arrive after the result.
    ended = true
  }
}
