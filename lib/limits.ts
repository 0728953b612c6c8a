/** The options for rate limits, and their checks. */

import type { NativeEndpointLimit, NativeEndpointLimits, NativeLimits, NativeRedisLimits } from '../index.js'
import { configurationError } from './errors.js'
import { type RedisLimits, sharedLimits } from './redis-limits.js'
import { bare, integer, optionalChoice, optionsObject, record, wellFormed } from './validate.js'

/** How a client keeps to the rate limits of the API: {@link ClientOptions.limits}. */
export interface LimitOptions {
  /**
   * The limits of single endpoints, by method and path template such as `GET /jobs/{id}`, where they differ from those
   * that SmartRecruiters documents: `perSecond` is the number of requests in any second, `concurrent` the number of
   * requests at once, both 1 to 1000. The `X-RateLimit-*` headers of answers can lower these limits, but not raise
   * them.
   */
  endpoints?: Readonly<Record<string, { perSecond?: number | undefined; concurrent?: number | undefined }>> | undefined
  /**
   * The maximum number of requests of the credential at once, 1 to 1000. Default: 8, or what the `X-RateLimit-*`
   * headers of answers say.
   */
  concurrent?: number | undefined
  /**
   * Whether `concurrent` applies to all endpoints together (`credential`), or to each endpoint on its own (`endpoint`).
   * Default: `credential`.
   */
  concurrencyScope?: 'credential' | 'endpoint' | undefined
  /**
   * The maximum number of calls that may wait for one endpoint, 1 to 1,000,000. Further calls reject with a
   * {@link QueueFullError}. Default: 10,000.
   */
  queue?: number | undefined
  /**
   * The shared limits, if several processes or machines use the same credential. Default: this process alone uses it.
   */
  shared?: RedisLimits | undefined
}

/** How much of the limits of one endpoint is in use, as {@link SmartRecruiters.limits} returns it. */
export interface EndpointLimits extends NativeEndpointLimits {}

const OPTIONS = ['endpoints', 'concurrent', 'concurrencyScope', 'queue', 'shared'] as const
/** The highest limit that can be set. The highest that SmartRecruiters documents is 10. */
const MOST = 1000
const QUEUE = 10_000
const LONGEST_QUEUE = 1_000_000

/** Checks the options. The result has no options if pacing is turned off. */
export function limits(value: unknown): {
  options: NativeLimits | undefined
  shared: NativeRedisLimits | undefined
} {
  if (value === false) return { options: undefined, shared: undefined }
  if (typeof value === 'boolean')
    throw configurationError('limits', 'must be an object of options, or `false` to turn pacing off')
  const known = optionsObject('limits', value === undefined ? {} : value, OPTIONS)
  const concurrencyScope = optionalChoice('limits.concurrencyScope', known.concurrencyScope, ['credential', 'endpoint'])
  const rows = record('limits.endpoints', known.endpoints === undefined ? {} : known.endpoints)
  const options = bare({
    endpoints: Object.entries(rows).map(endpointLimit),
    queue: integer('limits.queue', known.queue, 1, LONGEST_QUEUE, QUEUE),
    ...(concurrencyScope && { concurrencyScope }),
    ...limit('limits', 'concurrent', known.concurrent),
  })
  return { options, shared: sharedLimits('limits.shared', known.shared) }
}

function endpointLimit([endpoint, value]: [string, unknown]): NativeEndpointLimit {
  wellFormed('limits.endpoints', endpoint)
  if (!/^[A-Z]+ \/[^\s?#\0]*$/.test(endpoint)) {
    throw configurationError(
      'limits.endpoints',
      'must have names of a method and a path template, such as `GET /jobs/{id}`',
    )
  }
  const field = `limits.endpoints['${endpoint}']`
  const known = optionsObject(field, value, ['perSecond', 'concurrent'])
  return bare({
    endpoint,
    ...limit(field, 'perSecond', known.perSecond),
    ...limit(field, 'concurrent', known.concurrent),
  })
}

function limit<Name extends string>(field: string, name: Name, value: unknown): { [Key in Name]?: number } {
  if (value === undefined) return {}
  return { [name]: integer(`${field}.${name}`, value, 1, MOST, MOST) } as { [Key in Name]: number }
}
