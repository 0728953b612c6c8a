/**
 * A server on the loopback interface that hands what a client sends to a `fetch`. The core opens its own connections,
 * which no patch of `fetch` or `node:http` sees; behind a bridge the mocks that people know see every request.
 */

import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'

/** Options of {@link startBridge}. */
export interface BridgeOptions {
  /** Gets every request. Default: the `globalThis.fetch` of that moment, so that a mock may replace it later. */
  fetch?: BridgeFetch | undefined
  /** The environment whose host the requests name. Default: `production`. */
  environment?: 'production' | 'sandbox' | undefined
  /**
   * Called when `fetch` rejects or its answer breaks off, which the client sees as a connection that is closed.
   * Default: a warning of the process (code `SMARTRECRUITERS_BRIDGE`) that names the request and the error.
   */
  onError?: ((failure: BridgeFailure) => void) | undefined
}

/** A `fetch`: the platform's, that of a library, or a function of yours that returns a `Response`. */
export type BridgeFetch = (url: string, init: BridgeRequest) => Promise<BridgeResponse>

/** The second argument of `fetch`. */
export interface BridgeRequest {
  method: string
  /** As the client sent them, without those of the connection, `host` and `content-length`. */
  headers: [name: string, value: string][]
  /**
   * Text, such as JSON or a form, is a string and other bytes are a `Uint8Array`, up to 1 MiB; what is longer, or of
   * unknown length, is a stream. `null` if the client sent no body.
   */
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null
  duplex: 'half'
  redirect: 'manual'
  /** Aborted when the client is gone. */
  signal: AbortSignal
}

/** What the bridge reads of a `Response`. */
export interface BridgeResponse {
  readonly status: number
  readonly headers: Iterable<readonly [name: string, value: string]>
  /** A `ReadableStream` of bytes. */
  readonly body: object | null
}

/** A request that got no whole answer. */
export interface BridgeFailure {
  method: string
  url: string
  error: unknown
}

/** A running bridge. */
export interface Bridge extends AsyncDisposable {
  /** The `baseUrl` for clients and apps. */
  readonly baseUrl: string
  /** Stops listening, ends every connection, and aborts the requests that `fetch` still works on. */
  close(): Promise<void>
}

const ORIGINS = { production: 'https://api.smartrecruiters.com', sandbox: 'https://api.sandbox.smartrecruiters.com' }
const OPTIONS = ['fetch', 'environment', 'onError']

/** Bodies up to so many bytes are handed over whole: mocks compare them, and cannot compare a stream. */
const WHOLE_BODY = 1024 * 1024
const TEXT = /^(text\/|application\/([^;]+\+)?json\b|application\/x-www-form-urlencoded\b)/i

/** Headers of one connection, which no server passes on (RFC 9110, section 7.6.1). */
const CONNECTION = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
/** Credentials of fewer characters are not redacted: they are made up, and may be a part of any word. */
const SHORTEST_SECRET = 8
/** Headers that `fetch` makes itself. */
const FOR_FETCH = ['host', 'content-length', 'expect']

/**
 * Starts a bridge on a free port of the loopback interface. A client whose `baseUrl` is the bridge's sends there, token
 * exchanges included; the `fetch` sees the vendor's URLs, and its answers go back as they come. The bridge keeps no
 * process alive while it has no request.
 *
 * @throws {ConfigurationError} (rejects) if an option is wrong.
 * @example
 * ```ts
 * await using bridge = await startBridge()
 * const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: bridge.baseUrl })
 * ```
 */
export async function startBridge(options: BridgeOptions = {}): Promise<Bridge> {
  check(options)
  const { environment = 'production', fetch = (url, init) => globalThis.fetch(url, init), onError } = options
  const vendor = ORIGINS[environment]
  // Where answers redirect to, by number. What is not the vendor's API is at another origin here too, so that the
  // client keeps its credential from it; and only what an answer named is fetched, whatever a process asks for.
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
      const answer = await fetch(url, {
        method,
        headers: forwarded(request.rawHeaders),
        body,
        duplex: 'half',
        redirect: 'manual',
        signal: gone.signal,
      })
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
    // The body of a `Response` is what its coding held.
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

  /** Where the target of a redirect is for the client. */
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

function check(options: BridgeOptions): void {
  // Of the main entry, so that its class is the one that users know; and only here, since the rest needs no addon.
  const { ConfigurationError } = require('./index.js') as typeof import('./index.js')
  const wrong = (field: string, problem: string) =>
    new ConfigurationError({ code: 'CONFIGURATION', message: `${field}: ${problem}`, causes: [], field })
  if (typeof options !== 'object' || options === null) throw wrong('startBridge', 'its options must be an object')
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name))
      throw wrong(name, `is not an option of startBridge; its options are ${OPTIONS.join(', ')}`)
  }
  const { fetch, environment, onError } = options
  for (const [name, value] of Object.entries({ fetch, onError })) {
    if (value !== undefined && typeof value !== 'function') throw wrong(name, 'must be a function')
  }
  if (environment !== undefined && !Object.hasOwn(ORIGINS, environment)) {
    throw wrong('environment', "must be 'production' or 'sandbox'")
  }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>

async function listen(listener: Listener): Promise<Server> {
  const server = createServer((request, response) => void listener(request, response))
  // An idle connection outlives every pause between two tests: one that ends meanwhile can fail a request.
  server.keepAliveTimeout = 0
  server.on('connection', socket => socket.unref())
  server.listen(0, '127.0.0.1').unref()
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

/** Pairs of a message's headers, without those that are not for the next server. */
function forwarded(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index < raw.length; index += 2) pairs.push([raw[index] as string, raw[index + 1] as string])
  return pairs.filter(([name]) => ![...CONNECTION, ...FOR_FETCH].includes(name.toLowerCase()))
}

async function bodyOf(request: IncomingMessage): Promise<BridgeRequest['body']> {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': type = '' } = request.headers
  if (coding === undefined && (length === undefined || length === '0')) return null
  if (length === undefined || Number(length) > WHOLE_BODY) {
    return Readable.toWeb(request) as ReadableStream<Uint8Array<ArrayBuffer>>
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const bytes = new Uint8Array(Buffer.concat(chunks))
  return TEXT.test(type) && isUtf8(bytes) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : bytes
}

/** Hands the body on as it comes. */
async function writeBody(answer: BridgeResponse, response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (answer.body === null) {
    response.end()
    return
  }
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  gone.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true })
  response.flushHeaders()
  for (;;) {
    const { done, value } = await reader.read()
    gone.throwIfAborted()
    if (done) break
    if (!response.write(value)) await once(response, 'drain', { signal: gone })
  }
  response.end()
}

/** Names the request and the error, without what tests may have borrowed from the real world: queries and secrets. */
function warn({ method, url, error }: BridgeFailure, secrets: readonly string[]): void {
  const reasons: string[] = []
  let cause = error
  do {
    // The errors of mocks can go on for pages.
    reasons.push(String(cause).split('\n', 1)[0] as string)
    cause = Object(cause).cause
  } while (typeof Object(cause).message === 'string' && reasons.length < 5)
  const reason = secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), reasons.join(': '))
  const [address] = url.split('?', 1)
  const message = `The bridge closed a connection, since fetch failed for ${method} ${address}: ${reason}`
  process.emitWarning(message, { code: 'SMARTRECRUITERS_BRIDGE' })
}

/** What a mock may quote of a request and must not be shown. */
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
