import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientCredential } from '../state/credentials.js'
import { GrantError, type IssuedTokens } from '../state/tokens.js'
import type { World } from '../world.js'
import { authenticateClient, OAuthError } from './client-auth.js'

type Grant = (form: URLSearchParams, client: ClientCredential) => IssuedTokens

/** `POST /identity/oauth/token`: the three grant types, with the errors of RFC 6749 section 5.2. */
export function tokenRoutes(app: FastifyInstance, world: World): void {
  const { credentials, tokens, counters, gate, options } = world
  const grants: Record<string, Grant> = {
    client_credentials: (_form, client) => tokens.forClient(client),
    authorization_code: (form, client) =>
      tokens.redeemCode(required(form, 'code'), client, {
        redirectUri: form.get('redirect_uri') ?? undefined,
        codeVerifier: form.get('code_verifier') ?? undefined,
      }),
    refresh_token: (form, client) => tokens.refresh(required(form, 'refresh_token'), client),
  }

  // The gate has already read the body, so the parsers must not wait for it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.setErrorHandler((error, request, reply) => {
    reply.header('cache-control', 'no-store')
    if (!(error instanceof OAuthError)) throw error
    const usedBasic = request.headers.authorization !== undefined
    if (error.status === 401 && usedBasic) reply.header('www-authenticate', 'Basic realm="smartrecruiters"')
    return reply.status(error.status).send({ error: error.error, error_description: error.message })
  })

  const config = { access: 'public', readBody: true, limited: false } as const
  app.post('/identity/oauth/token', { config }, (request, reply) => {
    const form = readForm(request, world)
    const grantType = required(form, 'grant_type')
    const grant = Object.hasOwn(grants, grantType) ? grants[grantType] : undefined
    if (!grant) throw new OAuthError(400, 'unsupported_grant_type', `Unknown grant_type "${grantType}"`)
    const client = authenticateClient(form, request.headers.authorization, credentials)
    if (!client.grantTypes.some(allowed => allowed === grantType)) {
      throw new OAuthError(400, 'unauthorized_client', `This client may not use ${grantType}`)
    }
    const issued = orInvalidGrant(() => grant(form, client))
    counters.exchangeSucceeded(grantType, issued.holder.label, issued.refreshToken !== undefined)
    const id = gate.contextOf(request.raw)?.id
    if (id !== undefined) gate.exchanges.issued(id, issued.holder.label, issued.refreshToken)
    reply.header('cache-control', 'no-store')
    return reply.send({
      access_token: issued.accessToken,
      token_type: 'Bearer',
      expires_in: Math.floor(options.accessTokenLifetime),
      ...(issued.refreshToken !== undefined && { refresh_token: issued.refreshToken }),
    })
  })
}

function readForm(request: FastifyRequest, world: World): URLSearchParams {
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/x-www-form-urlencoded') {
    throw new OAuthError(415, 'invalid_request', 'The body must be application/x-www-form-urlencoded')
  }
  const form = new URLSearchParams(world.gate.contextOf(request.raw)?.body?.toString('utf8'))
  const repeated = [...new Set(form.keys())].find(name => form.getAll(name).length > 1)
  if (repeated !== undefined) throw new OAuthError(400, 'invalid_request', `"${repeated}" was sent more than once`)
  return form
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw new OAuthError(400, 'invalid_request', `"${name}" is missing`)
  return value
}

function orInvalidGrant(grant: () => IssuedTokens): IssuedTokens {
  try {
    return grant()
  } catch (error) {
    if (error instanceof GrantError) throw new OAuthError(400, 'invalid_grant', error.message)
    throw error
  }
}
