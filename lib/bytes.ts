/** Bytes that the caller gave, and whose memory may be gone. */

import { configurationError } from './errors.js'
import { types } from './platform.js'

/** A copy of bytes, made at once, as `fetch` makes it: what becomes of their memory later changes nothing. */
export function copied(field: string, bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  intact(field, bytes)
  if (types.isUint8Array(bytes)) return new Uint8Array(bytes)
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice()
  return new Uint8Array(bytes).slice()
}

/** Refuses bytes whose memory is gone, which would be taken for none. */
export function intact(field: string, bytes: ArrayBuffer | ArrayBufferView): void {
  try {
    // Each of these fails, as the language has it, where the memory was detached or shrank.
    if (types.isTypedArray(bytes)) Object.getPrototypeOf(Uint8Array.prototype).at.call(bytes, 0)
    else if (ArrayBuffer.isView(bytes)) bytes.byteLength
    else new Uint8Array(bytes)
  } catch {
    throw configurationError(
      field,
      'has no memory any more: it was transferred or detached, or its buffer was resized; give a copy of the bytes',
    )
  }
}
