import { isGiven } from '../state/given-data.js'
import { SCHEMAS } from './schemas.js'

/**
 * Returns a value with only the fields that its type has, so that routes may return whole records. Records that the
 * user has given are returned unchanged.
 */
export function fit(type: string | undefined, value: unknown): unknown {
  if (type === undefined || typeof value !== 'object' || value === null) return value
  if (type.endsWith('[]')) return Array.isArray(value) ? value.map(item => fit(type.slice(0, -2), item)) : value
  const schema = SCHEMAS[type]
  if (schema === undefined || typeof schema === 'string') return fit(schema, value)
  if (isGiven(value)) return value
  const known = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const written = Object.hasOwn(schema, name) ? schema[name] : undefined
    return written === undefined ? [] : [[name, fit(written.replace('!', ''), field)]]
  })
  return Object.fromEntries(known)
}
