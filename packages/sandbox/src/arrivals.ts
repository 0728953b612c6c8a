import type { IncomingMessage } from 'node:http'
import type { BodyCopy } from './body-copy.js'

/** How many requests are remembered. */
const REMEMBERED = 1000

/** A request at the moment it arrived. */
export interface ArrivedRequest {
  /** The `X-Request-Id` its answer will carry. */
  readonly id: string
  /** `api`, or `foreign` for the storage origin. */
  readonly origin: 'api' | 'foreign'
  readonly method: string
  readonly path: string
  /** The query as sent, without `?`. */
  readonly query: string
  /** As `GET /jobs/{id}`. */
  readonly endpoint: string
  /** Label of the credential, if it was recognised. */
  readonly credential: string | undefined
  /** Header names in lower case; credentials are reduced to their kind, as `Bearer <redacted>`. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * The body, once all of it has come; empty if there is none. Of bodies over 64 KiB nothing is kept. Rejects for those,
   * and if the body did not come whole.
   */
  bytes(): Promise<Buffer>
  /** The body as text. */
  text(): Promise<string>
  /** The body as JSON. Rejects if it is not JSON. */
  json(): Promise<unknown>
}

/** What is known of a request when it arrives. */
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

/** Those who wait for a request to arrive, and the latest that did. */
export class Arrivals {
  #watchers: Watcher[] = []
  #remembered: Arrival[] = []

  next(matches: (request: ArrivedRequest) => boolean = () => true): Promise<ArrivedRequest> {
    const arrival = new Promise<ArrivedRequest>((resolve, reject) => {
      this.#watchers.push({ matches, resolve, reject })
    })
    // A test that ends without awaiting it is no unhandled rejection.
    arrival.catch(() => {})
    return arrival
  }

  /** The latest requests, in the order of their arrival. */
  list(): ArrivedRequest[] {
    return this.#remembered.map(shown)
  }

  /** Forgets what has arrived. */
  clear(): void {
    this.#remembered = []
  }

  announce(arrival: Arrival): void {
    this.#remembered.push(arrival)
    if (this.#remembered.length > REMEMBERED) this.#remembered.shift()
    // Nothing is put together for nobody.
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

/** Header values as text, with credentials reduced to their kind. */
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
