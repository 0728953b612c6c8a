/** What callers give as a body, as the addon takes it: in one piece, or as a stream of parts. */

import type { NativeUpload } from '../index.js'
import { copied, intact } from './bytes.js'
import { call } from './calls.js'
import { ConfigurationError, configurationError } from './errors.js'
import { formBody } from './form.js'
import { native } from './native.js'
import { isA, isBlob, types } from './platform.js'
import { bare, integer, kind, reading } from './validate.js'

/** Parts that are there at once and together no longer than this, in bytes, are sent as a whole. */
const LONGEST_WHOLE = 1024 * 1024
/** Of a body that is waited for, so much is held in memory at most, in bytes; a longer one is sent without its length. */
const LONGEST_WAIT = 64 * 1024 * 1024
/** The size of a Blob is a whole number that JavaScript can hold. */
const LONGEST_BLOB = Number.MAX_SAFE_INTEGER

/**
 * A body that can be sent as it is. A string, bytes and whatever else is in memory can be sent again by a retry; a stream
 * or file only once.
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
  /** The whole of it. */
  whole?: string | Uint8Array
  /** Its parts, in place of the whole. */
  parts?: Source
  /** The length of all parts, in bytes, if it is known. */
  length?: number
  /** What it says of itself. */
  contentType?: string
  /** Whether to wait for all parts first, so that the length is known. */
  waits?: boolean
}

/** Reads a body that the caller gave. */
export function outgoing(field: string, body: unknown): Outgoing {
  if (typeof body === 'string') return bare({ whole: body, contentType: 'text/plain;charset=UTF-8' })
  if (types.isArrayBuffer(body) || ArrayBuffer.isView(body)) return bare({ whole: copied(field, body) })
  const problem = 'says that it is a Blob, FormData, URLSearchParams or stream, but cannot be read as one'
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
      throw configurationError(field, 'must be a stream that nobody is reading or has read from')
    }
    return { parts: source(field, body) }
  }
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return { parts: source(field, body as AsyncIterable<unknown>) }
  }
  throw configurationError(
    field,
    `must be a string, bytes, URLSearchParams, Blob, FormData or a stream of bytes, but is ${kind(body)}; what is to be sent as JSON goes into \`json\``,
  )
}

/** The length of a Blob, in bytes. One of another realm may say anything. */
export function sizeOf(field: string, blob: Blob): number {
  return integer(`${field}.size`, blob.size, 0, LONGEST_BLOB, 0)
}

/** Where the parts of a body come from, until it is stopped. */
export interface Source {
  next(): Promise<IteratorResult<unknown>>
  /** Says that no more is wanted, and why. What the source makes of that is its own affair. */
  stop(reason: unknown): void
}

/** Begins to read the parts of a body. A stream can be cancelled while it is waited for, as `fetch` does. */
export function source(field: string, parts: AsyncIterable<unknown>): Source {
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
      throw configurationError(field, `must be a stream of bytes, but its \`next\` gave ${kind(result)}`)
    },
    stop() {
      // The iterator of a stream of Node does not hear of `return` before it began, nor while it waits.
      if ('destroy' in parts && typeof parts.destroy === 'function') parts.destroy()
      else void (async () => iterator.return?.())().catch(() => {})
    },
  }
}

/**
 * Takes the parts that are there at once, or all if the body `waits`. If those are all, the body is whole after all, and
 * can be sent again: the platform's `Request` makes a stream of every string.
 */
export async function gathered(all: Source, waits = false): Promise<{ whole: Uint8Array } | { rest: Source }> {
  const there: unknown[] = []
  let length = 0
  while (length <= (waits ? LONGEST_WAIT : LONGEST_WHOLE)) {
    const next = all.next()
    // A source that fails does so while it is sent, early or late.
    const result = await Promise.race([next.catch(unlessMistaken), ...(waits ? [] : [turn()])])
    if (result === undefined) return { rest: after(there, all, next) }
    if (result.done) return { whole: Buffer.concat(there as Uint8Array[]) }
    // What is no part fails when it is sent, as all that comes later would.
    if (!types.isUint8Array(result.value)) {
      there.push(result.value)
      break
    }
    // A copy: a source may use the same memory for its next part.
    there.push(copied('body', result.value))
    length += result.value.byteLength
  }
  return { rest: after(there, all) }
}

/** A source that fails does so while it is sent, early or late; one that is not a source is refused before. */
function unlessMistaken(error: unknown): undefined {
  if (error instanceof ConfigurationError) throw error
}

/** Settles with nothing after all that is ready to go on has done so. */
export function turn(): Promise<undefined> {
  return new Promise(resolve => setImmediate(resolve, undefined))
}

/** What is `there`, then what is awaited, then the rest. */
function after(there: unknown[], all: Source, next?: Promise<IteratorResult<unknown>>): Source {
  const before = [...there.map(value => Promise.resolve({ done: false, value })), ...(next ? [next] : [])]
  return { next: () => before.shift() ?? all.next(), stop: reason => all.stop(reason) }
}

/** A streamed body on its way. */
export class Upload {
  readonly native: NativeUpload
  /** Why it was not given to its end, if it was not. */
  failure: unknown
  readonly #source: Source
  readonly #length: number | undefined
  #sent = 0
  #stopped = false

  /** `length` is what the request states, in bytes, if it does: another length of the source is its failure. */
  constructor(source: Source, length: number | undefined) {
    this.native = native.createUpload(length)
    this.#source = source
    this.#length = length
    void this.#pump()
  }

  /** Gives the body up: its call is over. */
  stop(reason: unknown): void {
    this.#stopped = true
    this.native.discard()
    this.#source.stop(reason)
  }

  /** Sends the parts as there is room for them. */
  async #pump(): Promise<void> {
    try {
      for (let part = await this.#source.next(); !part.done; part = await this.#source.next()) {
        const { value } = part
        if (!types.isUint8Array(value)) throw new TypeError(`a part of the body is ${kind(value)}, not a Uint8Array`)
        intact('body', value)
        this.#sent += value.byteLength
        if (this.#sent > (this.#length ?? this.#sent)) throw this.#wrongLength()
        const { first: wanted } = await call((completions, id) => this.native.write(completions, id, value), {})
        // The request is over, though not by a failure: its answer needed no more.
        if (!wanted) {
          this.#source.stop(undefined)
          return await this.#end()
        }
      }
      if (!this.#stopped && this.#sent < (this.#length ?? 0)) throw this.#wrongLength()
    } catch (error) {
      // Before the end: the call that it interrupts asks for it.
      this.failure = error
      this.#source.stop(error)
    }
    await this.#end()
  }

  async #end(): Promise<void> {
    const whole = this.failure === undefined && !this.#stopped
    await call((completions, id) => this.native.end(completions, id, whole), {})
  }

  #wrongLength(): TypeError {
    return new TypeError(`the body is not ${this.#length} bytes long, as its content-length says`)
  }
}
