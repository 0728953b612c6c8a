import { type Endpoints, sameEndpoint } from './endpoints.js'

/** Which requests a fault applies to, and how often. Without conditions it applies to any request. */
export interface FaultMatch {
  /** The method and path template of the request, such as `GET /jobs/{id}`. */
  endpoint?: string | undefined
  /** A prefix of the request's path. */
  path?: string | undefined
  /** The HTTP method of the request. */
  method?: string | undefined
  /** The number of matching requests to which it applies; `Infinity` (over HTTP `"Infinity"`) for all. Default: 1. */
  times?: number | undefined
  /** The number of matching requests that pass first. Default: 0. */
  after?: number | undefined
}

/** The effect of a fault. `when: 'before'` leaves the request unprocessed; `when: 'after'` processes it first. */
export type FaultEffect =
  /** The connection is destroyed, `ms` milliseconds (default 0) late; the request is not processed. */
  | { kind: 'dropBefore'; ms?: number | undefined }
  /** The request is processed in full (a refresh token is spent); `ms` later the connection is destroyed unanswered. */
  | { kind: 'dropAfter'; ms?: number | undefined }
  /** The answer is delayed by `ms` milliseconds, `before` (the default) or `after` the request is processed. */
  | { kind: 'delay'; ms: number; when?: 'before' | 'after' | undefined }
  /** The request waits until the fault is cleared. `when` as for `delay`. */
  | { kind: 'hold'; when?: 'before' | 'after' | undefined }
  /** The answer has its true Content-Length, but the connection is closed after half of its body. */
  | { kind: 'truncate' }
  /**
   * An answer with any status. `body` defaults to an error body of SmartRecruiters; other values than text are JSON.
   */
  | ({ kind: 'status'; status: number; when?: 'before' | 'after' | undefined } & RawAnswer)
  /** An answer with status 429, and with `Retry-After` if given (seconds, or the header's text). Not processed. */
  | { kind: '429'; retryAfter?: number | string | undefined }
  /** A meaningless answer; not processed. `status` defaults to 200, `contentType` to `text/html`, `body` to a page. */
  | ({ kind: 'malformed'; status?: number | undefined } & RawAnswer)
  /** The request is processed, and its answer replaced by this one. `status` defaults to 200. */
  | ({ kind: 'answer'; status?: number | undefined; body: unknown } & RawAnswer)
  /**
   * Sets `fields` in the JSON object of a successful answer (`null` is sent as `null`), and removes the names in
   * `remove`.
   */
  | { kind: 'merge'; fields?: Record<string, unknown> | undefined; remove?: readonly string[] | undefined }

/** The parts of an answer that a fault may set. */
export interface RawAnswer {
  /** The body. Text is sent unchanged, any other value as JSON. */
  body?: unknown
  /** The content type. Default: `application/json`. */
  contentType?: string | undefined
  /** Additional headers. Default: none. */
  headers?: Record<string, string> | undefined
}

/** A fault for {@link Sandbox.fault}: the requests to which it applies, and its effect. */
export type FaultSpec = FaultMatch & FaultEffect

/** A fault that has been set by {@link Sandbox.fault}. */
export interface Fault {
  /** The number of the fault, by which {@link Sandbox.faults} lists it. */
  readonly id: number
  /** The number of requests to which the fault has been applied. */
  readonly hits: number
  /** Clears the fault, and releases the requests that it holds. */
  clear(): void
}

/** A fault that applies to a request. */
export interface Strike {
  readonly spec: FaultSpec
  /** Runs `then` once the fault is cleared. */
  untilCleared(then: () => void): void
}

/** The properties of a request with which faults are matched. */
export interface FaultTarget {
  endpoint: string
  method: string
  path: string
}

interface Entry {
  readonly id: number
  readonly spec: FaultSpec
  readonly held: (() => void)[]
  skipped: number
  hits: number
}

const KINDS: Record<FaultEffect['kind'], readonly string[]> = {
  dropBefore: ['ms'],
  dropAfter: ['ms'],
  delay: ['ms', 'when'],
  hold: ['when'],
  truncate: [],
  status: ['status', 'when', 'body', 'contentType', 'headers'],
  '429': ['retryAfter'],
  malformed: ['status', 'body', 'contentType', 'headers'],
  answer: ['status', 'body', 'contentType', 'headers'],
  merge: ['fields', 'remove'],
}
const MATCHERS = ['kind', 'endpoint', 'path', 'method', 'times', 'after']

/** The faults that are set. To a request, at most one is applied: the oldest one that matches. */
export class FaultQueue {
  readonly #endpoints: Endpoints
  #entries: Entry[] = []
  #lastId = 0

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints
  }

  add(spec: FaultSpec): Fault {
    checkFault(spec)
    const { endpoint } = spec
    if (endpoint !== undefined && !endpoint.endsWith(' /files/{id}') && !this.#endpoints.has(endpoint)) {
      throw new TypeError(`fault: "endpoint" ${JSON.stringify(endpoint)} is not a route of the sandbox`)
    }
    this.#lastId += 1
    const entry: Entry = { id: this.#lastId, spec: { ...spec }, held: [], skipped: 0, hits: 0 }
    this.#entries.push(entry)
    return {
      id: entry.id,
      get hits() {
        return entry.hits
      },
      clear: () => this.#clear(other => other === entry),
    }
  }

  list(): { id: number; hits: number; spec: FaultSpec }[] {
    return this.#entries.map(({ id, hits, spec }) => ({ id, hits, spec }))
  }

  clear(): void {
    this.#clear(() => true)
  }

  take(target: FaultTarget): Strike | undefined {
    for (const entry of this.#entries) {
      const { times = 1, after = 0 } = entry.spec
      if (entry.hits >= times || !strikes(entry.spec, target)) continue
      if (entry.skipped < after) {
        entry.skipped += 1
        continue
      }
      entry.hits += 1
      return { spec: entry.spec, untilCleared: then => entry.held.push(then) }
    }
    return undefined
  }

  #clear(chosen: (entry: Entry) => boolean): void {
    const cleared = this.#entries.filter(chosen)
    this.#entries = this.#entries.filter(entry => !cleared.includes(entry))
    for (const letGo of cleared.flatMap(entry => entry.held)) letGo()
  }
}

function strikes(match: FaultMatch, target: FaultTarget): boolean {
  return (
    (match.endpoint === undefined || sameEndpoint(match.endpoint, target.endpoint)) &&
    (match.path === undefined || target.path.startsWith(match.path)) &&
    (match.method === undefined || match.method.toUpperCase() === target.method)
  )
}

/** Checks a fault. Throws a TypeError that names what is wrong. */
function checkFault(spec: FaultSpec): void {
  const fields: Record<string, unknown> = { ...spec }
  const allowed = KINDS[spec.kind]
  if (!allowed) throw new TypeError(`fault: "kind" must be one of ${Object.keys(KINDS).join(', ')}`)
  for (const name of Object.keys(fields)) {
    if (!allowed.includes(name) && !MATCHERS.includes(name)) {
      throw new TypeError(`fault: "${name}" is unknown for kind ${spec.kind}`)
    }
  }
  const demand = (name: string, holds: (value: unknown) => boolean, expected: string, required = false) => {
    const value = fields[name]
    if (value === undefined ? required : !holds(value)) throw new TypeError(`fault: "${name}" must be ${expected}`)
  }
  const text = (value: unknown) => typeof value === 'string' && value !== ''
  const whole = (value: unknown) => Number.isInteger(value) && Number(value) >= 0
  demand('endpoint', text, 'a method and a path template')
  demand('path', value => text(value) && String(value).startsWith('/'), 'a path that begins with /')
  demand('method', text, 'an HTTP method')
  demand('times', value => value === Number.POSITIVE_INFINITY || (whole(value) && value !== 0), 'a count above 0')
  demand('after', whole, 'a count')
  demand('ms', value => Number.isFinite(value) && Number(value) >= 0, 'milliseconds', spec.kind === 'delay')
  demand('when', value => value === 'before' || value === 'after', '"before" or "after"')
  const status = (value: unknown) => whole(value) && Number(value) >= 200 && Number(value) <= 599
  demand('status', status, 'an HTTP status from 200 to 599', spec.kind === 'status')
  demand('body', () => true, 'given', spec.kind === 'answer')
}
