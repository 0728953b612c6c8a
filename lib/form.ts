/** Encodes forms of the platform and of other packages as `multipart/form-data` (RFC 7578). */

import { configurationError } from './errors.js'
import { members } from './members.js'
import { isBlob } from './platform.js'

/** A form as its parts, to be sent in this order. */
export interface FormParts {
  parts: AsyncIterable<unknown>
  /** The length of all parts, in bytes, if it is known. */
  length?: number
  contentType?: string
}

/** A form of the package `form-data`: a stream with methods for its headers and, often, its length. */
interface FormStream extends NodeJS.ReadableStream {
  getHeaders(): Record<string, string>
  hasKnownLength?(): boolean
  getLengthSync?(): number
}

/**
 * Encodes a form as the Fetch standard defines it ("multipart/form-data encoding algorithm"), so that its length is
 * known before its files are read. A form of another package is read through its entries, or as a stream.
 */
export function formBody(field: string, form: object): FormParts {
  if (isFormStream(form)) return streamed(form)
  // Required only here: it takes longer to load than the rest of this package's JavaScript.
  const { randomBytes } = require('node:crypto') as typeof import('node:crypto')
  const boundary = `----formdata-smartrecruiters-${randomBytes(12).toString('hex')}`
  const parts: (Uint8Array | Blob)[] = []
  for (const [name, value] of entries(field, form)) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(lines(name))}"`
    if (isBlob(value)) {
      const { name: given } = members(value, ['name'])
      const filename = typeof given === 'string' ? given : 'blob'
      const type = value.type || 'application/octet-stream'
      parts.push(Buffer.from(`${head}; filename="${escaped(filename)}"\r\nContent-Type: ${type}\r\n\r\n`), value)
      parts.push(Buffer.from('\r\n'))
    } else {
      parts.push(Buffer.from(`${head}\r\n\r\n${lines(value)}\r\n`))
    }
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`))
  const length = parts.reduce((sum, part) => sum + (isBlob(part) ? part.size : part.byteLength), 0)
  return { parts: bytes(parts), length, contentType: `multipart/form-data; boundary=${boundary}` }
}

async function* bytes(parts: (Uint8Array | Blob)[]): AsyncGenerator<unknown> {
  for (const part of parts) {
    if (isBlob(part)) yield* part.stream() as AsyncIterable<unknown>
    else yield part
  }
}

function entries(field: string, form: object): [string, string | Blob][] {
  const found = Symbol.iterator in form ? [...(form as Iterable<unknown>)] : undefined
  if (found === undefined) {
    throw configurationError(
      field,
      'must be a FormData of the platform, or have its iterator or `getHeaders()`; copy its fields into `new FormData()`',
    )
  }
  return found.map(entry => {
    const [name, value] = (Array.isArray(entry) ? entry : []) as unknown[]
    if (typeof name !== 'string' || (typeof value !== 'string' && !isBlob(value))) {
      throw configurationError(field, 'must contain only strings and files; a file must be a Blob or File')
    }
    return [name, value]
  })
}

function isFormStream(form: object): form is FormStream {
  const { getHeaders, pipe } = members(form, ['getHeaders', 'pipe'])
  return typeof getHeaders === 'function' && typeof pipe === 'function'
}

function streamed(form: FormStream): FormParts {
  const { PassThrough, pipeline } = require('node:stream') as typeof import('node:stream')
  const headers = Object.entries(form.getHeaders())
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const length = form.hasKnownLength?.() ? form.getLengthSync?.() : undefined
  // Some of these streams cannot be iterated. `pipeline` passes an error on to the reader of `through`.
  const through = new PassThrough()
  pipeline(form, through, () => {})
  return {
    parts: through,
    ...(length !== undefined && { length }),
    ...(contentType !== undefined && { contentType }),
  }
}

/** Normalizes line breaks to CRLF, as forms require. */
function lines(text: string): string {
  return text.replace(/\r?\n|\r/g, '\r\n')
}

/** Escapes a name that stands between quotes. */
function escaped(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
}
