import type { IncomingHttpHeaders } from 'node:http'
import type { Credentials, Holder } from './credentials.js'
import type { Tokens } from './tokens.js'

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
