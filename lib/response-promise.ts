/** The promise that a call returns: it resolves with the data of the answer, and can also give the `Response`. */

import type { NativeAnswer } from '../index.js'
import { type CallContext, configurationError, toError } from './errors.js'
import { types } from './platform.js'
import { toResponse } from './response.js'

/** The answer to one call, and whether the caller wants its data or its `Response`. */
export class Answer {
  /** What the addon returned, once it has. */
  native: NativeAnswer | undefined
  /** Whether the caller has asked for the `Response` alone. Its body is then neither read nor parsed. */
  raw = false
  signal: AbortSignal | undefined
  #response: Response | undefined
  /** Returns the URL of the request. */
  url: () => string = () => ''
  /** What errors say about the call. */
  context: CallContext = {}
  /** Takes the end of the body of a `Response`. */
  ended: ((error?: unknown) => void) | undefined

  get #arrived(): NativeAnswer {
    if (this.native === undefined) throw new TypeError('the answer has not arrived yet')
    return this.native
  }

  /** Returns the data of the body: parsed JSON, text, bytes, or `undefined` if the body is empty. */
  data(): unknown {
    if (this.raw) {
      throw configurationError('asResponse', 'was called on this promise; read the data from the body of its Response')
    }
    const { headers, body } = this.#arrived
    // Only a body that is not UTF-8 arrives as bytes, and JSON has to be UTF-8 (RFC 8259 section 8.1).
    const written = typeof body === 'string' || types.isUint8Array(body)
    if (!written || !isJson(headers)) return body
    try {
      if (typeof body === 'string') return JSON.parse(body)
    } catch {
      // The parser's message would quote the body.
    }
    const message = 'the answer cannot be read: its content type is JSON, but its body is not'
    throw toError({ code: 'INVALID_RESPONSE', message, causes: [] }, this.context)
  }

  /** Returns the `Response`. Every call returns the same one, since its body can be read only once. */
  response(): Response {
    this.#response ??= toResponse(this.#arrived, this.url(), this.signal, this.context, this.ended)
    return this.#response
  }
}

/**
 * The promise that a call returns. It resolves with the data of the answer: parsed JSON, text, bytes (`Uint8Array`), or
 * `undefined` if the body is empty.
 *
 * @example
 * const job = await sr.get('/jobs/1')
 * const { data, response } = await sr.get('/jobs/1').withResponse()
 * const { body } = await sr.get('/reports/1').asResponse()
 */
export interface ResponsePromise<T> extends Promise<T> {
  /** Resolves with both the data and the `Response` that it arrived in, for its status and headers. */
  withResponse(): Promise<{ data: T; response: Response }>
  /**
   * Resolves with the `Response` alone, as soon as its headers have arrived. Its body is a stream, so its size is not
   * limited. Call this method at once, before the call is awaited.
   */
  asResponse(): Promise<Response>
}

// Not a subclass of `Promise`: V8 adds async callers to an error's stack only for promises whose constructor is
// `Promise` itself.
const methods = {
  async withResponse(this: Promise<unknown>): Promise<{ data: unknown; response: Response }> {
    const data = await this
    return { data, response: answerOf(this).response() }
  },
  async asResponse(this: Promise<unknown>): Promise<Response> {
    const answer = answerOf(this)
    answer.raw = true
    await this.catch(error => {
      // An answer without usable data is not an error here.
      if (answer.native === undefined) throw error
    })
    return answer.response()
  },
}
const prototype: object = Object.create(Promise.prototype, Object.getOwnPropertyDescriptors(methods))

/** Adds a private field to a promise. A weak map would cost more for each call, and for each garbage collection. */
class Asked extends (identity as unknown as new (promise: object) => object) {
  readonly #answer: Answer

  constructor(promise: object, answer: Answer) {
    super(promise)
    this.#answer = answer
  }

  static answer(promise: object): Answer {
    return (promise as Asked).#answer
  }
}

function identity(object: object): object {
  return object
}

function answerOf(promise: object): Answer {
  return Asked.answer(promise)
}

/** Adds the methods of a {@link ResponsePromise} to a promise. */
export function responsePromise<T>(data: Promise<T>, answer: Answer): ResponsePromise<T> {
  new Asked(data, answer)
  return Object.setPrototypeOf(data, prototype)
}

function isJson(headerLines: string): boolean {
  const contentType = /^content-type: *([^;\n]*)/im.exec(headerLines)?.[1]?.trim().toLowerCase() ?? ''
  return contentType === 'application/json' || contentType.endsWith('+json')
}
