import type { On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import { newSecret } from '../state/credentials.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { find, remove } from './records.js'

/** Webhook subscriptions. The sandbox sends no webhooks, so activation succeeds without a handshake. */
export function webhookRoutes(on: On, { data, origins }: World): void {
  const { subscriptions } = data
  const subscription = (id: string) => find(subscriptions, id, 'Subscription')
  const keys = new Map<string, string>()
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
    return created
  })

  on('GET /webhooks-api/v201907/subscriptions/{id}', ({ params }) => subscription(params.id))
  on('DELETE /webhooks-api/v201907/subscriptions/{id}', ({ params }) =>
    remove(subscriptions, params.id, 'Subscription'),
  )
  on('PUT /webhooks-api/v201907/subscriptions/{id}/activation', ({ params }) => {
    subscription(params.id).status = 'active'
  })
  on('GET /webhooks-api/v201907/subscriptions/{id}/callbacks-log', call => {
    subscription(call.params.id)
    return listOf(call, [], absolute())
  })

  on('GET /webhooks-api/v201907/subscriptions/{id}/secret-key', ({ params }) => {
    const secretKey = keys.get(subscription(params.id).id)
    if (secretKey === undefined) throw notFound('The subscription has no secret key')
    return { secretKey }
  })
  on('POST /webhooks-api/v201907/subscriptions/{id}/secret-key', ({ params }) => {
    const secretKey = newSecret()
    keys.set(subscription(params.id).id, secretKey)
    return { secretKey }
  })
}
