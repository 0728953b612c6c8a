/** Lists the grants of an app without their secrets, and checks their metadata. */

import type { NativeDue, NativeGrantInfo, NativeGrantPage, NativeOAuthApp, NativeRefusal } from '../index.js'
import { call } from './calls.js'
import { configurationError, type ReauthorizationReason } from './errors.js'
import { bare, given, optionalChoice, optionalDate, optionsObject, record, string } from './validate.js'

/** What {@link OAuthApp.grants} lists about a grant. It contains no tokens. */
export interface GrantInfo {
  /** The grant's id in the app's store. */
  id: string
  /**
   * The state of the grant.
   *
   * - `active`: the grant can be used.
   * - `renewing`: the grant can be used, and a process is exchanging its refresh token.
   * - `refused`: the authorization server refuses the refresh token, but may accept it later; see `refusal`.
   * - `unread`: an answer to the renewal arrived, but could not be used; it is kept, and the next use reads it again.
   * - `ended`: the customer has to authorize the app again; see `reason`.
   */
  state: 'active' | 'renewing' | 'refused' | 'unread' | 'ended'
  /** Why the grant has ended; absent unless `state` is `ended`. */
  reason?: ReauthorizationReason | undefined
  /** The last refusal of the refresh token; absent if it is not being refused. */
  refusal?: Refusal | undefined
  /** The scopes that were granted, or else those that were requested; absent if neither is known. */
  scopes?: readonly string[] | undefined
  /** Your own notes about the grant, set by `exchange`, `import` or `annotate`. Empty if there are none. */
  metadata: Readonly<Record<string, string>>
  /** When the refresh token was issued. */
  refreshTokenIssuedAt: Date
  /** When the refresh token expires unless it is used: 28 days after its issue. */
  refreshTokenExpiresAt: Date
  /** When the grant's last access token expires; absent if there is none. */
  accessTokenExpiresAt?: Date | undefined
}

/** A refusal of the refresh token that does not end the grant. */
export interface Refusal {
  /** When the refresh token was first refused. */
  since: Date
  /** How many times in a row the refresh token has been refused. */
  times: number
  /** The earliest time at which the authorization server is asked again: up to an hour after the last refusal. */
  retryAt: Date
  /** The HTTP status of the last refusal. */
  status: number
  /** The server's error code, such as `invalid_client` (RFC 6749 section 5.2). */
  error: string
  /** The server's own description of the error, without secrets; `undefined` if it gave none. */
  errorDescription: string | undefined
}

/** Options of {@link OAuthApp.grants}. Default: all grants that were not forgotten. */
export interface GrantsOptions {
  /** List only grants in this state. */
  state?: GrantInfo['state'] | undefined
  /**
   * List only grants that have not ended and whose refresh token expires before this time: a `Date`, or milliseconds
   * since the Unix epoch.
   */
  expiresBefore?: Date | number | undefined
}

/** Checks the options at once, then lists the grants page by page. */
export function listGrants(app: NativeOAuthApp, options: GrantsOptions): AsyncGenerator<GrantInfo, void, undefined> {
  const known = optionsObject('grants', options, ['state', 'expiresBefore'])
  const filter = given({
    state: optionalChoice('state', known.state, ['active', 'renewing', 'refused', 'unread', 'ended']),
    expiresBefore: optionalDate('expiresBefore', known.expiresBefore),
  })
  return pages(after =>
    call<NativeGrantPage>((completions, callId) => app.grants(completions, callId, filter, after), {}),
  )
}

async function* pages(
  load: (after: NativeDue | undefined) => Promise<NativeGrantPage>,
): AsyncGenerator<GrantInfo, void, undefined> {
  let after: NativeDue | undefined
  do {
    const { grants, next } = bare(await load(after))
    yield* grants.map(info)
    after = next
  } while (after !== undefined)
}

function info(grant: NativeGrantInfo): GrantInfo {
  const { refusal, scopes, refreshTokenIssuedAt, refreshTokenExpiresAt, accessTokenExpiresAt, ...rest } = bare(grant)
  return {
    ...rest,
    ...(refusal === undefined ? {} : { refusal: refusalOf(refusal) }),
    ...(scopes.length === 0 ? {} : { scopes }),
    refreshTokenIssuedAt: new Date(refreshTokenIssuedAt),
    refreshTokenExpiresAt: new Date(refreshTokenExpiresAt),
    ...(accessTokenExpiresAt === undefined ? {} : { accessTokenExpiresAt: new Date(accessTokenExpiresAt) }),
  }
}

function refusalOf(refusal: NativeRefusal): Refusal {
  const { since, times, retryAt, status, code, description } = bare(refusal)
  return {
    since: new Date(since),
    times,
    retryAt: new Date(retryAt),
    status,
    error: code,
    errorDescription: description,
  }
}

/** The maximum size of a grant's metadata: its names and values together, in bytes of UTF-8. */
const MOST_METADATA = 4096

/** Checks the metadata of a grant: names with string values. Returns an empty object if there is none. */
export function metadataOf(value: unknown): Record<string, string> {
  if (value === undefined) return {}
  const entries = Object.entries(record('metadata', value)).map(([name, text]) => {
    // An empty string is a valid value here, though not elsewhere.
    return [string('metadata', name), text === '' ? '' : string(`metadata.${name}`, text)] as const
  })
  const bytes = entries.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > MOST_METADATA) {
    throw configurationError('metadata', `must not be longer than ${MOST_METADATA} bytes, but is ${bytes} bytes long`)
  }
  return Object.fromEntries(entries)
}
