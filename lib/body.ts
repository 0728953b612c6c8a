/** What callers give as a body, as the addon takes it: in one piece, or as a stream of parts. */

import type { NativeUpload } from '../index.js'
import { call } from './calls.js'
import { configurationError } from './errors.js'
import { native } from './native.js'
import { kind } from './validate.js'

/** A body that can be sent as it is. All but strings and bytes are streamed, and so can be sent only once. */
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
    return { parts: response.body as AsyncIterable<unknown>, ...(contentType && { contentType }) }
  }
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return { parts: body as AsyncIterable<unknown> }
  }
  throw configurationError(
    field,
    `must be a string, bytes, URLSearchParams, Blob, FormData or a stream of bytes, but is ${kind(body)}`,
  )
}

/** A streamed body on its way. */
export interface Upload {
  native: NativeUpload
  /** Why it was not given to its end, if it was not. */
  failure: unknown
}

/** Sends the parts of a body as there is room for them. */
export function upload(parts: AsyncIterable<unknown>): Upload {
  const upload: Upload = { native: native.createUpload(), failure: undefined }
  pump(parts, upload).catch(error => {
    upload.failure = error
  })
  return upload
}

async function pump(parts: AsyncIterable<unknown>, { native: body }: Upload): Promise<void> {
  let whole = false
  try {
    for await (const part of parts) {
      if (!(part instanceof Uint8Array)) throw new TypeError(`a part of the body is ${kind(part)}, not a Uint8Array`)
      const { first: wanted } = await call((completions, id) => body.write(completions, id, part), {})
      // The call is over, or was never made; leaving the loop tells the stream.
      if (!wanted) return
    }
    whole = true
  } finally {
    await call((completions, id) => body.end(completions, id, whole), {})
  }
}
