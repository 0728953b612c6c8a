/** A promise of an answer's data, which can be asked for the answer itself. */

import type { Outcome } from './calls.js'
import { type CallContext, configurationError, toError } from './errors.js'
import { types } from './platform.js'
import { toResponse } from './response.js'

/** An answer of the API, and what of it the caller wants. */
export class Answer {
  outcome: Outcome | undefined
  /** Whether the caller wants the answer alone: its body is then neither read nor parsed. */
  raw = false
  signal: AbortSignal | undefined
  #response: Response | undefined
  /** Where it was asked. */
  url: () => string = () => ''
  /** What its errors tell of the call. */
  context: CallContext = {}

  /** The body: parsed JSON, text, bytes, or `undefined` if it is empty. */
  data(): unknown {
    if (this.raw) {
      throw configurationError('asResponse', 'was called on this promise: the data is in the body of its Response')
    }
    const { first, second } = this.outcome as Outcome
    // Bytes are what is no UTF-8, which JSON has to be (RFC 8259 section 8.1).
    const written = typeof second === 'string' || types.isUint8Array(second)
    if (!written || !isJson(first as string)) return second
    try {
      if (typeof second === 'string') return JSON.parse(second)
    } catch {
      // The parser's message would quote the body.
    }
    const message = 'the answer could not be read: its content type says JSON, but its body is none'
    throw toError({ code: 'INVALID_RESPONSE', message, causes: [] }, this.context)
  }

  /** The whole answer, the same whenever it is asked for: its body can be read once. */
  response(): Response {
    this.#response ??= toResponse(this.outcome as Outcome, this.url(), this.signal, this.context)
    return this.#response
  }
}

/** A promise of an answer's data: parsed JSON, text, bytes (`Uint8Array`), or `undefined` if it is empty. */
export interface ResponsePromise<T> extends Promise<T> {
  /** The data, and the answer that it came in. */
  withResponse(): Promise<{ data: T; response: Response }>
  /** The answer alone, as soon as its headers are there; its body is a stream. Ask at once, not later. */
  asResponse(): Promise<Response>
}

// Not a subclass: `await` follows a promise to its async caller, and so to the caller's stack, only if its constructor
// is `Promise` itself.
const methods = {
  async withResponse(this: Promise<unknown>): Promise<{ data: unknown; response: Response }> {
    const data = await this
    return { data, response: answerOf(this).response() }
  },
  async asResponse(this: Promise<unknown>): Promise<Response> {
    const answer = answerOf(this)
    answer.raw = true
    await this.catch(error => {
      // That there is no data is no failure here.
      if (answer.outcome === undefined) throw error
    })
    return answer.response()
  },
}
const prototype: object = Object.create(Promise.prototype, Object.getOwnPropertyDescriptors(methods))

/** Puts a private field into a promise: a weak map costs a call more, and the collector more still. */
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

/** Gives a promise the methods of a {@link ResponsePromise}. */
export function responsePromise<T>(data: Promise<T>, answer: Answer): ResponsePromise<T> {
  new Asked(data, answer)
  return Object.setPrototypeOf(data, prototype)
}

function isJson(headerLines: string): boolean {
  const contentType = /^content-type: *([^;\n]*)/im.exec(headerLines)?.[1]?.trim().toLowerCase() ?? ''
  return contentType === 'application/json' || contentType.endsWith('+json')
}
