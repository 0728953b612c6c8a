/** The options of a client that say who observes it, and how. */

import { boolean, optionsObject } from '../validate.js'

/** Options of {@link ClientOptions.telemetry}. */
export interface TelemetryOptions {
  /**
   * Whether spans and records show the values of query parameters. They may be personal data, such as a name that was
   * searched for. Default: false; each value is then written as `REDACTED`.
   */
  queryValues?: boolean | undefined
}

/** Checks the option. */
export function telemetryOptions(value: unknown): { queryValues: boolean } {
  if (value === undefined) return { queryValues: false }
  const known = optionsObject('telemetry', value, ['queryValues'])
  return { queryValues: boolean('telemetry.queryValues', known.queryValues, false) }
}
