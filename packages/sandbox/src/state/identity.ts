import type { IncomingHttpHeaders } from 'node:http'
import type { Credentials } from './credentials.js'
import type { Tokens } from './tokens.js'

/** Who a request comes from, and what that caller may do. */
export interface Holder {
  /** Name under which the counters show it, and by which it is limited. */
  readonly label: string
  readonly kind: 'customerKey' | 'partnerKey' | 'token'
  readonly scopes: readonly string[]
  /** Number of the user on whose behalf it acts. */
  readonly user: number
}

export type Identity =
  | { status: 'anonymous' }
  | { status: 'known'; holder: Holder }
  | { status: 'refused'; reason: string }

/** Reads the credential of a request. API keys act as the first user, who is an administrator. */
export function identify(headers: IncomingHttpHeaders, credentials: Credentials, tokens: Tokens): Identity {
  const key = headers['x-smarttoken']
  const { authorization } = headers
  if (key !== undefined && authorization !== undefined) return refused('Send X-SmartToken or Authorization, not both')
  if (key !== undefined) {
    const found = typeof key === 'string' ? credentials.findKey(key) : undefined
    if (!found) return refused('Unknown API key')
    const kind = found.kind === 'partner' ? 'partnerKey' : 'customerKey'
    return { status: 'known', holder: { label: found.label, kind, scopes: found.scopes, user: 0 } }
  }
  if (authorization === undefined) return refused('No credential')
  const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1]
  if (bearer === undefined) return refused('Authorization must be a Bearer token')
  const token = tokens.find(bearer)
  if (token === undefined) return refused('Unknown access token')
  if (token === 'expired') return refused('The access token has expired')
  return { status: 'known', holder: token }
}

function refused(reason: string): Identity {
  return { status: 'refused', reason }
}
