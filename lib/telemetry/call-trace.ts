/** The course of one observed call, told to the channels, and to the client's own observers. */

import { AsyncResource } from 'node:async_hooks'
import type { NativeAttempt, NativeClient, NativeDescription, NativeReport } from '../../index.js'
import { ApiError } from '../errors.js'
import { headerPairs } from '../headers.js'
import type { FlatRequest } from '../request.js'
import { bare } from '../validate.js'
import { calls, channels, isUndiciWatched, undici } from './channels.js'
import type { ClientTelemetry } from './client-telemetry.js'
import { updateWatch } from './process-watch.js'
import type { AttemptRecord, CallRecord } from './records.js'
import { UndiciRequest } from './undici-request.js'

/** What is known of a call when it starts. */
interface CallStart {
  method: string
  description: NativeDescription
  headers: readonly string[]
  /** The length of the body in bytes, if it is known. */
  contentLength: number | undefined
}

/**
 * Starts to trace a call of a client, in the turn and the context of the caller. There is nothing to trace if the request
 * is malformed: the call fails with an error that says so.
 */
export function startTrace(
  telemetry: ClientTelemetry,
  client: NativeClient,
  request: Pick<FlatRequest, 'method' | 'path' | 'params' | 'query' | 'headers'>,
  contentLength?: number,
): CallTrace | undefined {
  updateWatch()
  const { method, path, params, query, headers = [] } = request
  const description = client.describe(method, path, params, query)
  if ('causes' in description) return undefined
  return new CallTrace(telemetry, { method, description, headers, contentLength })
}

/** In place of the value of a query parameter, as the semantic conventions of OpenTelemetry write it. */
const REDACTED = 'REDACTED'

/**
 * Headers of answers that are not published, since instrumentation can export any header: a cookie may be a session, and
 * the URLs of the others repeat the query.
 */
const HIDDEN = new Set(['set-cookie', 'link', 'location', 'content-location', 'refresh'])

/** One observed call. */
export class CallTrace {
  readonly #telemetry: ClientTelemetry
  readonly #record: CallRecord
  readonly #origin: string
  readonly #began = performance.now()
  /** The caller's context: what is published later is published in it. */
  readonly #scope: AsyncResource
  readonly #request: UndiciRequest | undefined
  /** The last attempt that was answered. */
  #answered: NativeAttempt | undefined
  #isOpen = true

  /** Starts a call. It must be started synchronously, in the caller's context. */
  constructor(telemetry: ClientTelemetry, { method, description, headers, contentLength }: CallStart) {
    this.#telemetry = telemetry
    const url = new URL(description.url)
    if (!telemetry.queryValues) for (const name of new Set(url.searchParams.keys())) redact(url.searchParams, name)
    this.#origin = url.origin
    const { template } = description
    this.#record = { method, template, url: url.href, attempts: 0 }
    const make = () => {
      const request = isUndiciWatched()
        ? new UndiciRequest({
            method,
            url,
            template,
            headers,
            contentLength: contentLength ?? null,
            contentType: contentTypeOf(headers),
          })
        : undefined
      if (request !== undefined) undici.create.publish({ request })
      return { request, scope: new AsyncResource('SmartRecruitersCall') }
    }
    const { request, scope } = calls.start.runStores(this.#record, make)
    calls.end.publish(this.#record)
    this.#request = request
    this.#scope = scope
  }

  /** Returns a request as it is to be sent: with the headers that subscribers have added. */
  sent<R extends { headers?: string[] }>(request: R): R {
    const headers = this.#request?.sent()
    return headers === undefined ? request : bare({ ...request, headers })
  }

  /** Returns the headers that subscribers have added. Names and values alternate. */
  addedHeaders(): string[] {
    return this.#request?.added() ?? []
  }

  /** Takes a step that the core reports. */
  report({ waitedMs, attempt }: NativeReport): void {
    const { method, template } = this.#record
    this.#inContext(() => {
      if (waitedMs != null) {
        const record = { method, template, waitMs: waitedMs }
        channels.queue.publish(record)
        this.#telemetry.pass('queue', record)
      }
      if (attempt != null) this.#attempted(attempt)
    })
  }

  #attempted(attempt: NativeAttempt): void {
    const { method, template } = this.#record
    this.#record.attempts = attempt.number
    if (attempt.requestId != null) this.#record.requestId = attempt.requestId
    if (attempt.status != null) this.#answered = attempt
    const record = attemptRecord(method, this.#origin, template, attempt)
    channels.attempt.publish(record)
    this.#telemetry.pass('attempt', record)
    if (attempt.status !== 429) return
    const limit = {
      method,
      template,
      ...(attempt.pausedMs != null && { pauseMs: attempt.pausedMs }),
      ...(attempt.requestId != null && { requestId: attempt.requestId }),
    }
    channels.limit.publish(limit)
    this.#telemetry.pass('limit', limit)
  }

  /** The call has an answer. Its body may still have to be read: {@link bodyEnded} follows. */
  answered(status: number): void {
    this.#inContext(() => {
      this.#settle({ status })
      this.#headers(status)
      calls.asyncStart.publish(this.#record)
      calls.asyncEnd.publish(this.#record)
    })
    this.#telemetry.open.add(this)
  }

  /** A page of a list was read. The core has read its answer. */
  pageRead(): void {
    this.answered(this.#answered?.status ?? 200)
    this.bodyEnded()
  }

  /** The call failed: with an unsuccessful answer, or without one. */
  failed(error: unknown): void {
    this.#inContext(() => {
      if (error instanceof ApiError) {
        this.#settle({ error, status: error.status })
        this.#headers(error.status)
      } else {
        this.#settle({ error })
      }
      calls.error.publish(this.#record)
      calls.asyncStart.publish(this.#record)
      calls.asyncEnd.publish(this.#record)
    })
    this.bodyEnded(error instanceof ApiError ? undefined : error)
  }

  /** The body has come to its end: it was read, cancelled or collected, or it failed. Only the first end counts. */
  bodyEnded(error?: unknown): void {
    this.#telemetry.open.delete(this)
    if (!this.#isOpen) return
    this.#isOpen = false
    const request = this.#request
    if (request === undefined) return
    this.#inContext(() => {
      if (error === undefined) {
        request.completed = true
        undici.trailers.publish({ request, trailers: [] })
      } else {
        request.aborted = true
        undici.error.publish({ request, error: errorOf(error) })
      }
    })
  }

  #settle(end: Pick<CallRecord, 'status' | 'error'>): void {
    Object.assign(this.#record, end, { durationMs: Math.round((performance.now() - this.#began) * 10) / 10 })
    this.#telemetry.pass('call', this.#record)
  }

  #headers(statusCode: number): void {
    const request = this.#request
    if (request === undefined) return
    const { remoteAddress, remotePort, isHttp2, headers: lines = '' } = this.#answered ?? {}
    undici.sendHeaders.publish({
      request,
      headers: request.headers.join('\r\n'),
      socket: { remoteAddress, remotePort, alpnProtocol: isHttp2 === true ? 'h2' : false },
    })
    const headers: Buffer[] = []
    for (const [name, value] of headerPairs(lines)) {
      if (!HIDDEN.has(name)) headers.push(Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'))
    }
    // Undici takes the phrase from the status line, which HTTP/2 has not.
    undici.headers.publish({ request, response: { statusCode, statusText: '', headers } })
  }

  #inContext(work: () => void): void {
    this.#scope.runInAsyncScope(work)
  }
}

function redact(query: URLSearchParams, name: string): void {
  query.set(name, REDACTED)
}

function contentTypeOf(headers: readonly string[]): string | null {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  return at < 0 ? null : (headers[at + 1] as string)
}

function attemptRecord(method: string, origin: string, template: string, attempt: NativeAttempt): AttemptRecord {
  const { number, status, errorCode, requestId, queueMs, preparationMs, durationMs, next } = attempt
  const { remoteAddress, remotePort, isHttp2, retryDelayMs } = attempt
  return {
    method,
    origin,
    template,
    attempt: number,
    ...(status != null && { status, httpVersion: isHttp2 ? '2' : '1.1' }),
    ...(errorCode != null && { errorCode }),
    ...(requestId != null && { requestId }),
    queueMs,
    preparationMs,
    durationMs,
    ...(remoteAddress != null && { remoteAddress }),
    ...(remotePort != null && { remotePort }),
    next,
    ...(retryDelayMs != null && { retryDelayMs }),
  }
}

/** The reason of a signal may be anything, and instrumentation reads the properties of an error. */
function errorOf(error: unknown): object {
  const isError = typeof error === 'object' && error !== null && 'name' in error && 'message' in error
  return isError ? error : new DOMException('This operation was aborted', 'AbortError')
}
