import type { IncomingMessage } from 'node:http'
import type { BodyCopy } from './body-copy.js'

/** The number of requests that are remembered. */
const REMEMBERED = 1000

/** A request at the time of its arrival, as {@link Sandbox.requests} and {@link Sandbox.nextRequest} return it. */
export interface ArrivedRequest {
  /** The id of the request, which its answer has in the header `X-Request-Id`. */
  readonly id: string
  /** The server that received the request: `api`, or `foreign` for the storage origin. */
  readonly origin: 'api' | 'foreign'
  /** The HTTP method in upper case. */
  readonly method: string
  /** The path as sent, without the query. */
  readonly path: string
  /** The query as sent, without `?`. */
  readonly query: string
  /** The method and path template of the route, such as `GET /jobs/{id}`. */
  readonly endpoint: string
  /** The label of the credential; undefined if it was not recognised. */
  readonly credential: string | undefined
  /** The headers, with names in lower case. Credentials are redacted to their kind, such as `Bearer <redacted>`. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Resolves with the body when all of it has arrived; empty if there is none. Rejects if the body is longer than 64
   * KiB, or does not arrive completely.
   */
  bytes(): Promise<Buffer>
  /** Resolves with the body as text. Rejects as `bytes` does. */
  text(): Promise<string>
  /** Resolves with the body as parsed JSON. Rejects as `bytes` does, and if the body is not JSON. */
  json(): Promise<unknown>
}

/** What is known about a request when it arrives. */
export type ArrivalFacts = Omit<ArrivedRequest, 'headers' | 'bytes' | 'text' | 'json'>

interface Arrival {
  readonly facts: ArrivalFacts
  readonly headers: IncomingMessage['headers']
  readonly body: BodyCopy
}

interface Watcher {
  matches: (request: ArrivedRequest) => boolean
  resolve: (request: ArrivedRequest) => void
  reject: (error: Error) => void
}

/** The latest requests, and the callers that are waiting for the next one. */
export class Arrivals {
  #watchers: Watcher[] = []
  #remembered: Arrival[] = []

  next(matches: (request: ArrivedRequest) => boolean = () => true): Promise<ArrivedRequest> {
    const arrival = new Promise<ArrivedRequest>((resolve, reject) => {
      this.#watchers.push({ matches, resolve, reject })
    })
    // A test may end without awaiting the promise: that must not be an unhandled rejection.
    arrival.catch(() => {})
    return arrival
  }

  /** Lists the latest requests in the order of their arrival. */
  list(): ArrivedRequest[] {
    return this.#remembered.map(shown)
  }

  /** Forgets the requests that have arrived. */
  clear(): void {
    this.#remembered = []
  }

  announce(arrival: Arrival): void {
    this.#remembered.push(arrival)
    if (this.#remembered.length > REMEMBERED) this.#remembered.shift()
    // Without a watcher, the request need not be prepared.
    if (this.#watchers.length === 0) return
    const request = shown(arrival)
    this.#watchers = this.#watchers.filter(watcher => {
      if (!watcher.matches(request)) return true
      watcher.resolve(request)
      return false
    })
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.reject(new Error('the sandbox was closed'))
    this.#watchers = []
  }
}

function shown({ facts, headers, body }: Arrival): ArrivedRequest {
  return {
    ...facts,
    headers: redactedHeaders(headers),
    bytes: () => body.read(),
    text: async () => (await body.read()).toString('utf8'),
    json: async () => JSON.parse((await body.read()).toString('utf8')),
  }
}

/** Returns headers as text, with credentials redacted to their kind. */
export function redactedHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) shown[name] = redacted(name, [value].flat().join(', '))
  }
  return shown
}

function redacted(name: string, value: string): string {
  if (name === 'authorization' || name === 'proxy-authorization') return `${value.split(' ')[0]} <redacted>`
  if (name === 'x-smarttoken' || name === 'cookie') return '<redacted>'
  return value
}
