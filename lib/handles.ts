/** The native half of each public object, where neither `util.inspect` nor a property list can reach it. */

import type { NativeCredential } from '../index.js'
import { configurationError } from './errors.js'

const credentials = new WeakMap<object, NativeCredential>()

export function setCredential(of: object, handle: NativeCredential): void {
  credentials.set(of, handle)
}

/** The native half of a credential that the caller gave. */
export function credentialOf(field: string, value: unknown): NativeCredential {
  const handle = typeof value === 'object' && value !== null ? credentials.get(value) : undefined
  if (handle === undefined) {
    throw configurationError(field, 'must be an ApiKey, BearerToken, ClientCredentials, Grant or Customer')
  }
  return handle
}
