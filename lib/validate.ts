/**
 * Checks the arguments of callers before they reach the addon, whose conversions would print the values that they
 * refuse. Every failure is a `ConfigurationError` that names the field and the remedy, and never the value.
 */

import { configurationError, SmartRecruitersError } from './errors.js'
import { bare, members } from './members.js'
import { isA, types } from './platform.js'

export { bare } from './members.js'

/** The longest timer of the platform, in milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1
/** The last instant of a `Date`, in milliseconds since the Unix epoch. */
const LAST_INSTANT = 8_640_000_000_000_000

/**
 * Checks an object of options and returns the known ones. An unknown key is an error: a misspelt option would otherwise
 * be ignored silently. `hints` say what to give instead of certain unknown keys.
 */
export function optionsObject<Key extends string>(
  field: string,
  value: unknown,
  known: readonly Key[],
  hints: Readonly<Record<string, string>> = {},
): Record<Key, unknown> {
  const options = objectOf(field, value)
  for (const key of reading(field, () => Object.keys(options))) {
    if (!known.includes(key as Key)) {
      const hint = Object.hasOwn(hints, key) ? hints[key] : meant(key, known)
      const problem = `is not an option of ${field}${hint ? `; ${hint}` : ''}; its options are ${known.join(', ')}`
      throw configurationError(printable(key), problem)
    }
  }
  return membersOf(options, known)
}

/** Returns the named properties of an object of the caller, as {@link members} does. */
export function membersOf<Key extends string>(value: object, names: readonly Key[]): Record<Key, unknown> {
  return members(value, names, reading)
}

/**
 * Runs `read`, which only reads a value of the caller. If a getter or a `Proxy` throws, the caller's argument is wrong:
 * the result is a `ConfigurationError` about `field` with this `problem`.
 */
export function reading<T>(
  field: string,
  read: () => T,
  problem = 'cannot be read: it is a revoked Proxy, or one of its getters throws',
): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof SmartRecruitersError) throw error
    throw configurationError(field, problem)
  }
}

/** The tags of objects whose content is in their properties, unlike that of a `Map` or a `Date`. */
const RECORDS = ['[object Object]', '[object Module]']

/** Returns the own properties of a plain object: not of an array, a function, a `Map` or the like. */
export function record(field: string, value: unknown): Record<string, unknown> {
  const properties = objectOf(field, value)
  return reading(field, () => bare(properties as Record<string, unknown>))
}

/** Checks that a value is an object with its content in its properties. */
export function objectOf(field: string, value: unknown): object {
  if (!reading(field, () => RECORDS.includes(Object.prototype.toString.call(value)))) {
    throw configurationError(field, `must be an object, but is ${kind(value)}`)
  }
  return value as object
}

/**
 * Checks that a value is a string that is not empty and that the core and every store can hold. `remedy` says what to
 * do if the value is missing.
 */
export function string(field: string, value: unknown, remedy?: string): string {
  if (typeof value !== 'string') {
    const hint = value === undefined && remedy !== undefined ? `; ${remedy}` : ''
    throw configurationError(field, `must be a string, but is ${kind(value)}${hint}`)
  }
  if (value === '') throw configurationError(field, 'must not be empty')
  if (value.includes('\0')) {
    throw configurationError(field, 'must not contain the character U+0000, which some stores cannot store')
  }
  return wellFormed(field, value)
}

/**
 * Checks that text is well-formed Unicode. The core would replace half of a surrogate pair, so that the ids of two
 * customers could become equal.
 */
export function wellFormed(field: string, text: string): string {
  if (text.isWellFormed()) return text
  throw configurationError(field, 'must be well-formed Unicode, but contains half of a character (a lone surrogate)')
}

/** Checks an optional string, which must not be empty. */
export function optionalString(field: string, value: unknown): string | undefined {
  return value === undefined ? undefined : string(field, value)
}

/** Checks an optional URL, given as a `URL` or as text, and returns its text. */
export function optionalUrl(field: string, value: unknown): string | undefined {
  if (isA('URL', value))
    return string(
      field,
      reading(field, () => value.href),
    )
  return optionalString(field, value)
}

/** Checks an optional value that must be one of `choices`. */
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

/** Checks a boolean; `fallback` if it is not given. */
export function boolean(field: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw configurationError(field, `must be true or false, but is ${kind(value)}`)
  return value
}

/** Checks a duration in whole milliseconds, 1 or more; `fallback` if it is not given. */
export function milliseconds(field: string, value: unknown, fallback: number): number {
  return integer(field, value, 1, LONGEST_TIMEOUT, fallback)
}

/** Checks a whole number from `least` to `most`; `fallback` if it is not given. */
export function integer(field: string, value: unknown, least: number, most: number, fallback: number): number {
  if (value === undefined) return fallback
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    const given = typeof value === 'number' ? '' : `, but is ${kind(value)}`
    throw configurationError(field, `must be a whole number from ${least} to ${most}${given}`)
  }
  return value as number
}

/** Checks an optional point in time, and returns it in milliseconds since the Unix epoch. */
export function optionalDate(field: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  const time = types.isDate(value) ? value.getTime() : value
  if (typeof time !== 'number' || !(time >= 0 && time <= LAST_INSTANT)) {
    throw configurationError(field, 'must be a Date, or milliseconds since the Unix epoch')
  }
  return time
}

/** Checks a list of strings; an empty list if it is not given. */
export function strings(field: string, value: unknown): string[] {
  if (value === undefined) return []
  if (!isList(value)) throw configurationError(field, `must be a list of strings, but is ${kind(value)}`)
  // `Array.from` does not skip holes, so each of them is refused as `undefined`.
  return reading(field, () => Array.from(value, (entry, index) => string(`${field}[${index}]`, entry)))
}

/** Whether a value is an array. A revoked `Proxy`, for which `Array.isArray` throws, is not. */
export function isList(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** Checks an optional `AbortSignal` by its methods: `instanceof` fails in the realms of test runners. */
export function optionalSignal(field: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined
  const signal = value as AbortSignal
  const methods = reading(field, () => [signal.throwIfAborted, signal.addEventListener, signal.removeEventListener])
  if (methods.some(method => typeof method !== 'function')) {
    throw configurationError(field, `must be an AbortSignal with \`throwIfAborted\`, but is ${kind(value)}`)
  }
  return signal
}

/** Leaves out the properties that are `undefined`: the addon distinguishes them from absent ones. */
export function given<T extends object>(properties: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return bare(Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}

/** The remedy for a missing setting that usually comes from an environment variable. */
export const FROM_ENVIRONMENT = 'check that its environment variable is set'

/** Checks the name of an event: a listener for an unknown event would never be called. */
export function eventName<const Name extends string>(value: unknown, names: readonly Name[]): Name {
  if (names.includes(value as Name)) return value as Name
  const given =
    typeof value === 'string' ? `\`${printable(value)}\` is not an event` : `must be a string, but is ${kind(value)}`
  const near = typeof value === 'string' ? meant(value, names) : undefined
  throw configurationError('event', `${given}${near ? `; ${near}` : ''}; the events are ${names.join(', ')}`)
}

/** Checks the listener of an event. */
export function callback<F>(value: F): F {
  if (typeof value === 'function') return value
  throw configurationError('listener', `must be a function, but is ${kind(value)}`)
}

/** Suggests the most similar of `names`, if only a few letters differ. */
function meant(written: string, names: readonly string[]): string | undefined {
  const near = names
    .map(name => ({ name, letters: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.letters - other.letters)[0]
  if (near === undefined || near.letters > Math.max(1, 0.4 * near.name.length)) return undefined
  return `did you mean \`${near.name}\`?`
}

/** The number of letters to add, remove or replace to turn one word into the other (the Levenshtein distance). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let at = 0; at < one.length; at++) {
    const next = [at + 1]
    for (let index = 0; index < other.length; index++) {
      const replaced = (row[index] as number) + (one[at] === other[index] ? 0 : 1)
      next.push(Math.min(replaced, (row[index + 1] as number) + 1, (next[index] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}

/** Describes the type of a value without showing the value. */
export function kind(value: unknown): string {
  if (value === null) return 'null'
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return 'infinite'
  if (isList(value)) return 'a list'
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`
  if (types.isDate(value)) return 'a Date'
  if (types.isMap(value)) return 'a Map'
  if (types.isSet(value)) return 'a Set'
  if (types.isAnyArrayBuffer(value) || types.isArrayBufferView(value)) return 'bytes'
  return types.isProxy(value) ? 'a Proxy' : 'an object'
}

/** Makes a name that the caller gave safe for a message: printable ASCII, at most 64 characters. */
export function printable(key: string): string {
  return key.replace(/[^\x20-\x7e]/g, '').slice(0, 64)
}
