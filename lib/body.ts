/** What callers give as a body, as the addon takes it: in one piece, or as a stream of parts. */

import type { NativeUpload } from '../index.js'
import { call } from './calls.js'
import { configurationError } from './errors.js'
import { native } from './native.js'
import { kind } from './validate.js'

/** Parts that are there at once and together no longer than this, in bytes, are sent as a whole. */
const LONGEST_WHOLE = 1024 * 1024

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
  parts?: AsyncIterable<unknown>
  /** The length of all parts, in bytes, if it is known. */
  length?: number
  /** What it says of itself. */
  contentType?: string
}

/** Reads a body that the caller gave. */
export function outgoing(field: string, body: unknown): Outgoing {
  if (typeof body === 'string') return { whole: body }
  if (body instanceof Uint8Array) return { whole: body }
  if (body instanceof ArrayBuffer) return { whole: new Uint8Array(body) }
  if (ArrayBuffer.isView(body)) return { whole: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) }
  if (body instanceof URLSearchParams) {
    return { whole: body.toString(), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' }
  }
  if (body instanceof FormData || body instanceof Blob) {
    // The platform writes multipart bodies, reading files as they are sent.
    const response = new Response(body)
    const contentType = response.headers.get('content-type')
    return {
      parts: response.body as AsyncIterable<unknown>,
      ...(body instanceof Blob && { length: body.size }),
      ...(contentType && { contentType }),
    }
  }
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return { parts: body as AsyncIterable<unknown> }
  }
  throw configurationError(
    field,
    `must be a string, bytes, URLSearchParams, Blob, FormData or a stream of bytes, but is ${kind(body)}`,
  )
}

/**
 * Takes the parts that are there at once. If those are all, the body is whole after all, and can be sent again: the
 * platform's `Request` makes a stream of every string.
 */
export async function gathered(parts: AsyncIterable<unknown>): Promise<Pick<Outgoing, 'whole' | 'parts'>> {
  const iterator = parts[Symbol.asyncIterator]()
  const there: unknown[] = []
  let length = 0
  while (length <= LONGEST_WHOLE) {
    const next = iterator.next()
    // A source that fails does so while it is sent, early or late.
    const result = await Promise.race([next.catch(() => undefined), turn()])
    if (result === undefined) return { parts: rest(there, iterator, next) }
    if (result.done) return { whole: Buffer.concat(there as Uint8Array[]) }
    // What is no part fails when it is sent, as all that comes later would.
    if (!(result.value instanceof Uint8Array)) return { parts: rest([...there, result.value], iterator) }
    there.push(result.value)
    length += result.value.byteLength
  }
  return { parts: rest(there, iterator) }
}

/** Settles with nothing after all that is ready to go on has done so. */
function turn(): Promise<undefined> {
  return new Promise(resolve => setImmediate(resolve, undefined))
}

async function* rest(
  there: unknown[],
  iterator: AsyncIterator<unknown>,
  next?: Promise<IteratorResult<unknown>>,
): AsyncGenerator<unknown> {
  try {
    yield* there
    for (let result = await (next ?? iterator.next()); !result.done; result = await iterator.next()) yield result.value
  } finally {
    await iterator.return?.()
  }
}

/** A streamed body on its way. */
export interface Upload {
  native: NativeUpload
  /** Why it was not given to its end, if it was not. */
  failure: unknown
}

/** Sends the parts of a body as there is room for them. */
export function upload(parts: AsyncIterable<unknown>, length: number | undefined): Upload {
  const upload: Upload = { native: native.createUpload(length), failure: undefined }
  void pump(parts, upload)
  return upload
}

async function pump(parts: AsyncIterable<unknown>, upload: Upload): Promise<void> {
  const body = upload.native
  let whole = false
  try {
    for await (const part of parts) {
      if (!(part instanceof Uint8Array)) throw new TypeError(`a part of the body is ${kind(part)}, not a Uint8Array`)
      const { first: wanted } = await call((completions, id) => body.write(completions, id, part), {})
      // The call is over, or was never made; leaving the loop tells the stream.
      if (!wanted) break
    }
    whole = true
  } catch (error) {
    // Before the end: the call that it interrupts asks for it.
    upload.failure = error
  }
  await call((completions, id) => body.end(completions, id, whole), {})
}
