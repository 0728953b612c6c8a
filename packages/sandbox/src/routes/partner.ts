import type { On } from '../api/imitation.js'
import { apiError } from '../errors.js'
import { PARTNER_SCOPES } from '../state/credentials.js'
import type { World } from '../world.js'

/** The credentials that a partner gets for a customer. */
export function partnerRoutes(on: On, { credentials, gate, integrated }: World): void {
  on('POST /apps-integrations/partner-api/integrations', ({ request, reply, body }) => {
    const identity = gate.contextOf(request.raw)?.identity
    const scopes = identity?.status === 'known' ? identity.holder.scopes : []
    // The table has no scopes for this operation; it is for the partner's master credential.
    const missing = PARTNER_SCOPES.filter(scope => !scopes.includes(scope))
    if (missing.length > 0) {
      throw apiError(403, 'PERMISSION_DENIED', `The credential lacks the scope ${missing.join(' and ')}`)
    }
    const { companyId } = body
    if (typeof companyId !== 'string' || companyId === '') {
      throw apiError(400, 'INVALID_COMPANY_ID', '"companyId" is required')
    }
    if (companyId.startsWith('inactive-')) {
      throw apiError(403, 'PERMISSION_DENIED', 'The company has not activated this integration')
    }
    if (integrated.has(companyId)) throw apiError(409, 'ALREADY_INTEGRATED', 'The company is integrated already')
    integrated.add(companyId)
    const { clientId, clientSecret } = credentials.addClient({}, `customer-${companyId}`)
    return reply.status(201).send({ clientId, clientSecret })
  })
}
