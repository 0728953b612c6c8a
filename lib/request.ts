/** Turns the options of a request into what the addon takes: flat lists in which names and values alternate. */

import type { NativeRedirect } from '../index.js'
import { type Body, type Outgoing, outgoing } from './body.js'
import { configurationError } from './errors.js'
import { isA, types } from './platform.js'
import {
  bare,
  boolean,
  isList,
  kind,
  milliseconds,
  objectOf,
  optionalChoice,
  optionsObject,
  printable,
  reading,
  record,
  wellFormed,
} from './validate.js'

/** A request as the addon takes it. In its lists, names and values alternate. */
export interface FlatRequest {
  method: string
  path: string
  /** The deadline of the call, in milliseconds. */
  timeout: number
  params?: string[]
  query?: string[]
  headers?: string[]
  redirect?: NativeRedirect
  idempotent?: boolean
  batch?: boolean
}

/** A value of a query parameter or a path parameter. Numbers must be finite; write a `Date` with `toISOString()`. */
export type Scalar = string | number | boolean

/** Options of one request, such as {@link SmartRecruiters.get} and {@link SmartRecruiters.post} take. */
export interface RequestOptions {
  /**
   * The values of the placeholders in the path: `{ id }` for `/jobs/{id}`. Each value is percent-encoded as one path
   * segment, so that it cannot address another resource.
   */
  params?: Readonly<Record<string, Scalar>> | undefined
  /**
   * The query parameters. A list repeats its parameter once for each entry; a parameter that is `undefined` or `null`
   * is left out.
   */
  query?: Readonly<Record<string, Scalar | readonly Scalar[] | null | undefined>> | URLSearchParams | undefined
  /**
   * Additional headers. The client sets the headers of the credential and of the connection itself, and refuses them
   * here. A `content-length` must be the exact length of the body; it is useful for a stream whose length you know.
   */
  headers?: Readonly<Record<string, string>> | Headers | undefined
  /**
   * A value to send as JSON. The content type is `application/json`, or `application/json-patch+json` where the API takes
   * a JSON Patch (RFC 6902), unless `headers` has another one.
   */
  json?: unknown
  /**
   * A form to send as `multipart/form-data` (RFC 7578), with its length. A file from `fs.openAsBlob()` is read from the
   * disk while it is sent. Forms of other packages work too, if they can be iterated as the platform's `FormData`, or
   * are streams with a `getHeaders()` method.
   */
  form?: FormData | undefined
  /**
   * A body to send unchanged. Without a content type in `headers` it has the one that `fetch` would use:
   * `text/plain;charset=UTF-8` for a string, its own for a `Blob`, `FormData` or `URLSearchParams`, and none for bytes
   * and streams.
   */
  body?: Body | undefined
  /**
   * Whether sending the request twice has the same effect as sending it once, so that it may be retried when its
   * outcome is unknown. Default: true for GET, HEAD, OPTIONS, PUT and DELETE, otherwise false (RFC 9110 section 9.2.2).
   */
  idempotent?: boolean | undefined
  /**
   * Which calls are sent first when calls wait for their turn within the rate limits: a `batch` call waits as long as
   * any `interactive` call is waiting. Default: `interactive`.
   */
  priority?: 'interactive' | 'batch' | undefined
  /**
   * The deadline of the whole call in milliseconds, waiting for its turn and retries included. A call that misses it
   * rejects with a {@link TimeoutError}. Default: the client's `timeout`, 128,000.
   */
  timeout?: number | undefined
  /** Cancels the call at any stage when it is aborted: the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

declare const nothing: unique symbol

/** The type of `params` for a path: a value for each of its placeholders, and no others. */
export type PathParams<Path extends string> = [ParamName<Path>] extends [never]
  ? { readonly [nothing]?: undefined }
  : { readonly [Name in ParamName<Path>]: Scalar }

type ParamName<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamName<Rest>
  : never

/** The options of a call whose path has placeholders: `params` is required. */
export type WithParams<Options, Path extends string> = Omit<Options, 'params'> & { params: PathParams<Path> }

/** The options of a call whose path has no placeholders: `params` must be left out. */
export type WithoutParams<Options, Path extends string> = Omit<Options, 'params'> & {
  params?: PathParams<Path> | undefined
}

/**
 * The arguments after the path in a call. For a literal path, the compiler requires `params` for its placeholders; for
 * a path of type `string` it accepts any `params`.
 */
export type PathArguments<Path extends string, Options extends object = RequestOptions> = string extends Path
  ? [options?: Options]
  : [ParamName<Path>] extends [never]
    ? [options?: WithoutParams<Options, Path>]
    : [options: WithParams<Options, Path>]

const OPTIONS = [
  'params',
  'query',
  'headers',
  'json',
  'form',
  'body',
  'idempotent',
  'priority',
  'timeout',
  'signal',
] as const
/** Options that other clients have, and what to use instead. */
const HINTS = {
  data: 'use `json` for an object, or `body` for anything else',
  qs: 'use `query`',
  searchParams: 'use `query`',
  files: 'use `form`',
}
/** Methods whose requests have no body (RFC 9110 section 9.3). */
const BODILESS = ['GET', 'HEAD']

/** The options of a request whose names are known to be right; {@link flatRequest} checks their values. */
export type KnownOptions = Record<(typeof OPTIONS)[number], unknown>

const NO_OPTIONS: KnownOptions = bare({} as KnownOptions)

/** Refuses names that are not options of a request. */
export function requestOptions(options: unknown): KnownOptions {
  if (options === undefined) return NO_OPTIONS
  return optionsObject('the request', objectOf('options', options), OPTIONS, HINTS)
}

/** Checks the options and flattens them. */
export function flatRequest(
  method: string,
  path: string,
  known: KnownOptions,
  timeout: number,
): { request: FlatRequest; body: Outgoing } {
  const request: FlatRequest = bare({ method, path, timeout: milliseconds('timeout', known.timeout, timeout) })
  address(request, known)
  if (known.idempotent !== undefined) request.idempotent = boolean('idempotent', known.idempotent, false)
  const priority = optionalChoice('priority', known.priority, ['interactive', 'batch'])
  if (priority !== undefined) request.batch = priority === 'batch'
  const body = content(method, known)
  addContentType(request, body)
  return { request, body }
}

/** Checks `params`, `query` and `headers`, and adds them to the request. */
export function address(
  request: Pick<FlatRequest, 'params' | 'query' | 'headers'>,
  known: Record<'params' | 'query' | 'headers', unknown>,
): void {
  if (known.params !== undefined) request.params = flatten('params', record('params', known.params))
  if (known.query !== undefined) request.query = query(known.query)
  if (known.headers !== undefined) request.headers = headers(known.headers)
}

/** Adds the content type of the body to the headers, unless the caller has set one. */
export function addContentType(request: Pick<FlatRequest, 'headers'>, { contentType }: Outgoing): void {
  if (contentType === undefined) return
  const headers = request.headers ?? []
  const named = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  if (!named) request.headers = [...headers, 'content-type', contentType]
}

/** The length of the body in bytes, as the caller states it in `content-length`. The core checks it. */
export function statedLength({ headers = [] }: Pick<FlatRequest, 'headers'>): number | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length')
  const stated = at < 0 ? '' : (headers[at + 1] as string)
  return /^\d+$/.test(stated) && Number.isSafeInteger(Number(stated)) ? Number(stated) : undefined
}

function content(method: string, known: Record<'json' | 'form' | 'body', unknown>): Outgoing {
  const given = (['json', 'form', 'body'] as const).filter(field => known[field] !== undefined)
  const [field, other] = given
  if (field === undefined) return bare({})
  if (other !== undefined) throw configurationError(other, `must not be given with ${field}`)
  if (BODILESS.includes(method)) throw configurationError(field, `must not be given: a ${method} request has no body`)
  if (field === 'json') {
    const whole = stringify('json', known.json)
    // The core knows which operations take a JSON Patch.
    return method === 'PATCH' ? bare({ whole }) : bare({ whole, contentType: 'application/json' })
  }
  if (field === 'form' && !isA('FormData', known.form)) {
    throw configurationError('form', `must be a FormData, but is ${kind(known.form)}`)
  }
  return outgoing(field, known[field])
}

function query(value: unknown): string[] {
  if (isA('URLSearchParams', value)) return pairs('query', value)
  return flatten('query', record('query', value))
}

function headers(value: unknown): string[] {
  if (isA('Headers', value)) return pairs('headers', value)
  return Object.entries(record('headers', value)).flatMap(([name, text]) => {
    const field = fieldOf('headers', name)
    if (typeof text !== 'string') throw configurationError(field, `must be a string, but is ${kind(text)}`)
    return [wellFormed(field, name), wellFormed(field, text)]
  })
}

/** The names and values of a `URLSearchParams` or `Headers`, which may be from another realm or an imitation. */
function pairs(field: string, values: Iterable<[string, string]>): string[] {
  return reading(field, () => [...values].flatMap(([name, value]) => [String(name), String(value)]))
}

function flatten(field: string, values: Record<string, unknown>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = fieldOf(field, name)
    wellFormed(path, name)
    if (field === 'query') {
      if (value === undefined || value === null) return []
      if (isList(value)) return reading(path, () => Array.from(value, entry => [name, scalar(path, entry)]).flat())
    }
    return [name, scalar(path, value)]
  })
}

function fieldOf(options: string, name: string): string {
  return `${options}.${printable(name)}`
}

function scalar(field: string, value: unknown): string {
  if (typeof value === 'string') return wellFormed(field, value)
  if (typeof value === 'boolean' || Number.isFinite(value)) return String(value)
  const remedy = types.isDate(value) ? '; use `toISOString()`' : ''
  throw configurationError(field, `must be a string, a finite number or a boolean, but is ${kind(value)}${remedy}`)
}

/** Writes the value of an option as JSON. */
export function stringify(field: string, json: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(json)
  } catch (error) {
    // The engine's own message names properties and never quotes values; an error from a `toJSON` may quote anything.
    const own = error instanceof TypeError && /^(Converting circular|Do not know how)/.test(error.message)
    throw configurationError(
      field,
      own
        ? (error.message.split('\n', 1)[0] as string)
        : 'cannot be written as JSON: one of its getters or `toJSON` methods throws',
    )
  }
  if (text === undefined) throw configurationError(field, `cannot be written as JSON: it is ${kind(json)}`)
  return text
}
