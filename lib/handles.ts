/** The native half of each public object, where neither `util.inspect` nor a property list can reach it. */

import type { NativeCredential } from '../index.js'
import { configurationError } from './errors.js'
import { kind } from './validate.js'

const credentials = new WeakMap<object, NativeCredential>()

/** Given to constructors that only this package may call. */
export const MADE_HERE = Symbol('made here')

/** Refuses `new` of a class whose objects others make. */
export function refuseNew(name: string, made: unknown, remedy: string): void {
  if (made !== MADE_HERE) throw configurationError(name, `is not made by \`new\`; ${remedy}`)
}

export function setCredential(of: object, handle: NativeCredential): void {
  credentials.set(of, handle)
}

/** The native half of a credential that the caller gave. */
export function credentialOf(field: string, value: unknown): NativeCredential {
  const handle = typeof value === 'object' && value !== null ? credentials.get(value) : undefined
  if (handle === undefined) {
    const given = typeof value === 'string' ? '; a key in text goes into `new ApiKey(…)`' : ''
    const problem = `must be an ApiKey, BearerToken, ClientCredentials, Grant or Customer, but is ${kind(value)}${given}`
    throw configurationError(field, problem)
  }
  return handle
}
