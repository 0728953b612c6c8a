/** A request as undici publishes it, for instrumentation that knows nothing of this package. */

import { VERSION } from '../version.js'

const NAME = /^[!#$%&'*+.^_`|~\w-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** The `user-agent` of requests for which the caller set none: the core adds it. */
const USER_AGENT = `smartrecruiters/${VERSION}`
/** Headers that the core sets itself, and refuses from anyone else. */
const RESERVED = new Set([
  'authorization',
  'x-smarttoken',
  'proxy-authorization',
  'host',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'content-length',
])

/** What a request is made of. */
export interface RequestParts {
  method: string
  url: URL
  template: string
  /** The caller's headers, in which names and values alternate. They never hold the credential. */
  headers: readonly string[]
  contentLength: number | null
  contentType: string | null
}

/** The request of a call. All messages about the call have the same one. */
export class UndiciRequest {
  readonly origin: string
  readonly path: string
  readonly method: string
  /** Names and values alternate. What subscribers add or change is sent. */
  readonly headers: string[]
  readonly contentLength: number | null
  readonly contentType: string | null
  readonly idempotent: boolean
  readonly body = null
  readonly upgrade = null
  completed = false
  aborted = false
  /** The path template of the endpoint. It is not undici's, but a hook can make `url.template` of it. */
  readonly template: string
  readonly #own: ReadonlySet<string>

  constructor({ method, url, template, headers, contentLength, contentType }: RequestParts) {
    this.method = method
    this.origin = url.origin
    this.path = url.pathname + url.search
    this.template = template
    this.contentLength = contentLength
    this.contentType = contentType
    this.idempotent = method === 'GET' || method === 'HEAD'
    this.headers = [...headers]
    this.#own = new Set(headers.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase()))
    if (!this.#own.has('user-agent')) this.headers.push('user-agent', USER_AGENT)
  }

  /** Adds a header to the request that is about to be sent. */
  addHeader(name: string, value: string): this {
    if (!isValid(name, value)) throw new TypeError('a header that instrumentation adds is not valid')
    this.headers.push(name, value)
    return this
  }

  /** Returns the headers to send: the caller's, and those that subscribers have added. */
  sent(): string[] {
    // The caller's own are checked by the core, which names the one that is wrong.
    return this.#chosen((name, value) => this.#isOwn(name) || this.#isAdded(name, value))
  }

  /** Returns the headers that subscribers have added. */
  added(): string[] {
    return this.#chosen((name, value) => !this.#isOwn(name) && this.#isAdded(name, value))
  }

  #chosen(isChosen: (name: string, value: string) => boolean): string[] {
    return this.headers.flatMap((name, at) => {
      const value = this.headers[at + 1] as string
      return at % 2 === 0 && isChosen(name, value) ? [String(name), String(value)] : []
    })
  }

  #isOwn(name: string): boolean {
    return this.#own.has(String(name).toLowerCase())
  }

  /** Whether a header was added by a subscriber and may be sent. */
  #isAdded(name: string, value: string): boolean {
    if (!isValid(name, value)) return false
    const lower = name.toLowerCase()
    return !RESERVED.has(lower) && !(lower === 'user-agent' && value === USER_AGENT)
  }
}

function isValid(name: unknown, value: unknown): boolean {
  return typeof name === 'string' && NAME.test(name) && typeof value === 'string' && VALUE.test(value)
}
