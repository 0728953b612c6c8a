import { sameEndpoint } from './endpoints.js'
import type { ResolvedOptions } from './options.js'

const PER_SECOND = 10
const CONCURRENT = 8
const WINDOW_MS = 1000

/** The vendor's exceptions to ten requests a second. */
const RATE_EXCEPTIONS: readonly [endpoint: string, perSecond: number][] = [
  ['POST /jobs/{id}/publication', 2],
  ['DELETE /jobs/{id}/publication', 2],
  ['GET /offers/{id}/documents/{id}', 2],
]

/** The vendor's exceptions to eight requests at once. */
const CONCURRENCY_EXCEPTIONS: readonly [endpoint: string, concurrent: number][] = [['GET /candidates', 1]]

/** What the limiter decided about one request. */
export interface Admission {
  readonly admitted: boolean
  readonly headers: Record<string, string>
  /** Gives the concurrency slot back. To be called exactly once, and only if admitted. */
  release(): void
}

/**
 * The rate of each credential and endpoint, and the concurrency of each credential. A refused request takes neither a
 * place in the window nor a slot.
 */
export class Limiter {
  readonly #options: Pick<ResolvedOptions, 'window' | 'concurrencyScope'>
  readonly #admitted = new Map<string, number[]>()
  readonly #active = new Map<string, number>()

  constructor(options: Pick<ResolvedOptions, 'window' | 'concurrencyScope'>) {
    this.#options = options
  }

  /** `at` is the instant of arrival, in milliseconds. */
  admit(credential: string, endpoint: string, at: number): Admission {
    const key = `${credential} ${endpoint}`
    const rate = exception(RATE_EXCEPTIONS, endpoint) ?? PER_SECOND
    const log = this.#current(key, at)

    const own = exception(CONCURRENCY_EXCEPTIONS, endpoint)
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

/** The four headers of an answer for which no credential could be made out: nothing is used up. */
export function untouchedLimitHeaders(endpoint: string): Record<string, string> {
  const rate = String(exception(RATE_EXCEPTIONS, endpoint) ?? PER_SECOND)
  const concurrent = String(exception(CONCURRENCY_EXCEPTIONS, endpoint) ?? CONCURRENT)
  return {
    'x-ratelimit-limit': rate,
    'x-ratelimit-remaining': rate,
    'x-ratelimit-concurrent-limit': concurrent,
    'x-ratelimit-concurrent-remaining': concurrent,
  }
}

function exception(table: readonly [string, number][], endpoint: string): number | undefined {
  return table.find(([label]) => sameEndpoint(label, endpoint))?.[1]
}
