/** Writes records to a logger, as lines for people with the record's fields beside them. */

import { ApiError, configurationError } from '../errors.js'
import { kind, optionalChoice, reading } from '../validate.js'
import type { Records, Sink } from './sink.js'

/** The levels of log lines, from the rarest on: a logger of one level also gets the lines of those before it. */
export const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace']

/** The level of a log line. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace'

/**
 * A logger: one of pino or winston, `console`, or any object with these methods. Pino gets `(fields, message)`, winston
 * and other loggers get `(message, fields)`, and `console` gets the message alone.
 */
export interface Logger {
  /** Takes what failed for good, such as an access token that cannot be obtained. */
  error: (...line: never[]) => unknown
  /** Takes what failed, or nearly did: calls without an answer or with 401, 403, 429 or 5xx, and stores that fail. */
  warn: (...line: never[]) => unknown
  /** Takes calls with their outcome, retries, waits of more than a second, and new tokens. */
  info: (...line: never[]) => unknown
  /** Takes each request of a call. */
  debug: (...line: never[]) => unknown
}

/** A line, before it is written. */
export interface Line {
  level: LogLevel
  message: string
  fields: object
}

/** Waits within the rate limits that are longer than this are worth a line, in milliseconds. */
const LONG_WAIT = 1000

/** Passes the lines of a level, and of those before it, to `write`. */
export class LineSink implements Sink {
  readonly #most: number
  readonly #write: (line: Line) => void

  constructor(level: LogLevel, write: (line: Line) => void) {
    this.#most = LEVELS.indexOf(level)
    this.#write = write
  }

  take<Kind extends keyof Records>(kind: Kind, record: Records[Kind]): void {
    const line = LINES[kind](record)
    if (LEVELS.indexOf(line.level) <= this.#most) this.#write(line)
  }
}

/** How each kind of record becomes a line. */
const LINES: { [Kind in keyof Records]: (record: Records[Kind]) => Line } = {
  call({ method, template, status, attempts, durationMs, requestId, error }) {
    const fields = { method, template, status, attempts, durationMs, requestId, ...failure(error) }
    const code = 'errorCode' in fields ? fields.errorCode : undefined
    const outcome = [status, code].filter(part => part !== undefined).join(' ') || 'aborted'
    const times = attempts === 1 ? '' : `, ${attempts} attempts`
    const id = requestId === undefined ? '' : `, request ${requestId}`
    const message = `${method} ${template}: ${outcome} in ${durationMs} ms${times}${id}`
    const isBad = code !== undefined && !isAnswerToThisCall(status)
    return { level: isBad ? 'warn' : 'info', message, fields }
  },
  attempt(record) {
    const { method, template, attempt, status, errorCode, next, retryDelayMs } = record
    const outcome = `${method} ${template}: attempt ${attempt}: ${status ?? errorCode ?? 'unfinished'}`
    if (next === 'end') return { level: 'debug', message: outcome, fields: record }
    const after = retryDelayMs === undefined ? 'with a new token' : `in ${retryDelayMs} ms`
    return { level: 'info', message: `${outcome}; next ${after}`, fields: record }
  },
  queue(record) {
    const { method, template, waitMs } = record
    const message = `${method} ${template}: waited ${waitMs} ms for its turn`
    return { level: waitMs > LONG_WAIT ? 'info' : 'trace', message, fields: record }
  },
  limit(record) {
    const { method, template, pauseMs } = record
    const pause = pauseMs === undefined ? '' : `; it is paused for ${pauseMs} ms`
    return { level: 'warn', message: `${method} ${template}: 429${pause}`, fields: record }
  },
  token({ error, ...token }) {
    const { credential, id, durationMs, expiresInMs } = token
    const fields = { ...token, ...failure(error) }
    const of = `${credential} ${id}`
    if (error !== undefined) return { level: 'error', message: `no access token for ${of}: ${error.message}`, fields }
    const message = `access token for ${of} in ${durationMs} ms, valid for ${Math.round((expiresInMs ?? 0) / 1000)} s`
    return { level: 'info', message, fields }
  },
  renewal({ error, ...renewal }) {
    const { grantId, outcome, daysLeft } = renewal
    const fields = { ...renewal, ...failure(error) }
    const why = error === undefined ? '' : `: ${error.message}`
    const days = daysLeft === undefined ? '' : ` in less than ${daysLeft} days`
    const level = outcome === 'renewed' ? 'info' : outcome === 'reauthorizationRequired' ? 'error' : 'warn'
    return { level, message: `grant ${grantId}: ${outcome}${days}${why}`, fields }
  },
  store({ operation, error }) {
    return { level: 'warn', message: error.message, fields: { operation, ...failure(error) } }
  },
  webhook({ error, ...webhook }) {
    const { outcome, id, event, durationMs } = webhook
    const about = [event, id].filter(part => part !== undefined).join(' ')
    const fields = { ...webhook, ...failure(error) }
    const message = `webhook${about && ` ${about}`}: ${outcome} in ${Math.round(durationMs)} ms`
    return { level: outcome === 'accepted' || outcome === 'handled' ? 'info' : 'warn', message, fields }
  },
  warning({ code, message }) {
    return { level: 'warn', message, fields: { code } }
  },
}

/**
 * Whether the status is about what this one call asked for, such as 404 or 422, which programs expect. 401, 403 and 429
 * are about the credential and the limits, and so about calls to come.
 */
function isAnswerToThisCall(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500 && ![401, 403, 429].includes(status)
}

/** What a line says of an error. The API's own words are left out: they may be about a person. */
function failure(error: unknown): { errorCode: string; error?: string } | object {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') return {}
  const isOurs = 'message' in error && !(error instanceof ApiError)
  return { errorCode: error.code, ...(isOurs && { error: error.message }) }
}

/** One sink for each logger and level, so that a logger of several clients gets a line once. */
const sinks = new WeakMap<object, Map<LogLevel, LineSink>>()

/** Checks the options `logger` and `logLevel`, and returns the sink for them if there is a logger. */
export function loggerSink(logger: unknown, logLevel: unknown): LineSink | undefined {
  const level = optionalChoice('logLevel', logLevel, LEVELS)
  if (logger === undefined) {
    if (level !== undefined) throw configurationError('logLevel', 'must be given together with a logger')
    return undefined
  }
  const checked = loggerOf(logger)
  const known = sinks.get(checked) ?? new Map<LogLevel, LineSink>()
  sinks.set(checked, known)
  const sink = known.get(level ?? 'info') ?? new LineSink(level ?? 'info', writer(checked))
  known.set(level ?? 'info', sink)
  return sink
}

function loggerOf(logger: unknown): Logger {
  if (typeof logger !== 'object' || logger === null) {
    throw configurationError('logger', `must be a logger, such as one of pino or winston, but is ${kind(logger)}`)
  }
  for (const level of ['error', 'warn', 'info', 'debug'] as const) {
    if (typeof reading('logger', () => (logger as Partial<Logger>)[level]) !== 'function') {
      throw configurationError(`logger.${level}`, 'is not a method; a logger has error, warn, info and debug')
    }
  }
  return logger as Logger
}

/** Returns how lines are written to a logger of this shape. */
function writer(logger: Logger): (line: Line) => void {
  const methods = logger as unknown as Record<LogLevel, ((...line: unknown[]) => unknown) | undefined>
  // The `trace` of a console prints a stack, and winston has none.
  const methodOf = (level: LogLevel) => (level === 'trace' && !takesFieldsFirst(logger) ? 'debug' : level)
  if (takesFieldsFirst(logger)) {
    return ({ level, message, fields }) => methods[methods[level] ? level : 'debug']?.(fields, message)
  }
  if (isConsole(logger)) return ({ level, message }) => methods[methodOf(level)]?.(`smartrecruiters: ${message}`)
  return ({ level, message, fields }) => methods[methodOf(level)]?.(message, fields)
}

/** Whether it is a logger of pino or bunyan. */
function takesFieldsFirst(logger: object): boolean {
  return ['bindings', 'addStream'].some(name => typeof (logger as Record<string, unknown>)[name] === 'function')
}

function isConsole(logger: object): boolean {
  return typeof (logger as Record<string, unknown>).table === 'function'
}
