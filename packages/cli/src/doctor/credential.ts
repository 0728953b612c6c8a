/** What the credential in force is worth: whether it is accepted, what it may do, and how fast. */

import type { ApiError, SmartRecruiters, TokenError } from 'smartrecruiters'
import { OPERATIONS } from '../operations.js'
import { duration } from '../time.js'
import { type Finding, failed, ok, skipped, warning } from './finding.js'

const LOG_IN = 'smartrecruiters auth login'
/** How many names a message has before it says only how many there are. */
const MOST_NAMES = 12

/** What an answer of the API says about the credential. */
export function checkAccepted(error: ApiError | undefined, token: { expiresAt: Date } | undefined): Finding {
  if (error?.status === 401) return failed('credential', `The API refuses it: ${error.message}`, LOG_IN)
  const left =
    token === undefined ? '' : ` Its access token ends in ${duration((token.expiresAt.getTime() - Date.now()) / 1000)}.`
  return ok('credential', `The API accepts it.${left}`)
}

/** What the token endpoint says about it. `isOfApp` is whether there is a store, with the grants of an app. */
export function tokenFailure({ code, message, error }: TokenError, isOfApp: boolean): Finding {
  if (error === 'unauthorized_client' && isOfApp) {
    return skipped('credential', 'This client gets tokens only for the grants in the store.')
  }
  if (code === 'TOKEN_UNAVAILABLE') return failed('credential', message, 'smartrecruiters doctor')
  return failed('credential', message, LOG_IN)
}

/** Compares the scopes of the credential with the table of operations. */
export async function checkScopes(sr: SmartRecruiters): Promise<Finding> {
  const names = Object.keys(OPERATIONS)
  const allowed = await Promise.all(names.map(name => sr.can(name)))
  const count = (value: boolean | undefined) => allowed.filter(one => one === value).length
  const token = await sr.token()
  if (token === undefined) {
    return skipped(
      'scopes',
      'An API key or bearer token does not name them; the role and access group behind it decide.',
    )
  }
  if (token.scopes.length === 0) return skipped('scopes', 'The server does not name them.')
  const { scopes } = token
  const list = scopes.length > MOST_NAMES ? `${scopes.slice(0, MOST_NAMES).join(', ')}, …` : scopes.join(', ')
  const message = `${list}: ${count(true)} of ${count(true) + count(false)} operations.`
  if (count(true) > 0) return ok('scopes', message)
  return warning('scopes', message, 'smartrecruiters auth login --scopes jobs_read,candidates_read')
}

/** What the headers of an answer say about the limits. */
export function checkLimits(headers: Headers): Finding {
  const [perSecond, remaining, concurrent] = [
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-concurrent-limit',
  ].map(name => headers.get(name))
  if (perSecond === null || concurrent === null) return skipped('limits', 'The server does not name its limits.')
  const message = `${perSecond} requests per second for each endpoint, ${concurrent} at once.`
  // This process has sent one.
  const others = Number(perSecond) - Number(remaining) - 1
  if (remaining === null || !(others > 0)) return ok('limits', message)
  return warning(
    'limits',
    `${message} Other processes with this credential have just sent ${others} of them.`,
    'Let these processes share their limits, with `limits: { shared: new RedisLimits({ url }) }`.',
  )
}
