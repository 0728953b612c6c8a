import type { FastifyInstance } from 'fastify'
import { ApiError, apiError, notFound } from '../errors.js'
import { cursorPage, linkNext, type Page } from '../pagination.js'
import { queryOf } from '../query.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'

interface ItemRoute {
  Params: { id: string }
}

/** Audit events, approvals, webhooks, reports and reviews. Each of these lists has its own kind of pages. */
export function listRoutes(app: FastifyInstance, world: World): void {
  const { data, origins } = world
  const withScopes = (...scopes: string[]) => ({ config: { scopes } })

  app.get('/audit-api/v201910/audit-events', withScopes('audit_events_read'), request => {
    const rules = { resource: 'audit-events', cursorParameter: 'nextPageId' }
    const page = cursorPage(request, data.auditEvents, rules)
    return { ...nextPageId(page), content: page.rows }
  })

  app.get('/approvals-api/v201910/approvals', withScopes('approvals_read'), (request, reply) => {
    const page = cursorPage(request, data.approvals, { resource: 'approvals' })
    linkNext(request, reply, '', page.nextPageId)
    return { content: page.rows }
  })

  app.get<ItemRoute>('/approvals-api/v201910/approvals/:id', withScopes('approvals_read'), request => {
    if (request.params.id.startsWith('denied-')) {
      throw new ApiError(401, { errors: [{ code: 'UNAUTHORIZED_ACCESS', message: 'No access to this approval' }] })
    }
    const approval = data.approvals.find(({ id }) => id === request.params.id)
    if (!approval) throw notFound('Approval not found')
    return approval
  })

  app.get(SUBSCRIPTIONS, withScopes('webhooks_read'), (request, reply) => {
    const page = cursorPage(request, [...data.subscriptions.values()], { resource: 'subscriptions' })
    linkNext(request, reply, origins.api, page.nextPageId)
    return page.rows
  })

  app.post<{ Body: { callbackUrl?: unknown; events?: unknown } | null }>(
    SUBSCRIPTIONS,
    withScopes('webhooks_write'),
    (request, reply) => {
      const { callbackUrl, events } = request.body ?? {}
      if (typeof callbackUrl !== 'string' || !Array.isArray(events)) {
        throw apiError(400, 'INVALID_SUBSCRIPTION', '"callbackUrl" and "events" are required')
      }
      const subscription: Item = { id: data.newId('subscription'), callbackUrl, events, status: 'inactive' }
      data.subscriptions.set(subscription.id, subscription)
      return reply.status(201).send(subscription)
    },
  )

  app.put<ItemRoute>(`${SUBSCRIPTIONS}/:id/activation`, withScopes('webhooks_manage'), (request, reply) => {
    const subscription = data.subscriptions.get(request.params.id)
    if (!subscription) throw notFound('Subscription not found')
    subscription.status = 'active'
    return reply.status(204).send()
  })

  app.delete<ItemRoute>(`${SUBSCRIPTIONS}/:id`, withScopes('webhooks_delete'), (request, reply) => {
    if (!data.subscriptions.delete(request.params.id)) throw notFound('Subscription not found')
    return reply.status(204).send()
  })

  app.get('/reporting-api/v201804/reports', withScopes('reporting_read'), request => {
    const page = cursorPage(request, data.reports, { resource: 'reports', cursorParameter: 'page' })
    return { ...(page.nextPageId !== undefined && { nextPage: page.nextPageId }), content: page.rows }
  })

  app.get('/reviews-api/v201910/reviews', withScopes('reviews_read'), () => data.reviews)

  app.get('/user-api/v201804/users', withScopes('users_read'), request => {
    const page = cursorPage(request, data.users, { resource: 'users' })
    return { limit: page.size, ...nextPageId(page), content: page.rows }
  })

  app.get('/configuration/departments', withScopes('configuration_read'), () => ({
    totalFound: data.departments.length,
    content: data.departments,
  }))

  app.get<ItemRoute>('/configuration/job-properties/:id/values', withScopes('configuration_read'), request => {
    if (!data.jobProperties.some(({ id }) => id === request.params.id)) throw notFound('Job property not found')
    const rules = { resource: `values-${request.params.id}`, sizeParameter: 'pageSize' }
    const page = cursorPage(request, data.propertyValues(request.params.id), rules)
    const echoed = queryOf(request).get('pageId')
    return { ...(echoed !== null && { pageId: echoed }), pageSize: page.size, ...nextPageId(page), content: page.rows }
  })
}

function nextPageId(page: Page<unknown>): { nextPageId?: string } {
  return page.nextPageId === undefined ? {} : { nextPageId: page.nextPageId }
}
