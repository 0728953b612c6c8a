import { type IncomingMessage, validateHeaderValue } from 'node:http'
import { types } from 'node:util'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { redactedHeaders } from './arrivals.js'
import { apiError, errorBody } from './errors.js'
import { queryOf } from './query.js'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const
const BODY_LIMIT = 16 * 1024 * 1024
const ANSWER_FIELDS = ['status', 'headers', 'body']

/** The HTTP methods for {@link Sandbox.route}. */
export type RouteMethod = (typeof METHODS)[number]

/** The names of the parameters of a path template. */
type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never

/** The parameters of a path template: those of `/jobs/{id}` are `{ id: string }`. */
export type RouteParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : Readonly<Record<NamesIn<Path>, string>>

/** A request to a route of your own. */
export interface RouteRequest<Path extends string = string> {
  /** The HTTP method in upper case. */
  readonly method: string
  /** The path as sent, without the query. */
  readonly path: string
  /** The values of the path's parameters, decoded. */
  readonly params: RouteParams<Path>
  /** The query parameters. */
  readonly query: URLSearchParams
  /** The headers, with names in lower case. Credentials are redacted to their kind, such as `Bearer <redacted>`. */
  readonly headers: Readonly<Record<string, string>>
  /** The body: parsed JSON, a string for forms and other text, otherwise a Buffer. Undefined if there is none. */
  readonly body: unknown
}

/** An answer of a route of your own, for answers other than JSON with status 200. */
export interface RouteAnswer {
  /** The HTTP status, 200 to 599. Default: 200, or 204 without a body. */
  status?: number | undefined
  /** Additional headers. A list repeats its header. Default: none. */
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** The body. A string or bytes are sent unchanged, any other value as JSON. */
  body?: unknown
}

/**
 * Answers a request to a route of your own. It returns a value, or a promise of one.
 *
 * A returned object is a {@link RouteAnswer} if it has only fields of that type, and its `status`, if any, is a number.
 * Any other value is sent as JSON with status 200; `undefined` is an answer with status 204. If the handler throws, the
 * answer has status 500 and the error's message.
 */
export type RouteHandler<Path extends string = string> = (request: RouteRequest<Path>) => unknown

/** A route of your own, as {@link Sandbox.route} returns it. */
export interface Route {
  /** Removes the route. The route that it has replaced answers again. */
  clear(): void
}

const PARAMETER = /^\{([A-Za-z]\w*)\}$/

/**
 * Checks a route, and returns the segments of its path template as the router writes them: `:id` for `{id}`. Throws a
 * TypeError that says what is wrong.
 */
export function routeSegments(method: string, path: string, handler: unknown): string[] {
  if (!METHODS.some(known => known === method)) {
    throw new TypeError(`route: "method" must be one of ${METHODS.join(', ')}`)
  }
  if (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path)) {
    throw new TypeError('route: "path" must be a template that begins with / and has no query, such as /jobs/{id}')
  }
  if (/^\/_sandbox(\/|$)/.test(path)) throw new TypeError('route: "path" must not be in /_sandbox, the control API')
  if (typeof handler !== 'function') throw new TypeError('route: "handler" must be a function')
  const segments = path.split('/').slice(1)
  const names = segments.flatMap(segment => PARAMETER.exec(segment)?.[1] ?? [])
  if (segments.some(segment => !PARAMETER.test(segment) && /[{}]|^[:*]/.test(segment))) {
    throw new TypeError('route: "path" must have its parameters as whole segments, such as /jobs/{id}')
  }
  if (new Set(names).size < names.length) throw new TypeError('route: "path" has a parameter twice')
  return segmentsOf(path)
}

/** Returns the segments of a path template as the router writes them: `:id` for `{id}`. */
export function segmentsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map(segment => segment.replace(PARAMETER, ':$1'))
}

/** A route of the user, as the router knows it. */
export interface OwnRoute {
  readonly label: string
  readonly segments: readonly string[]
  readonly handler: RouteHandler
}

/** Whether an endpoint is a route of the user. */
export function isOwnRoute(endpoint: Partial<OwnRoute> | undefined): endpoint is OwnRoute {
  return endpoint?.handler !== undefined
}

/** Answers a request with the handler of its route. */
export async function answerByRoute(route: OwnRoute, request: FastifyRequest, reply: FastifyReply, body: Buffer) {
  const { raw } = request
  const [path = ''] = (raw.url ?? '').split('?', 1)
  const given: RouteRequest = {
    method: raw.method ?? '',
    path,
    params: valuesIn(route.segments, path),
    query: queryOf(request),
    headers: redactedHeaders(raw.headers),
    body: parsed(body, raw.headers['content-type']),
  }
  try {
    const { status, headers, bytes } = encoded(await route.handler(given))
    return reply.status(status).headers(headers).send(bytes)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return reply.status(500).send(errorBody('ROUTE_FAILED', `The route ${route.label} failed: ${reason}`))
  }
}

/** Reads the whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // Otherwise leaving the loop would close the connection before the answer is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > BODY_LIMIT)
      throw apiError(413, 'PAYLOAD_TOO_LARGE', `A route accepts bodies of up to ${BODY_LIMIT} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Returns the values of a template's parameters in a path, decoded. */
export function valuesIn(template: readonly string[], path: string): Record<string, string> {
  const segments = path.split('/').slice(1)
  const pairs = template.flatMap((segment, index): [string, string][] =>
    segment.startsWith(':') ? [[segment.slice(1), decoded(segments[index] ?? '')]] : [],
  )
  return Object.fromEntries(pairs)
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw apiError(400, 'BAD_REQUEST', 'The path has an invalid percent-encoding')
  }
}

function parsed(body: Buffer, contentType = ''): unknown {
  if (body.length === 0) return undefined
  if (/^application\/([^;]+\+)?json\b/i.test(contentType)) {
    try {
      return JSON.parse(body.toString('utf8'))
    } catch {
      throw apiError(400, 'BAD_REQUEST', 'The body is not JSON')
    }
  }
  return /^(text\/|application\/x-www-form-urlencoded\b)/i.test(contentType) ? body.toString('utf8') : body
}

function isAnswer(value: unknown): value is RouteAnswer {
  if (typeof value !== 'object' || value === null) return false
  const fields = Object.keys(value)
  const { status } = value as RouteAnswer
  return (
    fields.length > 0 &&
    fields.every(name => ANSWER_FIELDS.includes(name)) &&
    (status === undefined || typeof status === 'number')
  )
}

function bytesOf(body: unknown): [contentType: string, bytes: Buffer] {
  if (typeof body === 'string') return ['text/plain; charset=utf-8', Buffer.from(body)]
  if (types.isUint8Array(body)) return ['application/octet-stream', Buffer.from(body)]
  return json(body)
}

function json(value: unknown): [contentType: string, bytes: Buffer] {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`its answer is a ${typeof value}, which cannot be written as JSON`)
  return ['application/json; charset=utf-8', Buffer.from(text)]
}

/** Turns the value that a handler returned into what is sent. */
function encoded(value: unknown): { status: number; headers: Record<string, string | string[]>; bytes?: Buffer } {
  const whole = isAnswer(value)
  const answer: RouteAnswer = whole ? value : { body: value }
  const { body, status = body === undefined ? 204 : 200 } = answer
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new TypeError('"status" must be a whole number from 200 to 599')
  }
  const headers = Object.entries(answer.headers ?? {}).map(([name, given]): [string, string | string[]] => {
    for (const line of [given].flat()) validateHeaderValue(name, line)
    return [name.toLowerCase(), typeof given === 'string' ? given : [...given]]
  })
  if (body === undefined) return { status, headers: Object.fromEntries(headers) }
  const [type, bytes] = whole ? bytesOf(body) : json(body)
  return { status, headers: { 'content-type': type, ...Object.fromEntries(headers) }, bytes }
}
