/** Request fields of the command line: `-f key=value` and `-F key=@file`. */

import { UsageError } from '../failure.js'

/** A field: its value is text, or what `key:=JSON` stands for. */
export interface Field {
  readonly key: string
  readonly value: unknown
}

/** Parses `key=value` and `key:=JSON`. */
export function parseField(text: string): Field {
  const at = text.indexOf('=')
  if (at < 1 || text.startsWith(':=')) throw new UsageError('-f must be key=value, or key:=JSON')
  if (text[at - 1] !== ':') return { key: text.slice(0, at), value: text.slice(at + 1) }
  const key = text.slice(0, at - 1)
  try {
    return { key, value: JSON.parse(text.slice(at + 1)) }
  } catch {
    // The parser's message would quote the value.
    throw new UsageError(`-f ${key}:= must be followed by JSON`)
  }
}

/** Takes the values of the placeholders of `path` out of `fields`. */
export function parameters(path: string, fields: readonly Field[]): { params: Record<string, string>; rest: Field[] } {
  const names = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name))
  const params = new Map<string, string>()
  const rest: Field[] = []
  for (const field of fields) {
    if (names.has(field.key)) params.set(field.key, scalar(field))
    else rest.push(field)
  }
  const missing = [...names].find(name => name !== undefined && !params.has(name))
  if (missing !== undefined) throw new UsageError(`the path needs a value for {${missing}}: add -f ${missing}=…`)
  return { params: Object.fromEntries(params), rest }
}

/** Returns the fields as query parameters. */
export function queryOf(fields: readonly Field[]): URLSearchParams {
  const query = new URLSearchParams()
  for (const { key, value } of fields) {
    for (const entry of Array.isArray(value) ? value : [value]) query.append(key, scalar({ key, value: entry }))
  }
  return query
}

/** Returns the fields as an object. `a.b` is the field `b` of the object `a`; a repeated key makes a list. */
export function objectOf(fields: readonly Field[]): Record<string, unknown> {
  const values = new Map<string, unknown[]>()
  for (const { key, value } of fields) values.set(key, [...(values.get(key) ?? []), value])
  // Without a prototype, so that `__proto__` is a key like any other.
  const object: Record<string, unknown> = Object.create(null)
  for (const [key, list] of values) {
    const path = key.split('.')
    const last = path.pop() ?? key
    const parent = path.reduce((inner, name) => objectAt(inner, name, key), object)
    if (last in parent) throw new UsageError(`-f ${key}: ${last} has another value already`)
    parent[last] = list.length > 1 ? list : list[0]
  }
  return object
}

function objectAt(object: Record<string, unknown>, name: string, key: string): Record<string, unknown> {
  object[name] ??= Object.create(null)
  const inner = object[name]
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) {
    throw new UsageError(`-f ${key}: ${name} has another value already`)
  }
  return inner as Record<string, unknown>
}

function scalar({ key, value }: Field): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new UsageError(`-f ${key}: text, a number, or true or false is needed here`)
}
