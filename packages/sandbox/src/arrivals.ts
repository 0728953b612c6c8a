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
}

interface Watcher {
  matches: (request: ArrivedRequest) => boolean
  resolve: (request: ArrivedRequest) => void
  reject: (error: Error) => void
}

/** Those who wait for a request to arrive. */
export class Arrivals {
  #watchers: Watcher[] = []

  next(matches: (request: ArrivedRequest) => boolean = () => true): Promise<ArrivedRequest> {
    const arrival = new Promise<ArrivedRequest>((resolve, reject) => {
      this.#watchers.push({ matches, resolve, reject })
    })
    // A test that ends without awaiting it is no unhandled rejection.
    arrival.catch(() => {})
    return arrival
  }

  /** Answers whether anybody listens, so that nothing is put together for nobody. */
  get awaited(): boolean {
    return this.#watchers.length > 0
  }

  announce(request: ArrivedRequest): void {
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
