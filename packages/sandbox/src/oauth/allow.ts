import { randomBytes } from 'node:crypto'
import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { queryOf } from '../query.js'
import type { ConsentRequest } from '../state/tokens.js'
import type { World } from '../world.js'
import { consentPage, errorPage } from './page.js'

const ALLOW = '/identity/oauth/allow'
const config = { access: 'public', limited: false } as const

/**
 * An error that is shown to the user, because the app or its redirect URI cannot be trusted (RFC 6749 section 4.1.2.1).
 */
class PageError extends Error {}

/** An error that is sent to the app's redirect URI (RFC 6749 section 4.1.2.1). */
class RedirectError extends Error {
  constructor(
    readonly error: string,
    description: string,
  ) {
    super(description)
  }
}

/** `/identity/oauth/allow`: the consent page, and the form that it posts. */
export function allowRoutes(app: FastifyInstance, world: World): void {
  const waiting = new Map<string, ConsentRequest>()
  app.register(formbody)

  app.get(ALLOW, { config }, (request, reply) => {
    const query = queryOf(request)
    try {
      const { client, redirectUri } = readTarget(query, world)
      try {
        const consent = readConsent(query, client, redirectUri)
        const id = randomBytes(16).toString('hex')
        waiting.set(id, consent)
        return consentPage(reply, client.label, consent.scopes, id)
      } catch (error) {
        if (!(error instanceof RedirectError)) throw error
        return redirectBack(reply, redirectUri, query.get('state') ?? undefined, {
          error: error.error,
          error_description: error.message,
        })
      }
    } catch (error) {
      if (error instanceof PageError) return errorPage(reply, error.message)
      throw error
    }
  })

  app.post<{ Body: { consent?: unknown; decision?: unknown } | undefined }>(ALLOW, { config }, (request, reply) => {
    const { consent: id, decision } = request.body ?? {}
    const consent = typeof id === 'string' ? waiting.get(id) : undefined
    if (typeof id !== 'string' || !consent)
      return errorPage(reply, 'This page was already submitted, or is not of this sandbox.')
    if (decision !== 'allow' && decision !== 'deny') return errorPage(reply, 'Neither Allow nor Deny was chosen.')
    waiting.delete(id)
    const { redirectUri, state } = consent
    return decision === 'allow'
      ? redirectBack(reply, redirectUri, state, { code: world.tokens.newCode(consent) })
      : redirectBack(reply, redirectUri, state, {
          error: 'access_denied',
          error_description: 'The user denied the request',
        })
  })
}

function readTarget(query: URLSearchParams, world: World): Pick<ConsentRequest, 'client' | 'redirectUri'> {
  const repeated = [...new Set(query.keys())].find(name => query.getAll(name).length > 1)
  if (repeated !== undefined) throw new PageError(`The parameter ${repeated} was sent more than once.`)
  const client = world.credentials.findClient(query.get('client_id') ?? '')
  if (!client?.grantTypes.includes('authorization_code')) {
    throw new PageError('The parameter client_id does not name an app that may request access.')
  }
  const redirectUri = query.get('redirect_uri') ?? ''
  if (!client.redirectUris.includes(redirectUri)) {
    throw new PageError(
      'The parameter redirect_uri is not exactly one of those registered for the app. ' +
        `Received: ${redirectUri || 'none'}. Registered: ${client.redirectUris.join(', ')}`,
    )
  }
  if (query.get('scope')?.trim() === '') throw new PageError('The parameter scope is empty; leave it out instead.')
  return { client, redirectUri }
}

function readConsent(query: URLSearchParams, client: ConsentRequest['client'], redirectUri: string): ConsentRequest {
  const responseType = query.get('response_type') ?? 'code'
  if (responseType !== 'code') throw new RedirectError('unsupported_response_type', 'Only "code" is supported')
  const scopes = query.get('scope')?.trim().split(/ +/) ?? client.scopes
  const foreign = scopes.find(scope => !client.scopes.includes(scope))
  if (foreign !== undefined) throw new RedirectError('invalid_scope', `The app may not request ${foreign}`)
  const codeChallenge = query.get('code_challenge') ?? undefined
  if (codeChallenge !== undefined && query.get('code_challenge_method') !== 'S256') {
    throw new RedirectError('invalid_request', 'code_challenge_method must be S256')
  }
  return { client, redirectUri, scopes, state: query.get('state') ?? undefined, codeChallenge }
}

function redirectBack(
  reply: FastifyReply,
  redirectUri: string,
  state: string | undefined,
  parameters: Record<string, string>,
): FastifyReply {
  const target = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  if (state !== undefined) target.searchParams.set('state', state)
  return reply.header('cache-control', 'no-store').redirect(target.href, 302)
}
