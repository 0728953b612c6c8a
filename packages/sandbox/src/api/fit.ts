import { isGiven } from '../state/given-data.js'
import { SCHEMAS } from './schemas.js'

/** The fields of an object type, each with its own type if that is an object or a list of objects. */
type Shape = ReadonlyMap<string, string | undefined>

/** The shapes that were needed so far: reading them from the table anew takes longer than the rest of an answer. */
const shapes = new Map<string, Shape | undefined>()

/**
 * Returns a value with only the fields that its type has, so that routes may return whole records. Records that the
 * user has given are returned unchanged.
 */
export function fit(type: string | undefined, value: unknown): unknown {
  if (type === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return type.endsWith('[]') ? value.map(item => fit(type.slice(0, -2), item)) : value
  const shape = shapeOf(type)
  if (!shape || isGiven(value)) return value
  const fitting: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) {
    if (shape.has(name)) fitting[name] = fit(shape.get(name), field)
  }
  return fitting
}

function shapeOf(type: string): Shape | undefined {
  if (shapes.has(type)) return shapes.get(type)
  const schema = SCHEMAS[type]
  const shape =
    typeof schema === 'object'
      ? new Map(Object.entries(schema).map(([name, written]) => [name, nested(written.replace('!', ''))]))
      : undefined
  shapes.set(type, shape)
  return shape
}

function nested(type: string): string | undefined {
  return typeof SCHEMAS[type.replace('[]', '')] === 'object' ? type : undefined
}
