import type { FastifyInstance } from 'fastify'
import { apiError, notFound } from '../errors.js'
import type { World } from '../world.js'

/**
 * The user of a credential, the job board feed for partner keys, and the credentials that a partner gets for a
 * customer.
 */
export function accountRoutes(app: FastifyInstance, world: World): void {
  const { credentials, data, gate, integrated } = world

  const readMe = { config: { scopes: ['user_me_read'] } }
  for (const path of ['/user-api/v201804/users/me', '/users/me']) {
    app.get(path, readMe, request => {
      const identity = gate.contextOf(request.raw)?.identity
      const user = identity?.status === 'known' ? identity.holder.user : 0
      const me = data.users[user % data.users.length]
      if (!me) throw notFound('User not found')
      return me
    })
  }

  app.get('/feed/publications', { config: { access: 'partner' } }, () => {
    const content = [...data.jobs.values()].filter(job => job.postingStatus === 'PUBLIC').slice(0, 100)
    return { totalFound: content.length, content }
  })

  const master = { config: { scopes: ['partner_configuration_manage', 'client_credentials_write'] } }
  app.post<{ Body: { companyId?: unknown } | null }>(
    '/apps-integrations/partner-api/integrations',
    master,
    (request, reply) => {
      const companyId = request.body?.companyId
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
    },
  )
}
