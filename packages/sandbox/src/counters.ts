import { fingerprint } from './exchange-log.js'
import { SlidingLog } from './sliding-log.js'

const WINDOW_MS = 1000
const GRANTS = ['client_credentials', 'authorization_code', 'refresh_token'] as const

/** The token exchanges of one grant type. */
export interface ExchangeCount {
  /** The number of forms that reached the token endpoint. */
  attempts: number
  /** The number of answers with a token, whether they were sent or dropped by a fault. */
  successes: number
}

/** A snapshot of the sandbox's counters. It contains no secrets: credentials appear under their labels. */
export interface Counters {
  /** The number of requests by endpoint, such as `GET /jobs/{id}`. */
  requests: Record<string, number>
  /** The number of answers by status. */
  statuses: Record<string, number>
  /** The number of answers by endpoint and status. */
  statusesByEndpoint: Record<string, Record<string, number>>
  /** The number of requests whose connection closed before an answer was sent. */
  unanswered: number
  /** The number of answers with status 401. */
  unauthorized: number
  /** The number of answers with status 429. */
  tooManyRequests: number
  /** The token exchanges by grant type. Unknown grant types are counted as `other`. */
  exchanges: Record<(typeof GRANTS)[number] | 'other', ExchangeCount>
  /** How often each refresh token was presented, by the first 16 hex digits of its SHA-256. */
  refreshTokens: Record<string, number>
  /** The number of tokens issued, including those in answers that a fault dropped. */
  tokensIssued: { access: number; refresh: number; accessByCredential: Record<string, number> }
  /** The number of requests in flight: now, at most so far, and at most so far by credential. */
  concurrency: { current: number; peak: number; peakByCredential: Record<string, number> }
  /** The maximum number of requests that arrived within any second, by credential and endpoint. */
  peakPerSecond: Record<string, Record<string, number>>
  /** The time from the first request to the last, in milliseconds, by credential and endpoint. */
  span: Record<string, Record<string, number>>
  /** The number of TCP connections to the API: opened so far, open now, and open at most so far. */
  connections: { opened: number; open: number; peak: number }
  /** The requests to the storage origin, and how many of them carried each credential header. */
  foreign: { requests: number; credentialHeaders: { authorization: number; 'x-smarttoken': number; cookie: number } }
  /** The finished uploads: the number of files, and their bytes. */
  uploads: { files: number; bytes: number }
  /** The number of faults that were applied, by kind. */
  faults: Record<string, number>
}

/** Keeps the {@link Counters}. The gate reports the socket and request events of the server to it. */
export class CounterBook {
  #counts = empty()
  readonly #current = new Map<string, number>()
  readonly #arrivals = new Map<string, SlidingLog>()
  readonly #first = new Map<string, number>()

  snapshot(): Counters {
    return structuredClone(this.#counts)
  }

  /** Resets all counters, except for the requests and connections that are open now. */
  reset(): void {
    const { concurrency, connections } = this.#counts
    this.#counts = empty()
    this.#counts.concurrency.current = concurrency.current
    this.#counts.concurrency.peak = concurrency.current
    this.#counts.connections = { opened: 0, open: connections.open, peak: connections.open }
    this.#arrivals.clear()
    this.#first.clear()
  }

  connected(): void {
    const { connections } = this.#counts
    connections.opened += 1
    connections.open += 1
    connections.peak = Math.max(connections.peak, connections.open)
  }

  disconnected(): void {
    this.#counts.connections.open -= 1
  }

  /** Counts a request. `credential` is undefined if it was not recognised. */
  arrived(endpoint: string, credential: string | undefined, at: number): void {
    const { requests, concurrency, peakPerSecond, span } = this.#counts
    increase(requests, endpoint)
    concurrency.current += 1
    concurrency.peak = Math.max(concurrency.peak, concurrency.current)
    if (credential === undefined) return

    const current = (this.#current.get(credential) ?? 0) + 1
    this.#current.set(credential, current)
    raise(concurrency.peakByCredential, credential, current)

    const key = `${credential} ${endpoint}`
    const log = this.#arrivals.get(key) ?? new SlidingLog()
    this.#arrivals.set(key, log)
    log.add(at)
    peakPerSecond[credential] ??= {}
    raise(peakPerSecond[credential], endpoint, log.since(at, WINDOW_MS))
    const first = this.#first.get(key) ?? at
    this.#first.set(key, first)
    span[credential] ??= {}
    span[credential][endpoint] = at - first
  }

  left(credential: string | undefined): void {
    this.#counts.concurrency.current -= 1
    if (credential !== undefined) this.#current.set(credential, (this.#current.get(credential) ?? 0) - 1)
  }

  /** Counts an answer. `status` is undefined if the connection closed without an answer. */
  answered(endpoint: string, status: number | undefined): void {
    if (status === undefined) {
      this.#counts.unanswered += 1
      return
    }
    increase(this.#counts.statuses, String(status))
    this.#counts.statusesByEndpoint[endpoint] ??= {}
    increase(this.#counts.statusesByEndpoint[endpoint], String(status))
    if (status === 401) this.#counts.unauthorized += 1
    if (status === 429) this.#counts.tooManyRequests += 1
  }

  exchangeAttempted(form: URLSearchParams): void {
    this.#exchange(form.get('grant_type')).attempts += 1
    const presented = form.get('refresh_token')
    if (presented !== null) increase(this.#counts.refreshTokens, fingerprint(presented))
  }

  exchangeSucceeded(grantType: string, credential: string, withRefreshToken: boolean): void {
    const { tokensIssued } = this.#counts
    this.#exchange(grantType).successes += 1
    tokensIssued.access += 1
    increase(tokensIssued.accessByCredential, credential)
    if (withRefreshToken) tokensIssued.refresh += 1
  }

  storageRequested(headers: Record<string, unknown>): void {
    const { foreign } = this.#counts
    foreign.requests += 1
    for (const name of ['authorization', 'x-smarttoken', 'cookie'] as const) {
      if (headers[name] !== undefined) foreign.credentialHeaders[name] += 1
    }
  }

  uploaded(bytes: number): void {
    this.#counts.uploads.files += 1
    this.#counts.uploads.bytes += bytes
  }

  faulted(kind: string): void {
    increase(this.#counts.faults, kind)
  }

  #exchange(grantType: string | null): ExchangeCount {
    const known = GRANTS.find(name => name === grantType)
    return this.#counts.exchanges[known ?? 'other']
  }
}

function empty(): Counters {
  const none = (): ExchangeCount => ({ attempts: 0, successes: 0 })
  return {
    requests: {},
    statuses: {},
    statusesByEndpoint: {},
    unanswered: 0,
    unauthorized: 0,
    tooManyRequests: 0,
    exchanges: { client_credentials: none(), authorization_code: none(), refresh_token: none(), other: none() },
    refreshTokens: {},
    tokensIssued: { access: 0, refresh: 0, accessByCredential: {} },
    concurrency: { current: 0, peak: 0, peakByCredential: {} },
    peakPerSecond: {},
    span: {},
    connections: { opened: 0, open: 0, peak: 0 },
    foreign: { requests: 0, credentialHeaders: { authorization: 0, 'x-smarttoken': 0, cookie: 0 } },
    uploads: { files: 0, bytes: 0 },
    faults: {},
  }
}

function increase(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function raise(peaks: Record<string, number>, key: string, value: number): void {
  peaks[key] = Math.max(peaks[key] ?? 0, value)
}
