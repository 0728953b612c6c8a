/**
 * What a value of the platform is, whatever realm it is from: in those of test runners and of `node:vm`, `instanceof`
 * does not know what comes from outside.
 */

export { types } from 'node:util'

interface Kinds {
  FormData: FormData
  Headers: Headers
  ReadableStream: ReadableStream
  URL: URL
  URLSearchParams: URLSearchParams
}

/** Whether a value says that it is one of these. */
export function isA<Name extends keyof Kinds>(name: Name, value: unknown): value is Kinds[Name] {
  return tag(value) === name
}

/** Whether a value says that it is a `Blob`, or a `File`, which is one, too. */
export function isBlob(value: unknown): value is Blob {
  return ['Blob', 'File'].includes(tag(value))
}

/** What a value says that it is. A revoked `Proxy` says nothing. */
function tag(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  try {
    return String((value as Record<symbol, unknown>)[Symbol.toStringTag])
  } catch {
    return ''
  }
}
