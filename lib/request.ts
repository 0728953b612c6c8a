/** A request's options as the addon takes them: flat lists of names and values in turn. */

import type { NativeRequest } from '../index.js'
import { configurationError } from './errors.js'
import { kind, milliseconds, optionsObject, record } from './validate.js'

/** A value of a query or path. */
export type Scalar = string | number | boolean

/** Options of one request. */
export interface RequestOptions {
  /** Values for the `{name}`s in the path; each is encoded, so that none can lead elsewhere. */
  params?: Readonly<Record<string, Scalar>>
  /** The query. A list repeats its parameter; `undefined` and `null` leave it out. */
  query?: Readonly<Record<string, Scalar | readonly Scalar[] | null | undefined>> | URLSearchParams
  /** Headers. The credential's, and those of the connection, are the client's own. */
  headers?: Readonly<Record<string, string>> | Headers
  /** A value to send as JSON. Its content type is `application/json`, unless `headers` say otherwise. */
  json?: unknown
  /** A body to send as it is. Give its content type in `headers`. */
  body?: string | Uint8Array
  /** The deadline of the whole call, in milliseconds. Default: the client's, 128,000. */
  timeout?: number
  /** Cancels the call, wherever it is; it then rejects with the signal's reason. */
  signal?: AbortSignal
}

const OPTIONS = ['params', 'query', 'headers', 'json', 'body', 'timeout', 'signal'] as const
/** Methods whose requests have no body (RFC 9110 section 9.3). */
const BODILESS = ['GET', 'HEAD']

/** Checks the options and flattens them. */
export function nativeRequest(
  method: string,
  path: string,
  options: Record<string, unknown>,
  timeout: number,
): NativeRequest {
  const known = optionsObject('the request', options, OPTIONS)
  const request: NativeRequest = { method, path, timeout: milliseconds('timeout', known.timeout, timeout) }
  if (known.params !== undefined) request.params = flatten('params', record('params', known.params))
  if (known.query !== undefined) request.query = query(known.query)
  if (known.headers !== undefined) request.headers = headers(known.headers)
  const content = body(known.json, known.body)
  if (content !== undefined) {
    if (BODILESS.includes(method)) {
      const field = known.json === undefined ? 'body' : 'json'
      throw configurationError(field, `must not be given: ${method} requests have none`)
    }
    request.body = content
  }
  if (known.json !== undefined && !names(request.headers).includes('content-type')) {
    request.headers = [...(request.headers ?? []), 'content-type', 'application/json']
  }
  return request
}

function query(value: unknown): string[] {
  if (value instanceof URLSearchParams) return [...value].flat()
  return flatten('query', record('query', value))
}

function headers(value: unknown): string[] {
  if (value instanceof Headers) return [...value].flat()
  return Object.entries(record('headers', value)).flatMap(([name, text]) => {
    if (typeof text !== 'string') {
      throw configurationError(`headers.${name}`, `must be a string, but is ${kind(text)}`)
    }
    return [name, text]
  })
}

function flatten(field: string, values: Record<string, unknown>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (field === 'query') {
      if (value === undefined || value === null) return []
      if (Array.isArray(value)) return value.flatMap(entry => [name, scalar(`${field}.${name}`, entry)])
    }
    return [name, scalar(`${field}.${name}`, value)]
  })
}

function scalar(field: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return String(value)
  throw configurationError(field, `must be a string, a finite number or a boolean, but is ${kind(value)}`)
}

function body(json: unknown, body: unknown): string | Uint8Array | undefined {
  if (json !== undefined && body !== undefined) throw configurationError('body', 'must not be given with json')
  if (json !== undefined) return stringify(json)
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return body
  throw configurationError('body', `must be a string or Uint8Array, but is ${kind(body)}; use json for objects`)
}

function stringify(json: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(json)
  } catch (error) {
    // Of a circle or a bigint; the engine's message names properties, never values.
    throw configurationError('json', error instanceof Error ? error.message : 'cannot be written as JSON')
  }
  if (text === undefined) throw configurationError('json', `cannot be written as JSON: it is ${kind(json)}`)
  return text
}

function names(headers: string[] | undefined): string[] {
  return (headers ?? []).filter((_, index) => index % 2 === 0).map(name => name.toLowerCase())
}
