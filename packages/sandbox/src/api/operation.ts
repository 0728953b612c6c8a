import { OPERATIONS } from './operations.js'

/** The kind of credential that an operation accepts: a customer's API key or token, a token only, a partner's key. */
export type Access = 'either' | 'bearer' | 'partner' | 'public'

/** The pages of a list. */
export interface Pages {
  style: 'cursor' | 'offset' | 'number' | 'whole'
  /** The query parameter that names the page. */
  parameter?: string
  /** The query parameter for the page size. */
  size?: string
}

/** A limit other than ten requests per second and eight at once. */
export interface Limit {
  perSecond?: number
  concurrent?: number
}

/** An operation of the vendor's API, as `api/operations.tsv` describes it. */
export interface Operation {
  access: Access
  /** The documented scopes that a token needs: all requirements, and of each requirement one scope. */
  scopes?: readonly (readonly string[])[]
  /** The required query parameters. */
  required?: readonly string[]
  /** The type of the JSON body. */
  body?: string
  /** The status of a successful answer. */
  status?: number
  /** The type of the JSON answer. */
  answer?: string
  pages?: Pages
  limit?: Limit
}

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
