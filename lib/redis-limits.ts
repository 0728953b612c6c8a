/** Rate limits that several processes share through Redis. */

import { EventEmitter } from 'node:events'
import type { NativeLimitsEvent, NativeRedisLimits } from '../index.js'
import { type CertificateAuthorities, certificateAuthorities } from './certificates.js'
import { networkVariables } from './environment.js'
import { configurationError, type StoreError, toError, unwrap } from './errors.js'
import { WithEvents } from './events.js'
import { native } from './native.js'
import { bare, FROM_ENVIRONMENT, optionsObject, string } from './validate.js'

/** Options of the {@link RedisLimits} constructor. */
export interface RedisLimitsOptions {
  /**
   * The URL of the primary server: `redis://user:password@host:6379/0`, `rediss://…` for TLS, or
   * `unix:///run/redis/redis.sock`; of Sentinels: `redis-sentinel://user:password@host:26379,host:26379/service`; or of a
   * cluster: `redis-cluster://user:password@host:6379,host:6379`.
   */
  url: string
  /**
   * Certificates to trust in addition to the default ones of {@link ConnectionOptions.ca}, where `url` uses TLS.
   * Default: none.
   */
  ca?: CertificateAuthorities | undefined
}

/** The events of {@link RedisLimits}, for {@link RedisLimits.on}. */
export interface RedisLimitsEvents {
  /**
   * Redis cannot be reached. Until it can, each process uses its share of the limits: they are divided by `members`,
   * the number of processes that were last seen.
   */
  degraded: [{ members: number; error: StoreError }]
  /** Redis can be reached again, and the limits are shared again. */
  restored: []
}

const EVENTS = ['degraded', 'restored'] as const satisfies readonly (keyof RedisLimitsEvents)[]

const handles = new WeakMap<object, NativeRedisLimits>()

/**
 * Rate limits in Redis or Valkey that all processes and machines with the same credentials share: pass it to their
 * clients as `limits: { shared }`. Redis holds only hashes of the credentials. What a crashed process has reserved
 * becomes free for the others after 10 seconds.
 *
 * @example
 * const shared = new RedisLimits({ url: 'rediss://redis.internal' })
 * const sr = new SmartRecruiters({ credential, limits: { shared } })
 */
export class RedisLimits extends WithEvents<RedisLimitsEvents> {
  declare private readonly brand: 'RedisLimits'

  /**
   * Makes shared limits. The server is not contacted before the first call of a client.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const shared = new RedisLimits({ url: 'rediss://redis.internal' })
   * const sr = new SmartRecruiters({ credential, limits: { shared } })
   */
  constructor(options: RedisLimitsOptions) {
    const events = new EventEmitter<RedisLimitsEvents>()
    super(events, EVENTS)
    const known = optionsObject('RedisLimits', options, ['url', 'ca'])
    const listen = (event: NativeLimitsEvent) => {
      const { name, members, error } = bare(event)
      if (name === 'restored') events.emit('restored')
      else if (error !== undefined) events.emit('degraded', { members, error: toError(error) as StoreError })
    }
    const url = string('url', known.url, FROM_ENVIRONMENT)
    handles.set(this, unwrap(native.redisLimits(url, listen, networkVariables(), certificateAuthorities(known.ca))))
  }
}

/** Returns the native half of shared limits that the caller gave, or `undefined`. */
export function sharedLimits(field: string, value: unknown): NativeRedisLimits | undefined {
  if (value === undefined) return undefined
  const handle = typeof value === 'object' && value !== null ? handles.get(value) : undefined
  if (handle === undefined) throw configurationError(field, 'must be a RedisLimits object, or be left out')
  return handle
}
