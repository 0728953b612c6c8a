/** Keep-alive of grants: its options, and its progress. */

import { configurationError } from './errors.js'
import { integer, optionsObject } from './validate.js'

/** Options of one pass of keep-alive, in the background or not. */
export interface KeepAlivePassOptions {
  /**
   * The time without renewal, in milliseconds, after which a grant is renewed: less than 28 days. Default: 14 days.
   */
  idle?: number | undefined
  /** The maximum number of token exchanges that the pass starts in one second, 1 to 1000. Default: 5. */
  perSecond?: number | undefined
}

/** Options of keep-alive in the background: {@link OAuthAppOptions.keepAlive}. */
export interface BackgroundKeepAliveOptions extends KeepAlivePassOptions {
  /**
   * The time between the end of one pass and the start of the next, in milliseconds, varied at random by up to a tenth:
   * 1000 or more, less than 28 days. Default: 24 hours.
   */
  every?: number | undefined
}

/** Options of {@link OAuthApp.keepAlive}. */
export interface KeepAliveOptions extends KeepAlivePassOptions {
  /** Called after each grant with the progress of the pass. Default: none. */
  onProgress?: ((progress: KeepAliveProgress) => void) | undefined
  /**
   * Stops the pass when it is aborted: the promise rejects with the signal's reason. Exchanges in flight continue, and
   * the next pass renews the remaining grants.
   */
  signal?: AbortSignal | undefined
}

/** The progress of a pass of keep-alive, and finally its result. */
export interface KeepAliveProgress {
  /** The number of grants that this pass has renewed. */
  renewed: number
  /** The number of grants that another process has renewed in the meantime, or is renewing. */
  skipped: number
  /** The number of grants that could not be renewed: they have ended, or the next pass tries them again. */
  failed: number
  /**
   * The number of grants that are known to be still due. Grants are looked up 1,000 at a time, so there may be more.
   */
  remaining: number
}

const DAY = 24 * 60 * 60 * 1000

/** Checks the options of a pass of keep-alive. `prefix` stands before their names in errors. */
export function keepAlivePass(prefix: string, known: { idle: unknown; perSecond: unknown }) {
  return {
    idle: integer(`${prefix}idle`, known.idle, 0, 28 * DAY - 1, 14 * DAY),
    perSecond: integer(`${prefix}perSecond`, known.perSecond, 1, 1000, 5),
  }
}

/** Checks the option `keepAlive`; `undefined` if there are no passes in the background. */
export function backgroundKeepAlive(value: unknown) {
  if (value === undefined || value === false) return undefined
  const options = value === true ? {} : value
  if (typeof options !== 'object') throw configurationError('keepAlive', 'must be true, false or an object of options')
  const known = optionsObject('keepAlive', options, ['idle', 'perSecond', 'every'])
  return {
    ...keepAlivePass('keepAlive.', known),
    every: integer('keepAlive.every', known.every, 1000, 28 * DAY - 1, DAY),
  }
}
