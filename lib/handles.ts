/** The native half of each credential, stored where `util.inspect` and property lists cannot reach it. */

import type { NativeCredential } from '../index.js'
import { configurationError } from './errors.js'
import { kind } from './validate.js'

const credentials = new WeakMap<object, NativeCredential>()

/** The argument that constructors require which only this package may call. */
export const MADE_HERE = Symbol('made here')

/** Refuses `new` for a class that only this package constructs. `remedy` says how to get an object of it. */
export function refuseNew(name: string, made: unknown, remedy: string): void {
  if (made !== MADE_HERE) throw configurationError(name, `cannot be constructed; ${remedy}`)
}

/** Stores the native half of a credential. */
export function setCredential(of: object, handle: NativeCredential): void {
  credentials.set(of, handle)
}

/** Returns the native half of a credential that the caller gave. */
export function credentialOf(field: string, value: unknown): NativeCredential {
  const handle = typeof value === 'object' && value !== null ? credentials.get(value) : undefined
  if (handle === undefined) {
    const given = typeof value === 'string' ? '; for an API key, give `new ApiKey(…)`' : ''
    const problem = `must be an ApiKey, BearerToken, ClientCredentials, Grant or Customer, but is ${kind(value)}${given}`
    throw configurationError(field, problem)
  }
  return handle
}
