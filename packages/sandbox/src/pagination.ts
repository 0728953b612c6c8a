import { createHash } from 'node:crypto'
import type { Call } from './api/imitation.js'
import { SCHEMAS } from './api/schemas.js'
import { apiError } from './errors.js'

const MARK = Buffer.from([0xff, 0xef, 0xbe])
const MAX_SIZE = 100

/** What a list does differently from most lists. */
export interface ListOptions {
  /** The page size of a request that does not name one. Default: 10. */
  defaultSize?: number
  /** The origin in the `Link` to the next page. Default: none, so that the link is relative. */
  linkBase?: string
  /** Whether the answer has a `Link` although its body names the next page. Default: false. */
  linked?: boolean
}

/** A page of a list. */
export interface Page<Row> {
  rows: Row[]
  size: number
  start: number
  /** The id of the next page; absent on the last page. */
  nextPageId?: string
}

/**
 * Returns the answer of a list, with the pages that the table says: the fields of its type around the rows, or the rows
 * alone. The next page is in a `Link` if the answer's type has no field for it.
 */
export function listOf<Row>(call: Call, rows: readonly Row[], options: ListOptions = {}): unknown {
  const { pages, answer = '' } = call.operation
  const style = pages?.style ?? 'whole'
  const page: Page<Row> =
    style === 'cursor'
      ? cursorPage(call, rows, options)
      : style === 'offset'
        ? offsetPage(call, rows, options)
        : { rows: [...rows], size: rows.length, start: 0 }
  const type = SCHEMAS[answer]
  const fields = typeof type === 'object' ? Object.keys(type) : []
  if (options.linked || !fields.some(name => name === 'nextPageId' || name === 'nextPage')) {
    linkNext(call, page.nextPageId, options.linkBase)
  }
  if (answer.endsWith('[]')) return page.rows
  const { nextPageId } = page
  return {
    limit: page.size,
    // A page by id has no offset, but the table has types that require one.
    ...((style === 'offset' || isRequired(type, 'offset')) && { offset: page.start }),
    totalFound: rows.length,
    ...(nextPageId !== undefined && { nextPageId, nextPage: nextPageId }),
    content: page.rows,
  }
}

/** Returns the page of `rows` that a request asks for by page id. */
function cursorPage<Row>(call: Call, rows: readonly Row[], options: ListOptions): Page<Row> {
  const size = pageSize(call, options)
  const cursor = call.query.get(call.operation.pages?.parameter ?? 'pageId')
  const start = cursor === null ? 0 : decodePageId(call.path, cursor)
  const next = start + size
  return {
    rows: rows.slice(start, next),
    size,
    start,
    ...(next < rows.length && { nextPageId: encodePageId(call.path, next) }),
  }
}

/** Returns the page of `rows` that a request asks for by offset. */
export function offsetPage<Row>(call: Call, rows: readonly Row[], options: ListOptions = {}): Page<Row> {
  const size = pageSize(call, options)
  const start = wholeNumber(call.query, 'offset', 0, 0)
  return { rows: rows.slice(start, start + size), size, start }
}

/** Sets `Link: <…>; rel="next"` to the request's URL with the next page id. */
function linkNext({ operation, path, query, reply }: Call, nextPageId: string | undefined, base = ''): void {
  if (nextPageId === undefined) return
  const next = new URLSearchParams(query)
  next.set(operation.pages?.parameter ?? 'pageId', nextPageId)
  reply.header('link', `<${base}${path}?${next}>; rel="next"`)
}

function isRequired(type: (typeof SCHEMAS)[string] | undefined, name: string): boolean {
  return typeof type === 'object' && type[name]?.endsWith('!') === true
}

/** Makes a page id: Base64 that always contains `/`, `+` and `=`, so that a client must encode it in a query. */
function encodePageId(list: string, start: number): string {
  const place = `${start}:${createHash('sha256').update(list).digest('hex').slice(0, 8)}:`
  const check = createHash('sha256').update(place).digest('hex').slice(0, 8)
  const padding = (MARK.length + place.length + check.length) % 3 === 0 ? ' ' : ''
  return Buffer.concat([MARK, Buffer.from(place + check + padding)]).toString('base64')
}

function decodePageId(list: string, pageId: string): number {
  const start = Number(Buffer.from(pageId, 'base64').subarray(MARK.length).toString('latin1').split(':')[0])
  if (!Number.isSafeInteger(start) || encodePageId(list, start) !== pageId) {
    throw apiError(400, 'INVALID_PAGE_ID', 'The page id is invalid')
  }
  return start
}

function pageSize({ operation, query }: Call, { defaultSize = 10 }: ListOptions): number {
  const parameter = operation.pages?.size
  return parameter === undefined ? defaultSize : Math.min(wholeNumber(query, parameter, defaultSize, 1), MAX_SIZE)
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
