import type { On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { CallbackAuthentication } from '../webhooks/authorization.js'
import type { World } from '../world.js'
import { find, remove } from './records.js'

/** Webhook subscriptions. */
export function webhookRoutes(on: On, { data, origins, webhooks }: World): void {
  const { subscriptions } = data
  const subscription = (id: string) => find(subscriptions, id, 'Subscription')
  // Read at each request: the origin is known when the sandbox listens.
  const absolute = () => ({ linkBase: origins.api })

  on('GET /webhooks-api/v201907/subscriptions', call => listOf(call, [...subscriptions.values()], absolute()))

  on('POST /webhooks-api/v201907/subscriptions', ({ body }) => {
    const events = body.events as string[]
    if (events.length === 0) throw apiError(400, 'INVALID_REQUEST', '"events" must not be empty')
    const created: Item = {
      id: data.newId('subscription'),
      callbackUrl: body.callbackUrl,
      events: events.map(name => ({ name, version: 'v1' })),
      status: 'inactive',
    }
    subscriptions.set(created.id, created)
    webhooks.authenticate(created.id, (body.callbackAuthentication ?? {}) as CallbackAuthentication)
    return created
  })

  on('GET /webhooks-api/v201907/subscriptions/{id}', ({ params }) => subscription(params.id))
  on('DELETE /webhooks-api/v201907/subscriptions/{id}', ({ params }) =>
    remove(subscriptions, params.id, 'Subscription'),
  )
  on('PUT /webhooks-api/v201907/subscriptions/{id}/activation', async ({ params }) => {
    const activated = subscription(params.id)
    if (activated.status !== 'active' && !(await webhooks.shakeHands(activated))) {
      throw apiError(400, 'HANDSHAKE_FAILED', 'The callbackUrl did not answer 200 with the X-Hook-Secret it was sent')
    }
    activated.status = 'active'
  })
  on('GET /webhooks-api/v201907/subscriptions/{id}/callbacks-log', call => {
    const { id } = subscription(call.params.id)
    const wanted = call.query.get('callbackStatus')
    const log = webhooks.log(id).filter(({ status }) => wanted === null || status === wanted)
    return listOf(call, log, absolute())
  })

  on('GET /webhooks-api/v201907/subscriptions/{id}/secret-key', ({ params }) => {
    const secretKey = webhooks.keyOf(subscription(params.id).id)
    if (secretKey === undefined) throw notFound('The subscription has no secret key')
    return { secretKey }
  })
  on('POST /webhooks-api/v201907/subscriptions/{id}/secret-key', ({ params }) => ({
    secretKey: webhooks.rotateKey(subscription(params.id).id),
  }))
}
