import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { startReceiver } from './receiver.mjs'
import { withSandbox } from './support.mjs'

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'
const MINUTE = 60

/** An active subscription of `job.created` with a secret key, for a receiver. */
async function subscribe(send, url, more) {
  const json = async (...request) => (await send(...request)).json()
  const { id } = await json('POST', SUBSCRIPTIONS, { callbackUrl: url, events: ['job.created'], ...more })
  const { secretKey } = await json('POST', `${SUBSCRIPTIONS}/${id}/secret-key`, {})
  const activation = await send('PUT', `${SUBSCRIPTIONS}/${id}/activation`, {})
  assert.equal(activation.status, 204)
  return { id, secretKey }
}

/** The signatures that a request should have, by its headers and body. */
function signature(secretKey, { headers, body }) {
  const parts = ['event-id', 'event-name', 'event-version', 'link'].map(name => headers[name] ?? '')
  const signed = [headers['smartrecruiters-timestamp'], body, ...parts].join('.')
  return `v1=${createHmac('sha256', secretKey).update(signed).digest('hex')}`
}

test(
  'an event reaches those who ask for it, signed with each key of the subscription',
  withSandbox({}, async (sandbox, { send }) => {
    const { url, received } = await startReceiver()
    const { id, secretKey } = await subscribe(send, url)
    const link = `${sandbox.baseUrl}/jobs/1`
    const [delivery] = await sandbox.emit('job.created', { id: '1' }, { id: 'e', link })
    assert.deepEqual(delivery, { eventId: 'e', subscriptionId: id, attempt: 1, status: 202, delivered: true })
    assert.deepEqual(await sandbox.emit('job.updated', { id: '1' }), [])
    const [handshake, event, ...others] = received
    assert.deepEqual([typeof handshake.headers['x-hook-secret'], others.length], ['string', 0])
    assert.deepEqual([event.body, event.headers.link], ['{"id":"1"}', `<${link}>; rel=self`])
    assert.equal(event.headers['smartrecruiters-signature'], signature(secretKey, event))
    const rotated = await (await send('POST', `${SUBSCRIPTIONS}/${id}/secret-key`, {})).json()
    await sandbox.emit('job.created', { id: '2' })
    const both = [rotated.secretKey, secretKey].map(key => signature(key, received[2])).join(';')
    assert.equal(received[2].headers['smartrecruiters-signature'], both)
    sandbox.advanceTime(24 * 60 * MINUTE)
    await sandbox.emit('job.created', { id: '3' })
    const last = received[3]
    assert.equal(last.headers['smartrecruiters-signature'], signature(rotated.secretKey, last))
  }),
)

test(
  'a delivery that fails is repeated ten times within days, and then the subscription is suspended',
  withSandbox({}, async (sandbox, { send, get }) => {
    const { url, received } = await startReceiver(() => 200)
    const { id } = await subscribe(send, url)
    const [first] = await sandbox.emit('job.created', { id: '1' }, { id: 'e' })
    assert.deepEqual([first.status, first.delivered], [200, false], 'only 202 counts')
    assert.deepEqual(await sandbox.repeatWebhooks(), [])
    sandbox.advanceTime(MINUTE)
    assert.deepEqual(
      (await sandbox.repeatWebhooks()).map(({ attempt }) => attempt),
      [2],
    )
    sandbox.advanceTime(7 * 24 * 60 * MINUTE)
    assert.deepEqual(
      (await sandbox.repeatWebhooks()).map(({ attempt }) => attempt),
      [3, 4, 5, 6, 7, 8, 9, 10, 11],
    )
    assert.ok(received.slice(1).every(({ headers }) => headers['event-id'] === 'e'))
    assert.equal((await (await get(`${SUBSCRIPTIONS}/${id}`)).json()).status, 'inactive')
    const log = await (await get(`${SUBSCRIPTIONS}/${id}/callbacks-log?limit=100`)).json()
    assert.deepEqual([log.length, log[0].status, log[0].requestDetails.body], [11, 'failed', '{"id":"1"}'])
    assert.deepEqual(await (await get(`${SUBSCRIPTIONS}/${id}/callbacks-log?callbackStatus=successful`)).json(), [])
  }),
)

test(
  'a receiver that does not shake hands is not activated',
  withSandbox({}, async (sandbox, { send }) => {
    const created = await send('POST', SUBSCRIPTIONS, { callbackUrl: sandbox.foreignUrl, events: ['job.created'] })
    const { id } = await created.json()
    const activation = await send('PUT', `${SUBSCRIPTIONS}/${id}/activation`, {})
    assert.equal(activation.status, 400)
    assert.deepEqual(await sandbox.emit('job.created', {}), [])
  }),
)

test(
  'a receiver gets the authentication that it asked for',
  withSandbox({}, async (sandbox, { send }) => {
    const { url, received } = await startReceiver()
    const basic = { type: 'basic', username: 'sr', password: 'secret' }
    await subscribe(send, url, { callbackAuthentication: basic })
    await sandbox.emit('job.created', {})
    for (const { headers } of received) assert.equal(headers.authorization, `Basic ${btoa('sr:secret')}`)
    assert.equal(received.length, 2)
  }),
)
