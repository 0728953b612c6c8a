import type { IncomingMessage, ServerResponse } from 'node:http'
import { captureAnswer } from './captured-answer.js'
import { defaultErrorBody } from './errors.js'
import type { RawAnswer, Strike } from './faults.js'

const NONSENSE = '<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>'

/** Runs `then` after `ms` milliseconds, unless the sandbox closes first. */
export type Delay = (ms: number, then: () => void) => void

/** Applies a fault to one request. `process` passes the request to the routes. */
export function applyFault(
  { spec: fault, untilCleared }: Strike,
  request: IncomingMessage,
  response: ServerResponse,
  process: () => void,
  delay: Delay,
): void {
  const after = (settle: (body: Buffer) => void) => {
    captureAnswer(response, settle)
    process()
  }
  const drop = (ms = 0) => {
    if (ms === 0) request.socket.destroy()
    else delay(ms, () => request.socket.destroy())
  }
  switch (fault.kind) {
    case 'dropBefore':
      drop(fault.ms)
      return
    case 'dropAfter':
      after(() => drop(fault.ms))
      return
    case 'delay':
      if (fault.when === 'after') after(body => delay(fault.ms, () => response.end(body)))
      else delay(fault.ms, process)
      return
    case 'hold':
      if (fault.when === 'after') after(body => untilCleared(() => response.end(body)))
      else untilCleared(process)
      return
    case 'truncate':
      after(body => truncate(response, body))
      return
    case 'status': {
      const send = () => answer(response, fault.status, fault, defaultErrorBody(fault.status))
      if (fault.when === 'after') after(send)
      else send()
      return
    }
    case '429':
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter))
      answer(response, 429, {}, defaultErrorBody(429))
      return
    case 'malformed':
      answer(response, fault.status ?? 200, { ...fault, contentType: fault.contentType ?? 'text/html' }, NONSENSE)
      return
    case 'answer':
      after(() => answer(response, fault.status ?? 200, fault, ''))
      return
    case 'merge':
      after(body => merge(response, body, fault.fields ?? {}, fault.remove ?? []))
      return
    default:
      // The compiler fails here if a new kind is not handled.
      fault satisfies never
  }
}

function answer(response: ServerResponse, status: number, given: RawAnswer, fallback: unknown): void {
  const body = given.body === undefined ? fallback : given.body
  response.statusCode = status
  response.setHeader('content-type', given.contentType ?? 'application/json')
  for (const [name, value] of Object.entries(given.headers ?? {})) response.setHeader(name, value)
  send(response, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
}

function merge(
  response: ServerResponse,
  body: Buffer,
  fields: Record<string, unknown>,
  remove: readonly string[],
): void {
  const successful = response.statusCode >= 200 && response.statusCode < 300
  const answered: unknown = successful ? parsed(body) : undefined
  if (typeof answered !== 'object' || answered === null || Array.isArray(answered)) {
    response.end(body)
    return
  }
  const merged = Object.entries({ ...answered, ...fields }).filter(([name]) => !remove.includes(name))
  send(response, Buffer.from(JSON.stringify(Object.fromEntries(merged))))
}

function truncate(response: ServerResponse, body: Buffer): void {
  // An empty body cannot be truncated, so such an answer announces one byte that is never sent.
  response.setHeader('content-length', Math.max(body.length, 1))
  response.flushHeaders()
  const half = body.subarray(0, Math.floor(body.length / 2))
  response.write(half, () => response.socket?.destroySoon())
}

function send(response: ServerResponse, body: Buffer): void {
  response.removeHeader('transfer-encoding')
  response.setHeader('content-length', body.length)
  response.end(body)
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
