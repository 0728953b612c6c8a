// Makes the tables of the sandbox: the operations, and the fields of their bodies.

import { writeType } from './type.mjs'

const HEAD = '// Generated from `api/` by `npm run generate`. Do not edit.\n'

/** Returns the texts of the sandbox's generated files by their paths. */
export function sandbox({ operations, schemas }) {
  return {
    'packages/sandbox/src/api/operations.ts': operationsFile(operations),
    'packages/sandbox/src/api/schemas.ts': schemasFile(schemas),
  }
}

function operationsFile(operations) {
  const entries = operations.map(operation => {
    const { name, credential, scopes, query, body, statuses, response, pages, limit } = operation
    const required = query.filter(parameter => parameter.required).map(parameter => parameter.name)
    const facts = {
      access: credential,
      scopes: scopes?.length > 0 ? scopes : undefined,
      required: required.length > 0 ? required : undefined,
      body: body?.type && body.mediaType === 'json' ? kind(body.type) : undefined,
      status: statuses?.[0],
      answer: response.type && kind(response.type),
      pages: pages && { style: pages.style, parameter: pages.parameter, size: pages.size },
      limit: Object.keys(limit).length > 0 ? limit : undefined,
    }
    const lines = Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([fact, value]) => `    ${fact}: ${literal(value)},\n`)
    return `  '${name}': {\n${lines.join('')}  },\n`
  })
  return `${HEAD}
import type { Operation } from './operation.js'

/** All operations of the vendor's API by method and path. */
export const OPERATIONS = {
${entries.join('')}} satisfies Record<string, Operation>
`
}

function schemasFile(schemas) {
  const entries = [...schemas.values()].map(({ name, fields, type }) => {
    if (!fields) return `  ${name}: '${kind(type)}',\n`
    const lines = [...fields.values()].map(
      ({ name, type, required }) => `    ${name}: '${kind(type)}${required ? '!' : ''}',\n`,
    )
    return `  ${name}: {\n${lines.join('')}  },\n`
  })
  return `${HEAD}
/** The types of all schemas: the types of their fields, with \`!\` after those that are required. */
export const SCHEMAS: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
${entries.join('')}}
`
}

/** Writes a type without its known values, because the sandbox accepts others too. */
function kind(type) {
  if (type.kind === 'values') return 'string'
  if (type.kind === 'list') return `${kind(type.of)}[]`
  return type.kind === 'map' ? `map ${kind(type.of)}` : writeType(type)
}

function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object') return typeof value === 'string' ? `'${value}'` : String(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{ ${fields.map(([name, field]) => `${name}: ${literal(field)}`).join(', ')} }`
}
