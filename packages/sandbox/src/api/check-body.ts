import { SCHEMAS } from './schemas.js'

/**
 * Returns what is wrong with a value of a type, or undefined if it fits. Known values and the format of ids are not
 * checked: the lists of values are not complete, and tests choose ids freely. The fields in `optional` may be absent.
 */
export function problemIn(
  type: string,
  value: unknown,
  place = '',
  optional: readonly string[] = [],
): string | undefined {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return `${quoted(place)} must be a list`
    return first(value.map((item, index) => problemIn(type.slice(0, -2), item, `${place}[${index}]`)))
  }
  if (type.startsWith('map ')) return isObject(value) ? undefined : `${quoted(place)} must be an object`
  const check = CHECKS[type]
  if (check) return check[0](value) ? undefined : `${quoted(place)} must be ${check[1]}`
  const schema = SCHEMAS[type] ?? {}
  if (typeof schema === 'string') return problemIn(schema, value, place)
  if (!isObject(value)) return `${quoted(place)} must be an object`
  return first(
    Object.entries(schema).map(([name, written]) => {
      const field = value[name]
      const inside = place === '' ? name : `${place}.${name}`
      if (field !== undefined && field !== null) return problemIn(written.replace('!', ''), field, inside)
      return written.endsWith('!') && !optional.includes(name) ? `${quoted(inside)} is required` : undefined
    }),
  )
}

type Check = [accepts: (value: unknown) => boolean, expected: string]

const text: Check = [value => typeof value === 'string', 'a string']
const date: Check = [value => typeof value === 'string' && !Number.isNaN(Date.parse(value)), 'a date']

const CHECKS: Readonly<Record<string, Check>> = {
  any: [() => true, 'a value'],
  string: text,
  uuid: text,
  date,
  'date-time': date,
  uri: [value => typeof value === 'string' && URL.canParse(value), 'a URL'],
  email: [value => typeof value === 'string' && value.includes('@'), 'an email address'],
  integer: [value => Number.isInteger(value), 'a whole number'],
  number: [value => typeof value === 'number', 'a number'],
  boolean: [value => typeof value === 'boolean', 'true or false'],
}

function first(problems: (string | undefined)[]): string | undefined {
  return problems.find(problem => problem !== undefined)
}

function quoted(place: string): string {
  return place === '' ? 'The body' : `"${place}"`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
