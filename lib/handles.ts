/** The native half of each public object, where neither `util.inspect` nor a property list can reach it. */

import type { NativeCredential, NativeStore } from '../index.js'
import { configurationError } from './errors.js'

const credentials = new WeakMap<object, NativeCredential>()
const stores = new WeakMap<object, NativeStore>()

export function setCredential(of: object, handle: NativeCredential): void {
  credentials.set(of, handle)
}

export function setStore(of: object, handle: NativeStore): void {
  stores.set(of, handle)
}

/** The native half of a credential that the caller gave. */
export function credentialOf(field: string, value: unknown): NativeCredential {
  const handle = typeof value === 'object' && value !== null ? credentials.get(value) : undefined
  if (handle === undefined) {
    throw configurationError(field, 'must be an ApiKey, BearerToken, ClientCredentials or Grant')
  }
  return handle
}

/** The native half of a store that the caller gave. */
export function storeOf(field: string, value: unknown): NativeStore {
  const handle = typeof value === 'object' && value !== null ? stores.get(value) : undefined
  if (handle === undefined) throw configurationError(field, 'must be a MemoryStore')
  return handle
}
