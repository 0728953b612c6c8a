/**
 * Recognizes the platform's objects from any realm. In the realms of test runners and of `node:vm`, `instanceof` fails
 * for objects from outside.
 */

export { types } from 'node:util'

interface Kinds {
  FormData: FormData
  Headers: Headers
  ReadableStream: ReadableStream
  URL: URL
  URLSearchParams: URLSearchParams
}

/** Whether a value claims, by its tag, to be an object of this class. */
export function isA<Name extends keyof Kinds>(name: Name, value: unknown): value is Kinds[Name] {
  return tag(value) === name
}

/** Whether a value claims, by its tag, to be a `Blob` or its subclass `File`. */
export function isBlob(value: unknown): value is Blob {
  return ['Blob', 'File'].includes(tag(value))
}

/** Returns the tag of an object; an empty string for a revoked `Proxy` and for other values. */
function tag(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  try {
    return String((value as Record<symbol, unknown>)[Symbol.toStringTag])
  } catch {
    return ''
  }
}
