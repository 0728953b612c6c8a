/** Bytes of the caller, whose memory may be detached. */

import { configurationError } from './errors.js'
import { types } from './platform.js'

/** Copies bytes at once, as `fetch` does, so that later changes of their memory have no effect. */
export function copied(field: string, bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  intact(field, bytes)
  if (types.isUint8Array(bytes)) return new Uint8Array(bytes)
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice()
  return new Uint8Array(bytes).slice()
}

/** Refuses bytes whose memory is detached: they would look like an empty array. */
export function intact(field: string, bytes: ArrayBuffer | ArrayBufferView): void {
  try {
    // Each of these throws, by the language standard, if the memory was detached or shrank.
    if (types.isTypedArray(bytes)) Object.getPrototypeOf(Uint8Array.prototype).at.call(bytes, 0)
    else if (ArrayBuffer.isView(bytes)) bytes.byteLength
    else new Uint8Array(bytes)
  } catch {
    throw configurationError(
      field,
      'has lost its memory: its buffer was transferred, detached or resized; give a copy of the bytes',
    )
  }
}
