/** The headers of a webhook request, as every server hands them over. */

import { configurationError, webhookError } from '../errors.js'
import { isList, kind, membersOf, reading } from '../validate.js'

/**
 * The headers of a request: a `Headers` object, the `headers` of `node:http`, Express or Fastify, a list of pairs, or an
 * object with names in any spelling. A header may have several values.
 */
export type WebhookHeaders =
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** The headers that matter, each empty if it is missing. */
export interface DeliveryHeaders {
  signature: string
  timestamp: string
  id: string
  name: string
  version: string
  link: string
}

const NAMES = {
  signature: 'smartrecruiters-signature',
  timestamp: 'smartrecruiters-timestamp',
  id: 'event-id',
  name: 'event-name',
  version: 'event-version',
  link: 'link',
} as const

type Lines = ReadonlyMap<string, readonly string[]>

/** Reads the headers that matter. */
export function deliveryHeaders(headers: unknown): DeliveryHeaders {
  return reading('headers', () => usual(headers)) ?? any(headers)
}

/** Headers as nearly every server hands them over: text by names in lower case. */
function usual(headers: unknown): DeliveryHeaders | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const read = membersOf(headers, Object.values(NAMES))
  const found: DeliveryHeaders = {
    signature: read[NAMES.signature] as string,
    timestamp: read[NAMES.timestamp] as string,
    id: read[NAMES.id] as string,
    name: read[NAMES.name] as string,
    version: read[NAMES.version] as string,
    link: read[NAMES.link] as string,
  }
  // One that is missing may be there in another spelling.
  for (const value of Object.values(found)) if (typeof value !== 'string') return undefined
  return found
}

function any(headers: unknown): DeliveryHeaders {
  const lines = linesOf(headers)
  return {
    // Each line has signatures of its own.
    signature: (lines.get(NAMES.signature) ?? []).join(';'),
    timestamp: only(lines, NAMES.timestamp),
    id: only(lines, NAMES.id),
    name: only(lines, NAMES.name),
    version: only(lines, NAMES.version),
    link: only(lines, NAMES.link),
  }
}

/** The one value of a header. A proxy may repeat it, but two values would leave open which of them was signed. */
function only(lines: Lines, name: string): string {
  const [value = '', ...others] = lines.get(name) ?? []
  if (others.some(other => other !== value)) throw webhookError('malformedHeader')
  return value
}

function linesOf(headers: unknown): Lines {
  if (typeof headers !== 'object' || headers === null) {
    throw configurationError('headers', `must be the headers of the request, but is ${kind(headers)}`)
  }
  return reading('headers', () => {
    const lines = new Map<string, string[]>()
    for (const [name, value] of entriesOf(headers)) {
      const key = spelling(name)
      for (const each of isList(value) ? value : [value]) {
        if (typeof each === 'string') lines.set(key, [...(lines.get(key) ?? []), each.trim()])
      }
    }
    return lines
  })
}

function entriesOf(headers: object): Iterable<readonly [unknown, unknown]> {
  const iterable = headers as Partial<Iterable<readonly [unknown, unknown]>>
  return typeof iterable[Symbol.iterator] === 'function'
    ? (iterable as Iterable<readonly [unknown, unknown]>)
    : Object.entries(headers)
}

/** `Event-Id`, `EVENT_ID` and `HTTP_EVENT_ID` are one header: gateways hand them over as variables. */
function spelling(name: unknown): string {
  return String(name)
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^http-/, '')
}
