import { type Limit, operations } from './api/operation.js'
import { sameEndpoint } from './endpoints.js'
import type { ResolvedOptions } from './options.js'

const PER_SECOND = 10
const CONCURRENT = 8
const WINDOW_MS = 1000

/** The operations with limits of their own. */
const EXCEPTIONS = operations().flatMap(([name, { limit }]) => (limit ? [{ name, limit }] : []))

/** The decision of the limiter about one request. */
export interface Admission {
  readonly admitted: boolean
  readonly headers: Record<string, string>
  /** Ends the request for the concurrency limit. Must be called exactly once, and only if the request was admitted. */
  release(): void
}

/**
 * Limits the rate of each credential and endpoint, and the concurrency of each credential. A refused request counts
 * towards neither limit.
 */
export class Limiter {
  readonly #options: Pick<ResolvedOptions, 'window' | 'concurrencyScope'>
  readonly #admitted = new Map<string, number[]>()
  readonly #active = new Map<string, number>()

  constructor(options: Pick<ResolvedOptions, 'window' | 'concurrencyScope'>) {
    this.#options = options
  }

  /** Admits or refuses a request. `at` is the time of its arrival, in milliseconds. */
  admit(credential: string, endpoint: string, at: number): Admission {
    const key = `${credential} ${endpoint}`
    const { perSecond: rate = PER_SECOND, concurrent: own } = limitOf(endpoint)
    const log = this.#current(key, at)

    const scope = this.#options.concurrencyScope === 'endpoint' ? key : credential
    const slots = [{ key: scope, limit: CONCURRENT }]
    if (own !== undefined) slots.push({ key: `${key} (own)`, limit: own })

    const free = () => Math.min(...slots.map(slot => slot.limit - (this.#active.get(slot.key) ?? 0)))
    const admitted = log.length < rate && free() > 0
    if (admitted) {
      log.push(at)
      for (const slot of slots) this.#move(slot.key, 1)
    }
    return {
      admitted,
      headers: {
        'x-ratelimit-limit': String(rate),
        'x-ratelimit-remaining': String(rate - log.length),
        'x-ratelimit-concurrent-limit': String(own ?? CONCURRENT),
        'x-ratelimit-concurrent-remaining': String(free()),
      },
      release: () => {
        for (const slot of slots) this.#move(slot.key, -1)
      },
    }
  }

  #current(key: string, at: number): number[] {
    const start = this.#options.window === 'fixed' ? Math.floor(at / WINDOW_MS) * WINDOW_MS : at - WINDOW_MS
    const inside = (instant: number) => (this.#options.window === 'fixed' ? instant >= start : instant > start)
    const log = (this.#admitted.get(key) ?? []).filter(inside)
    this.#admitted.set(key, log)
    return log
  }

  #move(key: string, by: number): void {
    this.#active.set(key, (this.#active.get(key) ?? 0) + by)
  }
}

/** Returns the four headers of an answer to a request without a valid credential: nothing of the limits is in use. */
export function untouchedLimitHeaders(endpoint: string): Record<string, string> {
  const limit = limitOf(endpoint)
  const rate = String(limit.perSecond ?? PER_SECOND)
  const concurrent = String(limit.concurrent ?? CONCURRENT)
  return {
    'x-ratelimit-limit': rate,
    'x-ratelimit-remaining': rate,
    'x-ratelimit-concurrent-limit': concurrent,
    'x-ratelimit-concurrent-remaining': concurrent,
  }
}

function limitOf(endpoint: string): Limit {
  return EXCEPTIONS.find(({ name }) => sameEndpoint(name, endpoint))?.limit ?? {}
}
