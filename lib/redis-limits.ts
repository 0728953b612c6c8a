/** Rate limits that many processes share. */

import { EventEmitter } from 'node:events'
import type { NativeLimitsEvent, NativeRedisLimits } from '../index.js'
import { type CertificateAuthorities, certificateAuthorities } from './certificates.js'
import { networkVariables } from './environment.js'
import { configurationError, type StoreError, toError, unwrap } from './errors.js'
import { native } from './native.js'
import { callback, eventName, FROM_ENVIRONMENT, optionsObject, string } from './validate.js'

/** Options of {@link RedisLimits}. */
export interface RedisLimitsOptions {
  /**
   * `redis://user:password@host:6379/0`, `rediss://…` with TLS, or `unix:///run/redis/redis.sock`. It has to lead to the
   * primary.
   */
  url: string
  /** Certificates to trust beside the default ones, as the clients' `ca`, where `url` asks for TLS. Default: no others. */
  ca?: CertificateAuthorities | undefined
}

/** The events of {@link RedisLimits}. */
export interface RedisLimitsEvents {
  /**
   * Redis cannot be reached. Each process now keeps to its part of the limits: they are divided by the number of
   * processes last seen, `members`.
   */
  degraded: [{ members: number; error: StoreError }]
  /** Redis can be reached again, and the limits are shared. */
  restored: []
}

const EVENTS = ['degraded', 'restored'] as const satisfies readonly (keyof RedisLimitsEvents)[]

const handles = new WeakMap<object, NativeRedisLimits>()

/**
 * Rate limits in Redis or Valkey, shared by all processes and machines that use the same credentials: give it to their
 * clients as `limits: { shared }`. Credentials appear there as hashes alone. What a process holds that dies is free for
 * others after 10 seconds.
 */
export class RedisLimits {
  declare private readonly brand: 'RedisLimits'
  readonly #events = new EventEmitter<RedisLimitsEvents>()

  /**
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const shared = new RedisLimits({ url: 'rediss://redis.internal' })
   * const sr = new SmartRecruiters({ credential, limits: { shared } })
   */
  constructor(options: RedisLimitsOptions) {
    const known = optionsObject('RedisLimits', options, ['url', 'ca'])
    const events = this.#events
    const listen = ({ name, members, error }: NativeLimitsEvent) => {
      if (name === 'restored') events.emit('restored')
      else if (error !== undefined) events.emit('degraded', { members, error: toError(error) as StoreError })
    }
    const url = string('url', known.url, FROM_ENVIRONMENT)
    handles.set(this, unwrap(native.redisLimits(url, listen, networkVariables(), certificateAuthorities(known.ca))))
  }

  /** Calls `listener` at each event of this name. What it throws is an uncaught exception. */
  on<Name extends keyof RedisLimitsEvents>(name: Name, listener: (...event: RedisLimitsEvents[Name]) => void): this {
    this.#events.on(eventName(name, EVENTS), callback(listener) as never)
    return this
  }

  /** Calls `listener` no more. */
  off<Name extends keyof RedisLimitsEvents>(name: Name, listener: (...event: RedisLimitsEvents[Name]) => void): this {
    this.#events.off(eventName(name, EVENTS), callback(listener) as never)
    return this
  }
}

/** The native half of shared limits that the caller gave, or nothing. */
export function sharedLimits(field: string, value: unknown): NativeRedisLimits | undefined {
  if (value === undefined) return undefined
  const handle = typeof value === 'object' && value !== null ? handles.get(value) : undefined
  if (handle === undefined) throw configurationError(field, 'must be a RedisLimits')
  return handle
}
