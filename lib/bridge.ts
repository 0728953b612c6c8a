/**
 * A server on the loopback interface that passes the requests of a client to a `fetch`. The core opens its own
 * connections, which mocks of `fetch` and `node:http` cannot intercept; through a bridge they see every request.
 */

import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { Bytes } from '../index.js'
import { bare, members } from './members.js'

/** Options of {@link startBridge}. */
export interface BridgeOptions {
  /**
   * The `fetch` that answers every request. Default: `globalThis.fetch`, looked up for each request, so that a mock may
   * replace it later.
   */
  fetch?: BridgeFetch | undefined
  /** The environment whose host is in the URLs that `fetch` sees. Default: `production`. */
  environment?: 'production' | 'sandbox' | undefined
  /**
   * Called when `fetch` rejects or its answer breaks off. The client sees a closed connection. Default: a process
   * warning with code `SMARTRECRUITERS_BRIDGE` that names the request and the error.
   */
  onError?: ((failure: BridgeFailure) => void) | undefined
}

/** A `fetch` function: the platform's, a library's, or your own that returns a `Response`. */
export type BridgeFetch = (url: string, init: BridgeRequest) => Promise<BridgeResponse>

/** The second argument with which the bridge calls `fetch`. */
export interface BridgeRequest {
  /** The HTTP method in upper case. */
  method: string
  /** The headers that the client sent, without `host`, `content-length` and the headers of the connection. */
  headers: [name: string, value: string][]
  /**
   * The body: a string for text such as JSON or a form, and a `Uint8Array` for other content, both up to 1 MiB. A body
   * that is longer, or whose length is unknown, is a stream. `null` if the client sent no body.
   */
  body: string | Bytes | ReadableStream<Bytes> | null
  /** Always `half`, which `fetch` requires for a body that is a stream. */
  duplex: 'half'
  /** Always `manual`: the client follows redirects itself. */
  redirect: 'manual'
  /** Aborted when the client closes the connection. */
  signal: AbortSignal
}

/** The part of a `Response` that the bridge reads. */
export interface BridgeResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, such as a `Headers` object. */
  readonly headers: Iterable<readonly [name: string, value: string]>
  /** A `ReadableStream` of bytes, or `null`. */
  readonly body: object | null
}

/** A request for which `fetch` gave no complete answer. */
export interface BridgeFailure {
  /** The HTTP method in upper case. */
  method: string
  /** The URL with which `fetch` was called. */
  url: string
  /** What `fetch` rejected with, or the error of its body. */
  error: unknown
}

/** A running bridge, made by {@link startBridge}. */
export interface Bridge extends AsyncDisposable {
  /** The URL to give to clients and apps as `baseUrl`. */
  readonly baseUrl: string
  /** Stops listening, closes every connection, and aborts the requests that `fetch` is still working on. */
  close(): Promise<void>
}

const ORIGINS = { production: 'https://api.smartrecruiters.com', sandbox: 'https://api.sandbox.smartrecruiters.com' }
const OPTIONS = ['fetch', 'environment', 'onError'] as const

/** The maximum length of a body that is passed on as a whole, in bytes: mocks compare bodies, but not streams. */
const WHOLE_BODY = 1024 * 1024
const TEXT = /^(text\/|application\/([^;]+\+)?json\b|application\/x-www-form-urlencoded\b)/i

/** Headers of a connection, which must not be forwarded (RFC 9110 section 7.6.1). */
const CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
/**
 * The minimum length of a credential to be redacted: shorter ones are invented for tests, and may occur in any word.
 */
const SHORTEST_SECRET = 8
/** Headers that `fetch` makes itself. */
const FOR_FETCH = ['host', 'content-length', 'expect']

/**
 * Starts a bridge on a free port of the loopback interface. A client whose `baseUrl` is the bridge's sends all requests
 * there, token exchanges included. `fetch` is called with the URLs of SmartRecruiters, and its answers are streamed
 * back. The bridge does not keep the process alive while it has no request.
 *
 * @throws {ConfigurationError} if an option is unknown or malformed.
 * @example
 * ```ts
 * await using bridge = await startBridge()
 * const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: bridge.baseUrl })
 * ```
 */
export async function startBridge(options: BridgeOptions = {}): Promise<Bridge> {
  const { environment = 'production', fetch = (url, init) => globalThis.fetch(url, init), onError } = checked(options)
  const vendor = ORIGINS[environment]
  // The targets of redirects, by their index in the path. A target outside the vendor's API has another origin here
  // too, so that the client does not send its credential there. Only targets that an answer has named can be fetched.
  const redirects: string[] = []
  const api = await listen((request, response) => relay(request, response, vendor + request.url))
  const elsewhere = await listen(async (request, response) => {
    const url = redirects.find((_, index) => request.url === `/${index}`)
    if (url === undefined) response.writeHead(404).end()
    else await relay(request, response, url)
  })

  async function relay(request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
    const { method = 'GET' } = request
    const gone = new AbortController()
    request.socket.ref()
    response.once('close', () => {
      request.socket.unref()
      if (!response.writableFinished) gone.abort()
    })
    let body: BridgeRequest['body'] = null
    try {
      body = await bodyOf(request)
      const answer = await fetch(
        url,
        bare<BridgeRequest>({
          method,
          headers: forwarded(request.rawHeaders),
          body,
          duplex: 'half',
          redirect: 'manual',
          signal: gone.signal,
        }),
      )
      writeHead(answer, response, url)
      await writeBody(answer, response, gone.signal)
    } catch (error) {
      const left = gone.signal.aborted || (request.destroyed && !request.complete)
      response.destroy()
      if (left) return
      if (onError) onError({ method, url, error })
      else warn({ method, url, error }, secretsOf(request, body))
    }
  }

  function writeHead(answer: BridgeResponse, response: ServerResponse, url: string): void {
    const headers = [...answer.headers]
    // The body of a `Response` is decoded already.
    const decoded = headers.some(([name]) => name.toLowerCase() === 'content-encoding')
    const dropped = [...CONNECTION, ...(decoded ? ['content-encoding', 'content-length'] : [])]
    for (const [name, value] of headers) {
      const key = name.toLowerCase()
      if (dropped.includes(key)) continue
      if (key === 'location') response.appendHeader(name, here(value, url))
      else if (key === 'link') response.appendHeader(name, value.replaceAll(`<${vendor}/`, `<${originOf(api)}/`))
      else response.appendHeader(name, value)
    }
    response.writeHead(answer.status)
  }

  /** Translates the target of a redirect into a URL of the bridge. */
  function here(location: string, url: string): string {
    if (!URL.canParse(location, url)) return location
    const target = new URL(location, url)
    if (target.origin === vendor) return originOf(api) + target.pathname + target.search
    return `${originOf(elsewhere)}/${redirects.push(target.href) - 1}`
  }

  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= Promise.all([api, elsewhere].map(end)).then(() => {})
    return closed
  }
  return { baseUrl: originOf(api), close, [Symbol.asyncDispose]: close }
}

function checked(options: BridgeOptions): BridgeOptions {
  // From the main entry, so that users see its class. Required only here, because nothing else needs the addon.
  const { ConfigurationError } = require('./index.js') as typeof import('./index.js')
  const wrong = (field: string, problem: string) =>
    new ConfigurationError({ code: 'CONFIGURATION', message: `${field}: ${problem}`, causes: [], field })
  if (typeof options !== 'object' || options === null) throw wrong('startBridge', 'must be an object of options')
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name as (typeof OPTIONS)[number]))
      throw wrong(name, `is not an option of startBridge; its options are ${OPTIONS.join(', ')}`)
  }
  const known = members(options, OPTIONS) as BridgeOptions
  const { fetch, environment, onError } = known
  for (const [name, value] of Object.entries({ fetch, onError })) {
    if (value !== undefined && typeof value !== 'function') throw wrong(name, 'must be a function')
  }
  if (environment !== undefined && !Object.hasOwn(ORIGINS, environment)) {
    throw wrong('environment', "must be 'production' or 'sandbox'")
  }
  return known
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>

async function listen(listener: Listener): Promise<Server> {
  const server = createServer((request, response) => void listener(request, response))
  // Idle connections stay open during any pause between two tests: closing one could fail a request.
  server.keepAliveTimeout = 0
  server.on('connection', socket => socket.unref())
  server.listen(bare({ port: 0, host: '127.0.0.1' })).unref()
  await once(server, 'listening')
  return server
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function end(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

/** The headers of a message as pairs, without those that must not be forwarded. */
function forwarded(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index < raw.length; index += 2) pairs.push([raw[index] as string, raw[index + 1] as string])
  return pairs.filter(([name]) => ![...CONNECTION, ...FOR_FETCH].includes(name.toLowerCase()))
}

async function bodyOf(request: IncomingMessage): Promise<BridgeRequest['body']> {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': type = '' } = request.headers
  if (coding === undefined && (length === undefined || length === '0')) return null
  if (length === undefined || Number(length) > WHOLE_BODY) {
    return Readable.toWeb(request) as ReadableStream<Bytes>
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const bytes = new Uint8Array(Buffer.concat(chunks))
  return TEXT.test(type) && isUtf8(bytes) ? new TextDecoder('utf-8', bare({ ignoreBOM: true })).decode(bytes) : bytes
}

/** Streams the body of an answer to the client. */
async function writeBody(answer: BridgeResponse, response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (answer.body === null) {
    response.end()
    return
  }
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  gone.addEventListener('abort', () => void reader.cancel().catch(() => {}), bare({ once: true }))
  // Not `flushHeaders()`, which writes the headers as UTF-8: they are bytes.
  response.write('', 'latin1')
  for (;;) {
    const { done, value } = await reader.read()
    gone.throwIfAborted()
    if (done) break
    if (!response.write(value)) await once(response, 'drain', bare({ signal: gone }))
  }
  response.end()
}

/** Warns of a failed request, without its query and secrets: tests may contain real ones. */
function warn({ method, url, error }: BridgeFailure, secrets: readonly string[]): void {
  const reasons: string[] = []
  let cause = error
  do {
    // The errors of mocks can be pages long.
    reasons.push(String(cause).split('\n', 1)[0] as string)
    cause = Object(cause).cause
  } while (typeof Object(cause).message === 'string' && reasons.length < 5)
  const reason = secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), reasons.join(': '))
  const [address] = url.split('?', 1)
  const message = `The bridge closed a connection because fetch failed for ${method} ${address}: ${reason}`
  process.emitWarning(message, 'Warning', 'SMARTRECRUITERS_BRIDGE')
}

/** The secrets of a request, which the error of a mock may quote. */
function secretsOf({ headers }: IncomingMessage, body: BridgeRequest['body']): string[] {
  const form = new URLSearchParams(typeof body === 'string' ? body : '')
  const fields = ['client_secret', 'refresh_token', 'code', 'code_verifier'].map(name => form.get(name))
  const token = headers.authorization?.split(' ').at(-1)
  return [headers['x-smarttoken'], token, headers.cookie, ...fields]
    .flat()
    .filter(value => typeof value === 'string')
    .filter(value => value.length >= SHORTEST_SECRET)
    .flatMap(value => [value, encodeURIComponent(value)])
}
