/**
 * Checks what callers give before any of it reaches the addon, whose conversions would print a value that they refuse.
 * Every failure is a `ConfigurationError` that names the field and the remedy, and never the value.
 */

import { configurationError } from './errors.js'
import { isA, types } from './platform.js'

/** The longest timer of the platform, in milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1
/** The last instant of a `Date`, in milliseconds since the Unix epoch. */
const LAST_INSTANT = 8_640_000_000_000_000

/** An options object with no keys but `known`: a misspelt option would be ignored in silence. */
export function optionsObject<Key extends string>(
  field: string,
  value: unknown,
  known: readonly Key[],
): Record<Key, unknown> {
  const options = record(field, value)
  for (const key of Object.keys(options)) {
    if (!known.includes(key as Key)) {
      throw configurationError(printable(key), `is not an option of ${field}; its options are ${known.join(', ')}`)
    }
  }
  return options as Record<Key, unknown>
}

/** The tags of objects whose properties are their content: those of a `Map` or a `Date` would be none. */
const RECORDS = ['[object Object]', '[object Module]']

/** An object with properties: no array, function, `Map` or the like. */
export function record(field: string, value: unknown): Record<string, unknown> {
  if (!RECORDS.includes(Object.prototype.toString.call(value))) {
    throw configurationError(field, `must be an object, but is ${kind(value)}`)
  }
  return value as Record<string, unknown>
}

/** A string that is not empty. */
export function string(field: string, value: unknown): string {
  if (typeof value !== 'string') {
    const hint = value === undefined ? '; is its environment variable set?' : ''
    throw configurationError(field, `must be a string, but is ${kind(value)}${hint}`)
  }
  if (value === '') throw configurationError(field, 'must not be empty')
  return value
}

/** A string that is not empty, or nothing. */
export function optionalString(field: string, value: unknown): string | undefined {
  return value === undefined ? undefined : string(field, value)
}

/** A URL as text, or nothing. */
export function optionalUrl(field: string, value: unknown): string | undefined {
  return optionalString(field, isA('URL', value) ? value.href : value)
}

/** One of `choices`, or nothing. */
export function optionalChoice<const Choice extends string>(
  field: string,
  value: unknown,
  choices: readonly Choice[],
): Choice | undefined {
  if (value === undefined) return undefined
  if (!choices.includes(value as Choice)) {
    throw configurationError(field, `must be ${choices.map(choice => `'${choice}'`).join(' or ')}`)
  }
  return value as Choice
}

/** A boolean, or `fallback`. */
export function boolean(field: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw configurationError(field, `must be true or false, but is ${kind(value)}`)
  return value
}

/** Whole milliseconds above zero, or `fallback`. */
export function milliseconds(field: string, value: unknown, fallback: number): number {
  return integer(field, value, 1, LONGEST_TIMEOUT, fallback)
}

/** A whole number from `least` to `most`, or `fallback`. */
export function integer(field: string, value: unknown, least: number, most: number, fallback: number): number {
  if (value === undefined) return fallback
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw configurationError(field, `must be a whole number from ${least} to ${most}`)
  }
  return value as number
}

/** A point in time, as milliseconds since the Unix epoch, or nothing. */
export function optionalDate(field: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  const time = types.isDate(value) ? value.getTime() : value
  if (typeof time !== 'number' || !(time >= 0 && time <= LAST_INSTANT)) {
    throw configurationError(field, 'must be a Date, or milliseconds since the Unix epoch')
  }
  return time
}

/** A list of strings; an empty one if nothing. */
export function strings(field: string, value: unknown): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw configurationError(field, `must be a list of strings, but is ${kind(value)}`)
  return value.map((entry, index) => string(`${field}[${index}]`, entry))
}

/** A signal, or nothing. Judged by its shape: test runners have realms of their own. */
export function optionalSignal(field: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined
  const signal = value as AbortSignal
  const methods = [signal.throwIfAborted, signal.addEventListener, signal.removeEventListener]
  if (methods.some(method => typeof method !== 'function')) {
    throw configurationError(field, `must be an AbortSignal, with \`throwIfAborted\`, but is ${kind(value)}`)
  }
  return signal
}

/** The properties that have a value: to the addon, `undefined` is not the same as nothing. */
export function given<T extends object>(properties: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}

/** What a value is, without showing it. */
export function kind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`
  if (types.isMap(value)) return 'a Map'
  return types.isSet(value) ? 'a Set' : 'an object'
}

function printable(key: string): string {
  return key.replace(/[^\x20-\x7e]/g, '').slice(0, 64)
}
