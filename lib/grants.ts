/** The grants of an app, listed without their secrets. */

import type { NativeDue, NativeGrantInfo, NativeGrantPage, NativeOAuthApp } from '../index.js'
import { call } from './calls.js'
import type { ReauthorizationRequiredError } from './errors.js'
import { given, optionalChoice, optionalDate, optionsObject } from './validate.js'

/** What is known of a grant. */
export interface GrantInfo {
  /** Its id in the app's store. */
  id: string
  /**
   * `active`: it can be used. `renewing`: it can be used, and somebody is spending its refresh token. `ended`: the
   * customer has to authorize again.
   */
  state: 'active' | 'renewing' | 'ended'
  /** Why it has ended, if it has. */
  reason?: NonNullable<ReauthorizationRequiredError['reason']>
  /** Its scopes, as far as the server named them. */
  scopes: readonly string[]
  /** When its refresh token was issued. */
  refreshTokenIssuedAt: Date
  /** When its refresh token dies unless it is used, or would have died. */
  refreshTokenExpiresAt: Date
  /** When its last access token dies, if it has one. */
  accessTokenExpiresAt?: Date
}

/** Which grants to list. Default: all that were not forgotten. */
export interface GrantsOptions {
  /** Those in this state. */
  state?: GrantInfo['state']
  /**
   * Those whose refresh token dies before this, and that have not ended; a Date, or milliseconds since the Unix epoch.
   */
  expiresBefore?: Date | number
}

/** Checks the options at once, and lists page by page. */
export function listGrants(app: NativeOAuthApp, options: GrantsOptions): AsyncGenerator<GrantInfo, void, undefined> {
  const known = optionsObject('grants', options, ['state', 'expiresBefore'])
  const filter = given({
    state: optionalChoice('state', known.state, ['active', 'renewing', 'ended']),
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
  const { refreshTokenIssuedAt, refreshTokenExpiresAt, accessTokenExpiresAt, ...rest } = grant
  return {
    ...rest,
    refreshTokenIssuedAt: new Date(refreshTokenIssuedAt),
    refreshTokenExpiresAt: new Date(refreshTokenExpiresAt),
    ...(accessTokenExpiresAt === undefined ? {} : { accessTokenExpiresAt: new Date(accessTokenExpiresAt) }),
  }
}
