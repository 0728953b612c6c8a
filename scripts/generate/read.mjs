// Reads `api/`, the source of all that is generated, and refuses what contradicts itself.

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { parseType } from './type.mjs'

const COLUMNS = [
  'method',
  'path',
  'api',
  'credential',
  'scopes',
  'query',
  'body',
  'status',
  'response',
  'pages',
  'limit',
  'deprecated',
  'sources',
  'confidence',
]
const EVENT_COLUMNS = ['event', 'payload', 'link', 'sources']
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const CREDENTIALS = ['either', 'bearer', 'partner', 'public']
const CONFIDENCES = ['high', 'medium', 'low']
const SOURCES = ['OC', 'KONFIG', 'OAS24', 'DOC', 'RF']
const MEDIA_TYPES = ['json', 'json-patch', 'form', 'multipart']
/** Bodies of answers that have no schema. */
export const FILES = ['binary', 'csv', 'pdf', 'html']

/**
 * Returns `{ operations, schemas, events }`: the operations and the events in the order of their files, and the schemas
 * as a `Map` by name.
 */
export function readApi(folder = new URL('../../api/', import.meta.url)) {
  const events = readEvents(readFileSync(new URL('events.tsv', folder), 'utf8'))
  const schemas = readSchemas(readFileSync(new URL('schemas.yaml', folder), 'utf8'))
  const names = { kind: 'values', values: events.map(({ name }) => name) }
  schemas.set('SubscribedEventName', { name: 'SubscribedEventName', type: names })
  const operations = readOperations(readFileSync(new URL('operations.tsv', folder), 'utf8'))
  check(operations, schemas)
  return { operations, schemas, events }
}

/** A schema is `{ fields: Map<name, { type, required }> }`, or `{ type }` if it is not an object. */
function readSchemas(text) {
  const schemas = new Map()
  for (const [name, written] of Object.entries(parse(text))) {
    if (typeof written === 'string') {
      schemas.set(name, { name, type: parseType(written) })
      continue
    }
    const fields = new Map()
    for (const [field, type] of Object.entries(written)) {
      const required = type.endsWith('!')
      fields.set(field, { name: field, required, type: parseType(required ? type.slice(0, -1) : type) })
    }
    schemas.set(name, { name, fields })
  }
  return schemas
}

/** An event is `{ name, fields: string[], link }`: `link` is the path of what it is about, if the API still serves that. */
function readEvents(text) {
  const [head, ...lines] = text.trimEnd().split('\n')
  if (head !== EVENT_COLUMNS.join('\t')) {
    throw new Error(`events.tsv: the columns must be ${EVENT_COLUMNS.join(', ')}`)
  }
  const events = lines.map((line, index) => {
    const [name, payload, link, sources] = line.split('\t')
    const fields = payload.split(' ').map(field => /^([a-z_]+):string$/.exec(field)?.[1])
    const isKnown = sources?.split(' ').every(source => SOURCES.includes(source))
    if (!/^[a-z.-]+$/.test(name) || fields.includes(undefined) || !/^(-|\/[\w./{}-]+)$/.test(link) || !isKnown) {
      throw new Error(`events.tsv:${index + 2}: cannot be read`)
    }
    return { name, fields, link: link === '-' ? undefined : link }
  })
  const names = events.map(({ name }) => name)
  if (names.some((name, index) => index > 0 && name <= names[index - 1])) {
    throw new Error('events.tsv: the events must be sorted, and each be there once')
  }
  return events
}

function readOperations(text) {
  const [head, ...lines] = text.trimEnd().split('\n')
  if (head !== COLUMNS.join('\t')) throw new Error(`operations.tsv: the columns must be ${COLUMNS.join(', ')}`)
  return lines.map((line, index) => {
    const cells = line.split('\t')
    const where = `operations.tsv:${index + 2}`
    if (cells.length !== COLUMNS.length) throw new Error(`${where}: ${cells.length} cells, not ${COLUMNS.length}`)
    const row = Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]]))
    try {
      return operation(row)
    } catch (error) {
      throw new Error(`${where}: ${error.message}`, { cause: error })
    }
  })
}

function operation(row) {
  const { method, path, api, sources } = row
  const query = row.query === '-' ? [] : row.query.split(' ').map(parameter)
  const size = query.find(({ name }) => name === 'limit' || name === 'pageSize')?.name
  return {
    /** Such as `GET /jobs/{id}`. */
    name: `${oneOf(METHODS, method)} ${path}`,
    method,
    path,
    api,
    credential: oneOf(CREDENTIALS, row.credential),
    ...scopes(row.scopes),
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    query,
    body: body(row.body),
    /** The statuses of success, or undefined if they are unknown. */
    statuses: ['?', 'default'].includes(row.status) ? undefined : row.status.split(',').map(Number),
    response: response(row.response),
    pages: pages(row.pages, size),
    limit: limit(row.limit),
    deprecated: row.deprecated !== '-',
    /** The name of the operation that replaces a deprecated one, if there is one. */
    successor: ['-', 'yes'].includes(row.deprecated) ? undefined : row.deprecated,
    sources: sources.split(' ').map(source => oneOf(SOURCES, source)),
    confidence: oneOf(CONFIDENCES, row.confidence),
  }
}

/** `scopes` is a list of requirements, each a list of alternatives; undefined if they are not known. */
function scopes(text) {
  if (text === '-') return { scopes: undefined, inferredScopes: [] }
  const requirements = text.split(' ').map(one => one.split('|'))
  if (!text.includes('~')) return { scopes: requirements, inferredScopes: [] }
  return { scopes: undefined, inferredScopes: requirements.flat().map(scope => scope.replace('~', '')) }
}

function parameter(text) {
  const [, name, mark, type] = /^([\w-]+)(!?):(.+)$/.exec(text) ?? []
  if (name === undefined) throw new Error(`the query parameter ${text} is not written as name:type`)
  return { name, required: mark === '!', type: parseType(type) }
}

/** Undefined if there is none; its `type` is undefined if the schema is unknown. */
function body(text) {
  if (text === '-') return undefined
  const [mediaType, schema] = text.split(' ')
  return { mediaType: oneOf(MEDIA_TYPES, mediaType), type: schema === '?' ? undefined : parseType(schema) }
}

/** `{}` if the body is empty, `{ unknown: true }`, `{ file: 'csv' }`, or `{ type }`. */
function response(text) {
  if (text === '-') return {}
  if (text === '?') return { unknown: true }
  return FILES.includes(text) ? { file: text } : { type: parseType(text) }
}

function pages(text, size) {
  if (text === '-') return undefined
  const [kind, sorted] = text.split(' ')
  const [style, parameter] = kind.split(':')
  return {
    style: oneOf(['cursor', 'offset', 'number', 'whole'], style),
    /** The query parameter that names the page. */
    parameter: style === 'offset' ? 'offset' : parameter,
    /** The query parameter for the page size. */
    size,
    sort: sorted?.replace('sort=', ''),
  }
}

function limit(text) {
  if (text === '-') return {}
  const rate = /^(\d+)\/s$/.exec(text)
  if (rate) return { perSecond: Number(rate[1]) }
  const concurrent = /^(\d+) at once$/.exec(text)
  if (concurrent) return { concurrent: Number(concurrent[1]) }
  throw new Error(`the limit ${text} is neither N/s nor N at once`)
}

function oneOf(known, value) {
  if (!known.includes(value)) throw new Error(`${value} is none of ${known.join(', ')}`)
  return value
}

function check(operations, schemas) {
  const problems = []
  const names = new Set(operations.map(({ name }) => name))
  if (names.size !== operations.length) problems.push('an operation is there twice')
  const order = operations.map(({ path, method }) => [path.split('/'), METHODS.indexOf(method)])
  for (let at = 1; at < order.length; at++) {
    if (compare(order[at - 1], order[at]) >= 0) problems.push(`${operations[at].name} is not in its place`)
  }
  for (const { name, query, body, response, successor, pages } of operations) {
    for (const type of [...query.map(({ type }) => type), body?.type, response.type]) {
      for (const missing of unknownNames(type, schemas)) problems.push(`${name}: no schema ${missing}`)
    }
    if (successor !== undefined && !names.has(successor)) problems.push(`${name}: no operation ${successor}`)
    const paged = pages?.parameter
    if (paged !== undefined && !query.some(parameter => parameter.name === paged)) {
      problems.push(`${name}: its pages are named by ${paged}, which is no query parameter`)
    }
  }
  for (const schema of schemas.values()) {
    const types = schema.fields ? [...schema.fields.values()].map(({ type }) => type) : [schema.type]
    for (const missing of types.flatMap(type => unknownNames(type, schemas))) {
      problems.push(`${schema.name}: no schema ${missing}`)
    }
  }
  if (problems.length > 0) throw new Error(`api/ contradicts itself:\n${problems.join('\n')}`)
}

function compare([path, method], [otherPath, otherMethod]) {
  for (let at = 0; at < Math.max(path.length, otherPath.length); at++) {
    const [a = '', b = ''] = [path[at], otherPath[at]]
    if (a !== b) return a < b ? -1 : 1
  }
  return method - otherMethod
}

function unknownNames(type, schemas) {
  if (type === undefined) return []
  if (type.kind === 'list' || type.kind === 'map') return unknownNames(type.of, schemas)
  return type.kind === 'schema' && !schemas.has(type.name) ? [type.name] : []
}
