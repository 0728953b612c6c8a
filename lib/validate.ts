/**
 * Checks what callers give before any of it reaches the addon, whose conversions would print a value that they refuse.
 * Every failure is a `ConfigurationError` that names the field and the remedy, and never the value.
 */

import { configurationError, SmartRecruitersError } from './errors.js'
import { isA, types } from './platform.js'

/** The longest timer of the platform, in milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1
/** The last instant of a `Date`, in milliseconds since the Unix epoch. */
const LAST_INSTANT = 8_640_000_000_000_000

/**
 * An options object with no keys but `known`: a misspelt option would be ignored in silence. `hints` say what to do
 * instead of giving others.
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
  return members(options, known)
}

/**
 * Those properties of an object that are its own, or of the classes that it is made by. What stands on
 * `Object.prototype` is nobody's option: any code in the process can put it there.
 */
export function members<Key extends string>(value: object, names: readonly Key[]): Record<Key, unknown> {
  const holders: object[] = []
  for (let holder: object | null = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (!isObjectPrototype(holder)) holders.push(holder)
  }
  const found = bare({} as Record<Key, unknown>)
  for (const name of names) {
    if (isHeld(holders, name)) {
      found[name] = reading(name, () => (value as Record<Key, unknown>)[name])
    }
  }
  return found
}

// Every call comes by here, for each of its options: without a function made anew for each.
function isHeld(holders: object[], name: string): boolean {
  for (const holder of holders) if (Object.hasOwn(holder, name)) return true
  return false
}

/** Whether it is the `Object.prototype` of some realm: test runners have realms of their own. */
function isObjectPrototype(value: object): boolean {
  return Object.getPrototypeOf(value) === null && Object.hasOwn(value, 'isPrototypeOf')
}

/**
 * The same properties in an object without a prototype, so that what it lacks is lacking whatever others put on
 * `Object.prototype`. Everything that the addon reads properties of has to be one.
 */
export function bare<T extends object>(properties: T): T {
  return Object.assign(new Bare(), properties) as T
}

/** Inherits nothing. Objects of `Object.create(null)` are hash tables, which cost a call more. */
class Bare {}
Object.setPrototypeOf(Bare.prototype, null)

/**
 * Runs `read`, which does no more than look at a value that the caller gave. What a getter or a `Proxy` throws there is
 * the caller's mistake: a `ConfigurationError` about `field` that names the `problem`.
 */
export function reading<T>(
  field: string,
  read: () => T,
  problem = 'cannot be read: it is a revoked Proxy, or a getter of it throws',
): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof SmartRecruitersError) throw error
    throw configurationError(field, problem)
  }
}

/** The tags of objects whose properties are their content: those of a `Map` or a `Date` would be none. */
const RECORDS = ['[object Object]', '[object Module]']

/** The own properties of an object, which is not an array, a function, a `Map` or the like. */
export function record(field: string, value: unknown): Record<string, unknown> {
  const properties = objectOf(field, value)
  return reading(field, () => bare(properties as Record<string, unknown>))
}

/** The same object, if it is one that has properties. */
export function objectOf(field: string, value: unknown): object {
  if (!reading(field, () => RECORDS.includes(Object.prototype.toString.call(value)))) {
    throw configurationError(field, `must be an object, but is ${kind(value)}`)
  }
  return value as object
}

/**
 * A string that is not empty, and that is the same in the core and in every store. `remedy` says what to do where there
 * is none.
 */
export function string(field: string, value: unknown, remedy?: string): string {
  if (typeof value !== 'string') {
    const hint = value === undefined && remedy !== undefined ? `; ${remedy}` : ''
    throw configurationError(field, `must be a string, but is ${kind(value)}${hint}`)
  }
  if (value === '') throw configurationError(field, 'must not be empty')
  if (value.includes('\0')) {
    throw configurationError(field, 'must not hold the character U+0000, which some stores cannot hold')
  }
  return wellFormed(field, value)
}

/**
 * Text that the core can hold as it is. Two texts that differ in half a character would become one there: one
 * customer's id would be another's.
 */
export function wellFormed(field: string, text: string): string {
  if (text.isWellFormed()) return text
  throw configurationError(field, 'must be well-formed Unicode, but holds half of a character (a lone surrogate)')
}

/** A string that is not empty, or nothing. */
export function optionalString(field: string, value: unknown): string | undefined {
  return value === undefined ? undefined : string(field, value)
}

/** A URL as text, or nothing. */
export function optionalUrl(field: string, value: unknown): string | undefined {
  if (isA('URL', value))
    return string(
      field,
      reading(field, () => value.href),
    )
  return optionalString(field, value)
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
    const given = typeof value === 'number' ? '' : `, but is ${kind(value)}`
    throw configurationError(field, `must be a whole number from ${least} to ${most}${given}`)
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
  if (!isList(value)) throw configurationError(field, `must be a list of strings, but is ${kind(value)}`)
  // Holes are not left out: each of them is `undefined`.
  return reading(field, () => Array.from(value, (entry, index) => string(`${field}[${index}]`, entry)))
}

/** Whether a value is an array, and one that can be read. */
export function isList(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** A signal, or nothing. Judged by its shape: test runners have realms of their own. */
export function optionalSignal(field: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined
  const signal = value as AbortSignal
  const methods = reading(field, () => [signal.throwIfAborted, signal.addEventListener, signal.removeEventListener])
  if (methods.some(method => typeof method !== 'function')) {
    throw configurationError(field, `must be an AbortSignal, with \`throwIfAborted\`, but is ${kind(value)}`)
  }
  return signal
}

/** The properties that have a value: to the addon, `undefined` is not the same as nothing. */
export function given<T extends object>(properties: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return bare(Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}

/** What to do where a setting is missing that usually comes from the environment. */
export const FROM_ENVIRONMENT = 'is its environment variable set?'

/** The name of an event, one of those that there are: of another, a listener would never hear. */
export function eventName<const Name extends string>(value: unknown, names: readonly Name[]): Name {
  if (names.includes(value as Name)) return value as Name
  const given =
    typeof value === 'string' ? `\`${printable(value)}\` is not an event` : `must be a string, but is ${kind(value)}`
  const near = typeof value === 'string' ? meant(value, names) : undefined
  throw configurationError('event', `${given}${near ? `; ${near}` : ''}; the events are ${names.join(', ')}`)
}

/** A function to call at an event. */
export function callback<F>(value: F): F {
  if (typeof value === 'function') return value
  throw configurationError('listener', `must be a function, but is ${kind(value)}`)
}

/** Asks whether the name was meant that has the fewest letters to change, if they are few. */
function meant(written: string, names: readonly string[]): string | undefined {
  const near = names
    .map(name => ({ name, letters: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.letters - other.letters)[0]
  if (near === undefined || near.letters > Math.max(1, 0.4 * near.name.length)) return undefined
  return `did you mean \`${near.name}\`?`
}

/** How many letters to add, drop or replace in one word to get the other (Levenshtein). */
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

/** What a value is, without showing it. */
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

/** A name that the caller gave, for a message. */
export function printable(key: string): string {
  return key.replace(/[^\x20-\x7e]/g, '').slice(0, 64)
}
