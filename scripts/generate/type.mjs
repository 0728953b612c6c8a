// The notation of types in `api/`.

const PLAIN = ['string', 'integer', 'number', 'boolean', 'any', 'binary']
const FORMATS = ['date', 'date-time', 'uuid', 'uri', 'email']

/**
 * Parses a type: `{ kind: 'plain', name }`, `{ kind: 'text', format }`, `{ kind: 'values', values }`,
 * `{ kind: 'schema', name }`, `{ kind: 'list', of }` or `{ kind: 'map', of }`.
 */
export function parseType(text) {
  if (text.startsWith('map ')) return { kind: 'map', of: parseType(text.slice(4)) }
  if (text.endsWith('[]')) return { kind: 'list', of: parseType(text.slice(0, -2)) }
  const values = /^\((.+)\)$/.exec(text)
  if (values) return { kind: 'values', values: values[1].split('|') }
  if (PLAIN.includes(text)) return { kind: 'plain', name: text }
  if (FORMATS.includes(text)) return { kind: 'text', format: text }
  if (/^[A-Z]\w*$/.test(text)) return { kind: 'schema', name: text }
  throw new Error(`${text} is not a type`)
}

/** Writes a type as the sources and the reference have it. */
export function writeType(type) {
  switch (type.kind) {
    case 'map':
      return `map ${writeType(type.of)}`
    case 'list':
      return `${writeType(type.of)}[]`
    case 'values':
      return `(${type.values.join('|')})`
    case 'text':
      return type.format
    default:
      return type.name
  }
}
