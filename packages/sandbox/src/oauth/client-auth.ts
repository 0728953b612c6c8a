import type { ClientCredential, Credentials } from '../state/credentials.js'

/** An error of the token endpoint (RFC 6749 section 5.2). */
export class OAuthError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    description: string,
  ) {
    super(description)
  }
}

/**
 * Authenticates the client of a token request, by its body or by HTTP Basic. Both at once are accepted if they agree,
 * because some OAuth libraries send both.
 */
export function authenticateClient(
  form: URLSearchParams,
  authorization: string | undefined,
  credentials: Credentials,
): ClientCredential {
  const claims = [...basicClaims(authorization)]
  const id = form.get('client_id')
  const secret = form.get('client_secret')
  if (id !== null && secret !== null) claims.push([[id, secret]])
  if (claims.length === 0) throw new OAuthError(401, 'invalid_client', 'No client credentials were sent')

  const clients = claims.map(readings =>
    readings
      .map(([clientId, clientSecret]) => {
        const client = credentials.findClient(clientId)
        return client?.clientSecret === clientSecret ? client : undefined
      })
      .find(client => client !== undefined),
  )
  const [client] = clients
  const agreed = clients.every(other => other === client) && (id === null || id === client?.clientId)
  if (!client || !agreed) throw new OAuthError(401, 'invalid_client', 'Client authentication failed')
  return client
}

type Claim = [clientId: string, clientSecret: string]

/**
 * The two ways to read a Basic header: form-encoded, as RFC 6749 section 2.3.1 requires, and plain, as curl sends it.
 * SmartRecruiters does not document which of them it reads.
 */
function basicClaims(authorization: string | undefined): Claim[][] {
  if (authorization === undefined) return []
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1]
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) throw new OAuthError(401, 'invalid_client', 'Authorization must be Basic')
  const plain: Claim = [text.slice(0, colon), text.slice(colon + 1)]
  return [[decoded(plain), plain]]
}

function decoded([id, secret]: Claim): Claim {
  const read = (value: string) => new URLSearchParams(`v=${value.replaceAll('&', '%26')}`).get('v') ?? ''
  return [read(id), read(secret)]
}
