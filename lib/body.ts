/** Turns the body that a caller gives into what the addon takes: one piece, or a stream of parts. */

import type { NativeUpload } from '../index.js'
import { copied, intact } from './bytes.js'
import { call } from './calls.js'
import { unawaited } from './defects.js'
import { ConfigurationError, configurationError } from './errors.js'
import { turn } from './event-loop.js'
import { formBody } from './form.js'
import { native } from './native.js'
import { isA, isBlob, types } from './platform.js'
import { bare, integer, kind, reading } from './validate.js'

/** The maximum length, in bytes, of parts that are available at once and are therefore sent as a whole. */
const LONGEST_WHOLE = 1024 * 1024
/**
 * How many bytes of a stream are written before the addon has accepted the first of them. If each part waited for the one
 * before, the connection would be idle meanwhile. (Measured: twice and four times as much is no faster.)
 */
const AHEAD = 256 * 1024
/** A shorter part counts as this many bytes, because each write takes memory of its own. */
const LEAST = 32 * 1024
/**
 * The maximum length, in bytes, that is read ahead to learn a body's length. A longer body is sent without its length.
 */
const LONGEST_WAIT = 64 * 1024 * 1024
/** The maximum size of a Blob: a whole number that JavaScript can represent. */
const LONGEST_BLOB = Number.MAX_SAFE_INTEGER

/**
 * A request body that is sent unchanged. A body that is in memory, such as a string or bytes, can be sent again by a
 * retry; a stream or a file cannot.
 */
export type Body =
  | string
  | Uint8Array
  | ArrayBuffer
  | URLSearchParams
  | Blob
  | FormData
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>

/** A body as the addon takes it. */
export interface Outgoing {
  /** The whole body. */
  whole?: string | Uint8Array
  /** The parts of the body, instead of `whole`. */
  parts?: BodySource
  /** The length of all parts in bytes, if it is known. */
  length?: number
  /** The content type that the body itself implies. */
  contentType?: string
  /** Whether to read all parts before sending, so that the length is known. */
  waits?: boolean
}

/** Checks a body that the caller gave, and starts to read it if it is a stream. */
export function outgoing(field: string, body: unknown): Outgoing {
  if (typeof body === 'string') return bare({ whole: body, contentType: 'text/plain;charset=UTF-8' })
  if (types.isArrayBuffer(body) || ArrayBuffer.isView(body)) return bare({ whole: copied(field, body) })
  const problem = 'claims to be a Blob, FormData, URLSearchParams or stream, but cannot be read as one'
  return bare(reading(field, () => written(field, body), problem))
}

function written(field: string, body: unknown): Outgoing {
  if (isA('URLSearchParams', body)) {
    return { whole: String(body), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' }
  }
  if (isBlob(body)) {
    return {
      parts: source(field, body.stream()),
      length: sizeOf(field, body),
      ...(body.type && { contentType: body.type }),
    }
  }
  if (isA('FormData', body)) {
    const { parts, ...known } = formBody(field, body)
    return { parts: source(field, parts), ...known }
  }
  if (isA('ReadableStream', body)) {
    const { Readable } = require('node:stream') as typeof import('node:stream')
    if (body.locked || Readable.isDisturbed(body as never)) {
      throw configurationError(field, 'must be an unused stream, but it is locked or has been read from')
    }
    return { parts: source(field, body) }
  }
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return { parts: source(field, body as AsyncIterable<unknown>) }
  }
  throw configurationError(
    field,
    `must be a string, bytes, URLSearchParams, Blob, FormData or a stream of bytes, but is ${kind(body)}; to send it as JSON, use \`json\``,
  )
}

/** Returns the length of a Blob in bytes. It is checked, because an imitation of a Blob may have any value there. */
export function sizeOf(field: string, blob: Blob): number {
  return integer(`${field}.size`, blob.size, 0, LONGEST_BLOB, 0)
}

/** The source of the parts of a body. */
export interface BodySource {
  next(): Promise<IteratorResult<unknown>>
  /** Tells the source that no more parts are needed, and why. Errors of the source are ignored from then on. */
  stop(reason: unknown): void
}

/** Starts to read the parts of a body. A `ReadableStream` can be cancelled during a read, as `fetch` does. */
export function source(field: string, parts: AsyncIterable<unknown>): BodySource {
  if (isA('ReadableStream', parts)) {
    const reader = parts.getReader()
    return {
      next: () => reader.read() as Promise<IteratorResult<unknown>>,
      stop: reason => void reader.cancel(reason).catch(() => {}),
    }
  }
  const iterator = parts[Symbol.asyncIterator]()
  if (typeof iterator?.next !== 'function') {
    throw configurationError(field, 'must be a stream of bytes, but its iterator has no `next` method')
  }
  return {
    async next() {
      const result: unknown = await iterator.next()
      if (typeof result === 'object' && result !== null) return result as IteratorResult<unknown>
      throw configurationError(field, `must be a stream of bytes, but its \`next\` method returned ${kind(result)}`)
    },
    stop() {
      // The iterator of a Node stream ignores `return` before its first read and during a read.
      if ('destroy' in parts && typeof parts.destroy === 'function') parts.destroy()
      else void (async () => iterator.return?.())().catch(() => {})
    },
  }
}

/**
 * Collects the parts that are available at once, or all parts if the body `waits`. If these are all, the body is known
 * as a whole and can be sent again by a retry: the platform's `Request` turns even a string into a stream.
 */
export async function gathered(all: BodySource, waits = false): Promise<{ whole: Uint8Array } | { rest: BodySource }> {
  const there: unknown[] = []
  let length = 0
  while (length <= (waits ? LONGEST_WAIT : LONGEST_WHOLE)) {
    const next = all.next()
    // An error of the source is reported when the body is sent, whenever it occurs.
    const result = await Promise.race([next.catch(unlessMistaken), ...(waits ? [] : [turn()])])
    if (result === undefined) return { rest: after(there, all, next) }
    if (result.done) return { whole: Buffer.concat(there as Uint8Array[]) }
    // A value that is not a part is reported when it is sent, as it would be later in the stream.
    if (!types.isUint8Array(result.value)) {
      there.push(result.value)
      break
    }
    // Copied, because a source may reuse the memory for its next part.
    there.push(copied('body', result.value))
    length += result.value.byteLength
  }
  return { rest: after(there, all) }
}

/** Ignores an error of the source, which is reported when the body is sent, but not a mistake of the caller. */
function unlessMistaken(error: unknown): undefined {
  if (error instanceof ConfigurationError) throw error
}

/** A source of the parts that are `there`, then of the one that is awaited, then of the rest. */
function after(there: unknown[], all: BodySource, next?: Promise<IteratorResult<unknown>>): BodySource {
  const before = [...there.map(value => Promise.resolve({ done: false, value })), ...(next ? [next] : [])]
  return { next: () => before.shift() ?? all.next(), stop: reason => all.stop(reason) }
}

/** A streamed body that is being sent. */
export class Upload {
  readonly native: NativeUpload
  /** The error that interrupted the body, if any. */
  failure: unknown
  readonly #source: BodySource
  readonly #length: number | undefined
  #sent = 0
  #stopped = false

  /** `length` is the length that the request states, in bytes. A source of another length fails. */
  constructor(source: BodySource, length: number | undefined) {
    this.native = native.createUpload(length)
    this.#source = source
    this.#length = length
    unawaited('Ending the body of a request', this.#pump())
  }

  /** Stops sending the body, because its call has ended. */
  stop(reason: unknown): void {
    this.#stopped = true
    this.native.discard()
    this.#source.stop(reason)
  }

  async #pump(): Promise<void> {
    try {
      const wanted = await this.#write()
      // The request has ended without an error: the answer did not need the rest of the body.
      if (!wanted) this.#source.stop(undefined)
      else if (!this.#stopped && this.#sent < (this.#length ?? 0)) throw this.#wrongLength()
    } catch (error) {
      // Set before the body is ended, because the call that this interrupts reads it.
      this.failure = error
      this.#source.stop(error)
    }
    await this.#end()
  }

  /** Writes the parts as fast as the addon accepts them. Returns whether it accepted all of them. */
  async #write(): Promise<boolean> {
    const writes: Promise<boolean>[] = []
    let ahead = 0
    let wanted = true
    let problem: unknown
    const write = async (part: Uint8Array): Promise<boolean> => {
      const length = Math.max(part.byteLength, LEAST)
      ahead += length
      try {
        return await call<boolean>((completions, callId) => this.native.write(completions, callId, part), {})
      } catch (error) {
        problem = error
        return false
      } finally {
        ahead -= length
      }
    }
    while (wanted) {
      const { done, value } = await this.#source.next()
      if (done) break
      if (!types.isUint8Array(value)) throw new TypeError(`a part of the body is ${kind(value)}, not a Uint8Array`)
      intact('body', value)
      this.#sent += value.byteLength
      if (this.#sent > (this.#length ?? this.#sent)) throw this.#wrongLength()
      writes.push(write(value))
      while (wanted && ahead >= AHEAD) wanted = (await writes.shift()) === true
    }
    for (const accepted of writes) wanted &&= await accepted
    if (problem !== undefined) throw problem
    return wanted
  }

  async #end(): Promise<void> {
    const whole = this.failure === undefined && !this.#stopped
    await call<undefined>((completions, callId) => this.native.end(completions, callId, whole), {})
  }

  #wrongLength(): TypeError {
    return new TypeError(`the body is not ${this.#length} bytes long, as its content-length says`)
  }
}
