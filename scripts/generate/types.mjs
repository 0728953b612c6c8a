// Makes `lib/api.ts`, the TypeScript types of the API: its objects and its operations; and `lib/paths.ts`, their paths.

const WIDTH = 120
/**
 * What the body of an answer without a schema becomes, by its usual content type: text is a string, all else is bytes.
 * A file that a user has uploaded may be either.
 */
const FILES = { binary: ['Uint8Array', 'string'], csv: ['string'], html: ['string'], pdf: ['Uint8Array'] }

export function types({ operations, schemas }) {
  return {
    'lib/api.ts': `/**
 * The types of the SmartRecruiters API: its operations and its objects. There is nothing here at run time.
 *
 * Generated from \`api/\` by \`npm run generate\`.
 *
 * @packageDocumentation
 */

/** The name of an operation: its method and its path, such as \`GET /jobs/{id}\`. */
export type OperationName = keyof Operations

/**
 * The operations of the API by their names. Each has \`params\` and \`query\` if it takes any, its body as the option that
 * sends it (\`json\`, \`form\` or \`body\`), the \`response\` that a call resolves with, and the \`item\` of a list.
 */
export interface Operations {
${operations.map(one => operation(one, schemas)).join('')}}

/**
 * An object of the API. It may have fields that these types do not list: they are \`unknown\`. Fields that the API may
 * leave out are optional.
 */
export interface ApiObject {
  [field: string]: unknown
}

${[...schemas.values()].map(schema).join('\n')}`,
    'lib/paths.ts': paths(operations),
  }
}

function paths(operations) {
  const methods = [...new Set(operations.map(({ method }) => method))]
  const texts = selected => selected.map(({ path }) => `'${path}'`)
  const pathsOf = method =>
    union(`  ${method}:`, texts(operations.filter(operation => operation.method === method)), '  ')
  const lists = operations.filter(({ pages }) => pages !== undefined)
  const templates = operations.filter(({ parameters }) => parameters.length > 0)
  const names = templates.map(({ name }) => `  '${name.replace(/\{\w+\}/g, '{}')}': '${name}'`)
  return `/**
 * The paths of the API, listed: a compiler would take a third of a second to find them in the names of the operations.
 *
 * Generated from \`api/\` by \`npm run generate\`.
 */

/** The paths of each method. */
export interface PathsOf {
${methods.map(pathsOf).join('\n')}
}

/** The paths of lists. */
${union('export type ListPath =', texts(lists), '')}

/** The names of operations by their names without those of placeholders. */
export interface NameOfShape {
${names.join('\n')}
}
`
}

function schema({ name, fields, type }) {
  if (fields === undefined) return `${union(`export type ${name} =`, alternatives(type), '')}\n`
  return `export interface ${name} extends ApiObject {\n${[...fields.values()].map(field).join('')}}\n`
}

function field({ name, required, type }) {
  return `${member('  ', name, required, alternatives(type))}\n`
}

/** Writes a member of an object type. What may be left out may also be undefined, and a query's parameter null. */
function member(indent, name, required, types, ...absent) {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
  if (required) return union(`${indent}${key}:`, types, indent)
  return union(`${indent}${key}?:`, types[0] === 'unknown' ? types : [...types, ...absent, 'undefined'], indent)
}

/** Writes a union in one line, or in a line for each of its types if it is long. A list among them is given as a list. */
function union(head, types, indent) {
  const line = `${head} ${types.map(type => (typeof type === 'string' ? type : readonlyList(type))).join(' | ')}`
  if (line.length <= WIDTH) return line
  const inner = `${indent}  `
  const lines = types.map(type => {
    const text = typeof type === 'string' ? type : readonlyList(type)
    if (inner.length + text.length + 2 <= WIDTH) return `${inner}| ${text}`
    return `${inner}| readonly (\n${type.map(one => `${inner}    | ${one}\n`).join('')}${inner}  )[]`
  })
  return `${head}\n${lines.join('\n')}`
}

function readonlyList(types) {
  return types.length > 1 ? `readonly (${types.join(' | ')})[]` : `readonly ${types[0]}[]`
}

function operation({ name, parameters, query, body, response, pages, statuses, deprecated, successor }, schemas) {
  const lines = []
  if (parameters.length > 0)
    lines.push(`    params: { ${parameters.map(parameter => `${parameter}: string`).join('; ')} }`)
  if (query.length > 0) lines.push('    query: {', ...query.map(parameter), '    }')
  if (body !== undefined) lines.push(...bodyOf(body))
  lines.push(union('    response:', responseOf(response, statuses), '    '))
  if (pages !== undefined) lines.push(union('    item:', itemOf(response, schemas), '    '))
  const note = deprecated ? [`  /** @deprecated${successor ? ` Use \`${successor}\`.` : ''} */`] : []
  return [...note, `  '${name}': {`, ...lines, '  }'].map(line => `${line}\n`).join('')
}

function parameter({ name, required, type }) {
  // A list repeats its parameter, so a single value is a list of one.
  const of = type.kind === 'list' ? type.of : type
  const one = of.kind === 'plain' && of.name === 'any' ? ['string', 'number', 'boolean'] : alternatives(of)
  return member('      ', name, required, type.kind === 'list' ? [...one, one] : one, 'null')
}

function bodyOf({ mediaType, type }) {
  switch (mediaType) {
    case 'multipart':
      return ['    form: FormData']
    case 'form':
      return ['    body: URLSearchParams']
    default:
      return [`    json: ${type === undefined ? 'unknown' : write(type)}`]
  }
}

function responseOf({ type, file, unknown }, statuses) {
  if (unknown) return ['unknown']
  if (file !== undefined) return FILES[file]
  if (type === undefined) return ['undefined']
  return statuses?.includes(204) ? [...alternatives(type), 'undefined'] : alternatives(type)
}

/** The type of a list's items: those of the answer itself, or of its only field that is a list. */
function itemOf({ type }, schemas) {
  if (type === undefined) return ['unknown']
  if (type.kind === 'list') return alternatives(type.of)
  const { name, fields } = schemas.get(type.name)
  const lists = [...fields.values()].filter(({ type }) => type.kind === 'list')
  if (lists.length !== 1) throw new Error(`${name} has ${lists.length} fields with lists, not one`)
  return alternatives(lists[0].type.of)
}

/** The types that a union of the type has. Known values of a text are completed, and others are accepted. */
function alternatives(type) {
  switch (type.kind) {
    case 'values':
      return [...type.values.map(value => `'${value}'`), '(string & {})']
    case 'list': {
      const of = alternatives(type.of)
      return [of.length > 1 ? `(${of.join(' | ')})[]` : `${of[0]}[]`]
    }
    case 'map':
      return [`{ [key: string]: ${write(type.of)} }`]
    case 'text':
      return ['string']
    case 'schema':
      return [type.name]
    default:
      return [{ integer: 'number', any: 'unknown', binary: 'Blob' }[type.name] ?? type.name]
  }
}

function write(type) {
  return alternatives(type).join(' | ')
}
