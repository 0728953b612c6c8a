/** The grants of an app, listed without their secrets. */

import type { NativeDue, NativeGrantInfo, NativeGrantPage, NativeOAuthApp, NativeRefusal } from '../index.js'
import { call } from './calls.js'
import { configurationError, type ReauthorizationReason } from './errors.js'
import { given, optionalChoice, optionalDate, optionsObject, record, string } from './validate.js'

/** What is known of a grant. */
export interface GrantInfo {
  /** The grant's id in the app's store. */
  id: string
  /**
   * `active`: the grant can be used. `renewing`: it can be used, and a process is spending its refresh token.
   * `refused`: the authorization server refuses its refresh token, and may accept it later; see `refusal`. `unread`: an
   * answer to its renewal arrived and could not be used; it is kept, and read again at the next use. `ended`: the
   * customer has to authorize again.
   */
  state: 'active' | 'renewing' | 'refused' | 'unread' | 'ended'
  /** Why the grant has ended, if it has. */
  reason?: ReauthorizationReason | undefined
  /** The last refusal of its refresh token, while that keeps being refused. */
  refusal?: Refusal | undefined
  /** The scopes that were granted, or else those that were requested; `undefined` if neither is known. */
  scopes?: readonly string[] | undefined
  /** What was noted about it: by `exchange`, `import` or `annotate`. */
  metadata: Readonly<Record<string, string>>
  /** When its refresh token was issued. */
  refreshTokenIssuedAt: Date
  /** When its refresh token dies unless it is used, or would have died. */
  refreshTokenExpiresAt: Date
  /** When its last access token expires, if it has one. */
  accessTokenExpiresAt?: Date | undefined
}

/** A refusal of a token exchange that does not end the grant. */
export interface Refusal {
  /** When the refresh token was refused first. */
  since: Date
  /** How many times in a row it has been refused. */
  times: number
  /** When the authorization server is asked again at the earliest: up to an hour after the last refusal. */
  retryAt: Date
  /** The HTTP status of the last refusal. */
  status: number
  /** The server's error code, as `invalid_client` (RFC 6749 section 5.2). */
  error: string
  /** The server's own words, if it gave any, without secrets. */
  errorDescription: string | undefined
}

/** Which grants to list. Default: all that were not forgotten. */
export interface GrantsOptions {
  /** Those in this state. */
  state?: GrantInfo['state'] | undefined
  /**
   * Those whose refresh token dies before this, and that have not ended; a Date, or milliseconds since the Unix epoch.
   */
  expiresBefore?: Date | number | undefined
}

/** Checks the options at once, and lists page by page. */
export function listGrants(app: NativeOAuthApp, options: GrantsOptions): AsyncGenerator<GrantInfo, void, undefined> {
  const known = optionsObject('grants', options, ['state', 'expiresBefore'])
  const filter = given({
    state: optionalChoice('state', known.state, ['active', 'renewing', 'refused', 'unread', 'ended']),
    expiresBefore: optionalDate('expiresBefore', known.expiresBefore),
  })
  return pages(async after => {
    const outcome = await call((completions, number) => app.grants(completions, number, filter, after), {})
    return outcome.first as NativeGrantPage
  })
}

async function* pages(
  load: (after: NativeDue | undefined) => Promise<NativeGrantPage>,
): AsyncGenerator<GrantInfo, void, undefined> {
  let after: NativeDue | undefined
  do {
    const { grants, next } = await load(after)
    yield* grants.map(info)
    after = next
  } while (after !== undefined)
}

function info(grant: NativeGrantInfo): GrantInfo {
  const { refusal, scopes, refreshTokenIssuedAt, refreshTokenExpiresAt, accessTokenExpiresAt, ...rest } = grant
  return {
    ...rest,
    ...(refusal === undefined ? {} : { refusal: refusalOf(refusal) }),
    ...(scopes.length === 0 ? {} : { scopes }),
    refreshTokenIssuedAt: new Date(refreshTokenIssuedAt),
    refreshTokenExpiresAt: new Date(refreshTokenExpiresAt),
    ...(accessTokenExpiresAt === undefined ? {} : { accessTokenExpiresAt: new Date(accessTokenExpiresAt) }),
  }
}

function refusalOf({ since, times, retryAt, status, code, description }: NativeRefusal): Refusal {
  return {
    since: new Date(since),
    times,
    retryAt: new Date(retryAt),
    status,
    error: code,
    errorDescription: description,
  }
}

/** The most bytes of a grant's metadata, its names and values together, in UTF-8. */
const MOST_METADATA = 4096

/** What is to be noted about a grant: flat strings. An empty object if nothing. */
export function metadataOf(value: unknown): Record<string, string> {
  if (value === undefined) return {}
  const entries = Object.entries(record('metadata', value)).map(([name, text]) => {
    // An empty string is a value like any other here.
    return [string('metadata', name), text === '' ? '' : string(`metadata.${name}`, text)] as const
  })
  const bytes = entries.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > MOST_METADATA) {
    throw configurationError('metadata', `must not be longer than ${MOST_METADATA} bytes, but has ${bytes}`)
  }
  return Object.fromEntries(entries)
}
