/** A request's options as the addon takes them: flat lists of names and values in turn. */

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

/** A request, flat: lists hold names and values in turn. */
export interface FlatRequest {
  method: string
  path: string
  /** In milliseconds. */
  timeout: number
  params?: string[]
  query?: string[]
  headers?: string[]
  redirect?: NativeRedirect
  idempotent?: boolean
  batch?: boolean
}

/** A value of a query or path. */
export type Scalar = string | number | boolean

/** Options of one request. */
export interface RequestOptions {
  /** Values for the `{name}`s in the path; each is encoded, so that none can lead elsewhere. */
  params?: Readonly<Record<string, Scalar>> | undefined
  /** The query. A list repeats its parameter; `undefined` and `null` leave it out. */
  query?: Readonly<Record<string, Scalar | readonly Scalar[] | null | undefined>> | URLSearchParams | undefined
  /**
   * Headers. The credential's, and those of the connection, are the client's own. A `content-length` must be that of the
   * body; it is of use for a stream whose length only the caller knows.
   */
  headers?: Readonly<Record<string, string>> | Headers | undefined
  /** A value to send as JSON. Its content type is `application/json`, unless `headers` say otherwise. */
  json?: unknown
  /**
   * A form to send as `multipart/form-data`, with its length; files of `fs.openAsBlob()` are read as they are sent. Forms
   * of other packages are taken, too, if they have entries as the platform's, or are streams with `getHeaders()`.
   */
  form?: FormData | undefined
  /**
   * A body to send as it is. Without a content type in `headers` it gets the one that `fetch` gives: text for a string,
   * its own for a `Blob`, a form or `URLSearchParams`, and none for bytes and streams.
   */
  body?: Body | undefined
  /**
   * Your promise that sending the request twice is as good as once, so that it may be sent again when its outcome is
   * unknown. Default: true for GET, HEAD, OPTIONS, PUT and DELETE (RFC 9110 section 9.2.2).
   */
  idempotent?: boolean | undefined
  /**
   * Which calls go first while some wait for their turn within the rate limits: `batch` ones wait until no `interactive`
   * one does. Default: `interactive`.
   */
  priority?: 'interactive' | 'batch' | undefined
  /** The deadline of the whole call, in milliseconds, its wait for its turn included. Default: the client's, 128,000. */
  timeout?: number | undefined
  /** Cancels the call, wherever it is; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

declare const nothing: unique symbol

/** The values for the `{name}`s of a path: those that it has, and no others. */
export type PathParams<Path extends string> = [ParamName<Path>] extends [never]
  ? { readonly [nothing]?: undefined }
  : { readonly [Name in ParamName<Path>]: Scalar }

type ParamName<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamName<Rest>
  : never

/** Options of a call of `Path`, whose `params` have what its `{name}`s need. */
export type WithParams<Options, Path extends string> = Omit<Options, 'params'> & { params: PathParams<Path> }

/** Options of a call of `Path`, which has no `{name}`s. */
export type WithoutParams<Options, Path extends string> = Omit<Options, 'params'> & {
  params?: PathParams<Path> | undefined
}

/**
 * What follows the path in a call. The compiler asks for the `{name}`s of a path that it knows; of one that is only
 * known to be a string it takes any.
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
/** What others call them. */
const HINTS = {
  data: 'an object goes into `json`, and anything else into `body`',
  qs: 'it is `query` here',
  searchParams: 'it is `query` here',
  files: 'they go into a `form`',
}
/** Methods whose requests have no body (RFC 9110 section 9.3). */
const BODILESS = ['GET', 'HEAD']

/** The options of a request, to be read by {@link flatRequest}. */
export type KnownOptions = Record<(typeof OPTIONS)[number], unknown>

const NO_OPTIONS: KnownOptions = bare({} as KnownOptions)

/** Refuses what is not an option of a request. */
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

/** Puts what says where a request goes, and as what, into it. */
export function address(
  request: Pick<FlatRequest, 'params' | 'query' | 'headers'>,
  known: Record<'params' | 'query' | 'headers', unknown>,
): void {
  if (known.params !== undefined) request.params = flatten('params', record('params', known.params))
  if (known.query !== undefined) request.query = query(known.query)
  if (known.headers !== undefined) request.headers = headers(known.headers)
}

/** Puts a body's content type into the headers, unless the caller has one there. */
export function addContentType(request: Pick<FlatRequest, 'headers'>, { contentType }: Outgoing): void {
  if (contentType === undefined) return
  const headers = request.headers ?? []
  const named = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  if (!named) request.headers = [...headers, 'content-type', contentType]
}

/** The length that the caller states of a body, in bytes; the core checks it. */
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
  if (BODILESS.includes(method)) throw configurationError(field, `must not be given: ${method} requests have none`)
  if (field === 'json') return bare({ whole: stringify(known.json), contentType: 'application/json' })
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

/** What an object of the platform holds, or one that says that it is of the platform. */
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

function stringify(json: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(json)
  } catch (error) {
    // The engine's own message names properties, never values; one of a `toJSON` may quote anything.
    const own = error instanceof TypeError && /^(Converting circular|Do not know how)/.test(error.message)
    throw configurationError(
      'json',
      own
        ? (error.message.split('\n', 1)[0] as string)
        : 'cannot be written as JSON: a `toJSON` or getter of it throws',
    )
  }
  if (text === undefined) throw configurationError('json', `cannot be written as JSON: it is ${kind(json)}`)
  return text
}
