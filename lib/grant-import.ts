/** Grants that another system obtained: what `app.import()` takes. */

import type { NativeImport } from '../index.js'
import { configurationError } from './errors.js'
import { metadataOf } from './grants.js'
import { bare, given, optionalDate, optionalString, optionsObject, string, strings } from './validate.js'

/** A grant that another system obtained, for {@link OAuthApp.import}. */
export interface GrantImport {
  /** The id under which to store the grant. */
  id: string
  /** The refresh token of the grant. It works only once, so no other system may use it from now on. */
  refreshToken: string
  /** When the refresh token was issued: a `Date`, or milliseconds since the Unix epoch. Default: now. */
  refreshTokenIssuedAt?: Date | number | undefined
  /** An access token of the grant that may still be valid. It requires `expiresAt`. Default: none. */
  accessToken?: string | undefined
  /** When the access token expires: a `Date`, or milliseconds since the Unix epoch. */
  expiresAt?: Date | number | undefined
  /** The scopes of the grant, as far as they are known. Default: unknown. */
  scopes?: readonly string[] | undefined
  /**
   * Your own notes about the grant, which {@link OAuthApp.grants} lists: names with string values, at most 4 KiB. They
   * are encrypted as tokens are. Default: none.
   */
  metadata?: Readonly<Record<string, string>> | undefined
}

/** A grant as encrypted text, for {@link OAuthApp.import}. */
export interface SealedGrant {
  /** The text that {@link OAuthApp.export} returned. */
  sealed: string
}

/** Checks a grant that another system obtained. What is secret is separate. */
export function grantImport(grant: unknown): {
  options: NativeImport
  refreshToken: string
  accessToken: string | undefined
} {
  const known = optionsObject('import', grant, [
    'id',
    'refreshToken',
    'refreshTokenIssuedAt',
    'accessToken',
    'expiresAt',
    'scopes',
    'metadata',
  ])
  const accessToken = optionalString('accessToken', known.accessToken)
  const expiresAt = optionalDate('expiresAt', known.expiresAt)
  if (accessToken !== undefined && expiresAt === undefined) {
    throw configurationError('expiresAt', 'must be given with accessToken')
  }
  const refreshToken = string('refreshToken', known.refreshToken)
  const options = bare({
    id: string('id', known.id),
    scopes: strings('scopes', known.scopes),
    metadata: metadataOf(known.metadata),
    ...given({
      expiresAt,
      refreshTokenIssuedAt: optionalDate('refreshTokenIssuedAt', known.refreshTokenIssuedAt),
    }),
  })
  return { options, refreshToken, accessToken }
}
