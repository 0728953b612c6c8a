/** How a client keeps to the limits of the API. */

import type { NativeEndpointLimit, NativeEndpointLimits, NativeLimits, NativeRedisLimits } from '../index.js'
import { configurationError } from './errors.js'
import { type RedisLimits, sharedLimits } from './redis-limits.js'
import { bare, integer, optionalChoice, optionsObject, record, wellFormed } from './validate.js'

/** How a client keeps to the limits of the API. */
export interface LimitOptions {
  /**
   * What endpoints take, by method and path template such as `GET /jobs/{id}`, where that is not what the vendor
   * documents: requests in any second, and requests at once. What answers say may lower these, but not raise them.
   */
  endpoints?: Readonly<Record<string, { perSecond?: number | undefined; concurrent?: number | undefined }>> | undefined
  /** Requests of the credential at once. Default: 8, or what answers say. */
  concurrent?: number | undefined
  /** Whether those are counted over all endpoints, or for each. Default: `credential`. */
  concurrencyScope?: 'credential' | 'endpoint' | undefined
  /** How many calls may wait for an endpoint; more fail with the code `QUEUE_FULL`. Default: 10,000. */
  queue?: number | undefined
  /** Where processes and machines share the limits. Default: each process has them to itself. */
  shared?: RedisLimits | undefined
}

/** How far the limits of one endpoint are used. */
export interface EndpointLimits extends NativeEndpointLimits {}

const OPTIONS = ['endpoints', 'concurrent', 'concurrencyScope', 'queue', 'shared'] as const
/** The most that a limit can be: the vendor's highest is 10. */
const MOST = 1000
const QUEUE = 10_000
const LONGEST_QUEUE = 1_000_000

/** Checks the options; nothing if the client is not to keep to the limits. */
export function limits(value: unknown): {
  options: NativeLimits | undefined
  shared: NativeRedisLimits | undefined
} {
  if (value === false) return { options: undefined, shared: undefined }
  if (typeof value === 'boolean') throw configurationError('limits', 'must be an object, or `false` for none')
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
    throw configurationError('limits.endpoints', 'must be named by method and path template, such as `GET /jobs/{id}`')
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
