import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { applyFault } from './apply-fault.js'
import { type ArrivalFacts, Arrivals } from './arrivals.js'
import { BodyCopy } from './body-copy.js'
import { captureAnswer } from './captured-answer.js'
import type { CounterBook } from './counters.js'
import { type Endpoint, Endpoints } from './endpoints.js'
import { ExchangeLog } from './exchange-log.js'
import { FaultQueue } from './faults.js'
import { type Admission, type Limiter, untouchedLimitHeaders } from './limits.js'
import type { ResolvedOptions } from './options.js'
import type { Identity } from './state/identity.js'

const FORM_LIMIT = 1024 * 1024
const KEEP_ALIVE_MS = 72_000

/** What the gate has found out about a request before the routes see it. */
export interface RequestContext {
  readonly id: string
  readonly endpoint: Endpoint | undefined
  readonly identity: Identity
  readonly admission: Admission | undefined
  /** The body, for routes that are configured with `readBody`. */
  body?: Buffer
}

/** The maximum random delays of requests and answers, in milliseconds. */
type Latency = Pick<ResolvedOptions, 'latencyBefore' | 'latencyAfter'>

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Stands between the sockets and the routes. It counts a request, identifies its credential, checks the limits, and
 * applies faults, in this order. It works on the raw request, so that every request is counted, whatever happens to it
 * later. The control API bypasses it.
 */
export class Gate {
  readonly endpoints = new Endpoints()
  readonly faults = new FaultQueue(this.endpoints)
  readonly arrivals = new Arrivals()
  readonly exchanges = new ExchangeLog()
  readonly #counters: CounterBook
  readonly #limiter: Limiter | undefined
  readonly #latency: Latency
  readonly #identify: (headers: IncomingMessage['headers']) => Identity
  readonly #contexts = new WeakMap<IncomingMessage, RequestContext>()
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(
    counters: CounterBook,
    limiter: Limiter | undefined,
    latency: Latency,
    identify: (headers: IncomingMessage['headers']) => Identity,
  ) {
    this.#counters = counters
    this.#limiter = limiter
    this.#latency = latency
    this.#identify = identify
  }

  /** Makes the HTTP server of the API, with the gate before `routes`. */
  apiServer(routes: Listener): Server {
    const server = this.#server((request, response) => this.#travel(request, response, routes))
    server.on('connection', socket => {
      this.#counters.connected()
      socket.once('close', () => this.#counters.disconnected())
    })
    return server
  }

  /** Makes the HTTP server of the storage origin, which has no limits and its own counters. */
  storageServer(routes: Listener): Server {
    return this.#server((request, response) => {
      const body = new BodyCopy(request)
      this.#counters.storageRequested(request.headers)
      const [path, query] = splitTarget(request.url)
      const method = request.method ?? 'GET'
      const target = { method, path, query, endpoint: `${method} /files/{id}` }
      const facts: ArrivalFacts = { ...target, id: randomUUID(), origin: 'foreign', credential: undefined }
      this.arrivals.announce({ facts, headers: request.headers, body })
      this.#process(target, request, response, () => routes(request, response))
    })
  }

  /** Returns what is known about a request; undefined for the control API and the storage origin. */
  contextOf(request: IncomingMessage): RequestContext | undefined {
    return this.#contexts.get(request)
  }

  /** Closes every connection, and cancels every timer and every wait for a request. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.destroy()
    this.arrivals.close()
  }

  #server(listener: Listener): Server {
    const server = createServer(listener)
    // Tests upload slowly, and an idle connection must stay open during a pause between two tests.
    server.requestTimeout = 0
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    return server
  }

  /** Delays a request and its answer. Counters and limits see the request after its delay. */
  #travel(request: IncomingMessage, response: ServerResponse, routes: Listener): void {
    const [path] = splitTarget(request.url)
    if (path === '/_sandbox' || path.startsWith('/_sandbox/')) {
      routes(request, response)
      return
    }
    const body = new BodyCopy(request)
    const { latencyBefore, latencyAfter } = this.#latency
    if (latencyAfter > 0) {
      captureAnswer(response, body => this.#later(Math.random() * latencyAfter, () => response.end(body)))
    }
    const enter = () => this.#enter(request, response, routes, body)
    if (latencyBefore === 0) enter()
    else this.#later(Math.random() * latencyBefore, () => (response.destroyed ? undefined : enter()))
  }

  #enter(request: IncomingMessage, response: ServerResponse, routes: Listener, body: BodyCopy): void {
    const at = performance.now()
    const [path, query] = splitTarget(request.url)
    const method = request.method ?? 'GET'
    const found = this.endpoints.find(method, path)
    const endpoint = found?.label ?? `${method} (unmatched)`
    const identity: Identity = found?.access === 'public' ? { status: 'anonymous' } : this.#identify(request.headers)
    const credential = identity.status === 'known' ? identity.holder.label : undefined
    const id = randomUUID()

    response.setHeader('x-request-id', id)
    this.#counters.arrived(endpoint, credential, at)
    const admission = this.#admit(found, identity, response, at)
    this.#whenDone(response, () => {
      this.#counters.left(credential)
      this.#counters.answered(endpoint, response.headersSent ? response.statusCode : undefined)
      if (admission?.admitted) admission.release()
    })
    const context: RequestContext = { id, endpoint: found, identity, admission }
    this.#contexts.set(request, context)
    const facts: ArrivalFacts = { id, origin: 'api', method, path, query, endpoint, credential }
    this.arrivals.announce({ facts, headers: request.headers, body })

    const proceed = () => {
      // A request that the limits refuse does not use up a fault.
      if (admission && !admission.admitted) routes(request, response)
      else this.#process({ endpoint, method, path }, request, response, () => routes(request, response))
    }
    if (!found?.readBody) {
      proceed()
      return
    }
    this.#readForm(request, response, read => {
      context.body = read
      const form = new URLSearchParams(read.toString('utf8'))
      this.#counters.exchangeAttempted(form)
      this.exchanges.arrived({ id, at, query }, form)
      proceed()
    })
  }

  #admit(found: Endpoint | undefined, identity: Identity, response: ServerResponse, at: number): Admission | undefined {
    if (!this.#limiter || !found?.limited) return undefined
    const credential = identity.status === 'known' ? identity.holder.label : 'anonymous'
    const refused = identity.status === 'refused'
    const admission = refused ? undefined : this.#limiter.admit(credential, found.label, at)
    const headers = admission?.headers ?? untouchedLimitHeaders(found.label)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    return admission
  }

  #process(
    target: { endpoint: string; method: string; path: string },
    request: IncomingMessage,
    response: ServerResponse,
    process: () => void,
  ): void {
    const strike = this.faults.take(target)
    if (!strike) {
      process()
      return
    }
    this.#counters.faulted(strike.spec.kind)
    applyFault(strike, request, response, process, (ms, then) => this.#later(ms, then))
  }

  #later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      then()
    }, ms)
    this.#timers.add(timer)
  }

  /**
   * Runs `then` when the end of the answer is handed to the socket, before a client can react to it, or when it is
   * lost.
   */
  #whenDone(response: ServerResponse, then: () => void): void {
    let done = false
    const once = () => {
      if (!done) then()
      done = true
    }
    response.once('prefinish', once)
    response.once('close', once)
  }

  #readForm(request: IncomingMessage, response: ServerResponse, then: (body: Buffer) => void): void {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= FORM_LIMIT) chunks.push(chunk)
    })
    request.once('end', () => {
      if (size <= FORM_LIMIT) then(Buffer.concat(chunks))
      else response.writeHead(413).end()
    })
  }
}

function splitTarget(url = '/'): [path: string, query: string] {
  const mark = url.indexOf('?')
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}
