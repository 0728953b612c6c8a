import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { apiError } from './errors.js'
import { queryOf } from './query.js'

const MARK = Buffer.from([0xff, 0xef, 0xbe])

/** The names and the limits of a route's page parameters. */
export interface PageRules {
  /** The name of the list, which distinguishes its page ids from those of other lists. */
  resource: string
  /** The query parameter for the page size. Default: `limit`. */
  sizeParameter?: string
  /** The query parameter for the page id. Default: `pageId`. */
  cursorParameter?: string
  /** The page size of a request that does not name one. Default: 10. */
  defaultSize?: number
  /** The maximum page size, to which larger ones are reduced. Default: 100. */
  maxSize?: number
}

/** A page of a list. */
export interface Page<Row> {
  rows: Row[]
  size: number
  start: number
  /** The id of the next page; absent on the last page. */
  nextPageId?: string
}

/** Returns the page of `rows` that a request asks for by page id. */
export function cursorPage<Row>(request: FastifyRequest, rows: readonly Row[], rules: PageRules): Page<Row> {
  const query = queryOf(request)
  const size = pageSize(query, rules)
  const cursor = query.get(rules.cursorParameter ?? 'pageId')
  const start = cursor === null ? 0 : decodePageId(rules.resource, cursor)
  const next = start + size
  return {
    rows: rows.slice(start, next),
    size,
    start,
    ...(next < rows.length && { nextPageId: encodePageId(rules.resource, next) }),
  }
}

/** Returns the page of `rows` that a request asks for by offset. */
export function offsetPage<Row>(request: FastifyRequest, rows: readonly Row[], rules: PageRules): Page<Row> {
  const query = queryOf(request)
  const size = pageSize(query, rules)
  const start = wholeNumber(query, 'offset', 0, 0)
  return { rows: rows.slice(start, start + size), size, start }
}

/** Sets `Link: <…>; rel="next"` to the request's URL with the next page id. An empty `base` makes the link relative. */
export function linkNext(
  request: FastifyRequest,
  reply: FastifyReply,
  base: string,
  nextPageId: string | undefined,
  cursorParameter = 'pageId',
): void {
  if (nextPageId === undefined) return
  const query = queryOf(request)
  query.set(cursorParameter, nextPageId)
  const path = (request.raw.url ?? '').split('?')[0]
  reply.header('link', `<${base}${path}?${query}>; rel="next"`)
}

/** Makes a page id: Base64 that always contains `/`, `+` and `=`, so that a client must encode it in a query. */
function encodePageId(resource: string, start: number): string {
  const place = `${resource}:${start}:`
  const check = createHash('sha256').update(place).digest('hex').slice(0, 8)
  const padding = (MARK.length + place.length + check.length) % 3 === 0 ? ' ' : ''
  return Buffer.concat([MARK, Buffer.from(place + check + padding)]).toString('base64')
}

function decodePageId(resource: string, pageId: string): number {
  const start = Number(Buffer.from(pageId, 'base64').subarray(MARK.length).toString('latin1').split(':')[1])
  if (!Number.isSafeInteger(start) || encodePageId(resource, start) !== pageId) {
    throw apiError(400, 'INVALID_PAGE_ID', 'The page id is invalid')
  }
  return start
}

function pageSize(query: URLSearchParams, rules: PageRules): number {
  const { sizeParameter = 'limit', defaultSize = 10, maxSize = 100 } = rules
  return Math.min(wholeNumber(query, sizeParameter, defaultSize, 1), maxSize)
}

function wholeNumber(query: URLSearchParams, name: string, fallback: number, least: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw apiError(400, 'INVALID_PARAMETER', `"${name}" must be a whole number of at least ${least}`)
  }
  return value
}
