import type { Operation } from './operation.js'
import { OPERATIONS } from './operations.js'

/** The name of an operation, such as `GET /jobs/{id}`. */
export type OperationName = keyof typeof OPERATIONS

/** All operations with their names. */
export function operations(): [OperationName, Operation][] {
  return Object.entries(OPERATIONS) as [OperationName, Operation][]
}

/** The documented scopes of the operations for which a customer's API key or a token is needed. */
export function customerScopes(): string[] {
  const scopes = operations().flatMap(([, { access, scopes = [] }]) => (access === 'either' ? scopes.flat() : []))
  return [...new Set(scopes)].sort()
}
