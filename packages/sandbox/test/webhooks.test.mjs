import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { startReceiver } from './receiver.mjs'
import { control, withSandbox } from './support.mjs'
import { events } from './table.mjs'

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'
const MINUTE = 60
/** What is in the link of an event, if it is not the plural of the kind. */
const PART_OF_LINK = {
  approv: '/approvals/',
  ad: '/jobads/',
  application: '/candidates/',
  onboarding: '/onboarding-processes/',
}

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

/** Emits an event to a receiver of its own, and returns the link of what arrived. */
async function linkOf(sandbox, send, name, payload, options) {
  const { url, received } = await startReceiver()
  await subscribe(send, url, { events: [name] })
  const deliveries = await sandbox.emit(name, payload, options)
  assert.ok(deliveries.some(({ delivered }) => delivered))
  return /^<(.*)>; rel=self$/.exec(received.at(-1).headers.link)?.[1]
}

test(
  'an event links to the record that its payload names',
  withSandbox({}, async (sandbox, { send }) => {
    const link = (name, payload, options) => linkOf(sandbox, send, name, payload, options)
    const { baseUrl } = sandbox
    assert.equal(await link('job.created', { id: 'a/b' }), `${baseUrl}/jobs/a%2Fb`)
    const application = { candidate_id: 'ada', job_id: 'nurse', application_id: '1' }
    assert.equal(await link('application.created', application), `${baseUrl}/candidates/ada/jobs/nurse`)
    const offer = { candidate_id: 'ada', job_id: 'nurse', offer_id: 'o' }
    assert.equal(await link('offer.updated', offer), `${baseUrl}/candidates/ada/jobs/nurse/offers/o`)
    assert.equal(await link('candidate.updated', { id: 'ada' }, { link: 'https://a.example/' }), 'https://a.example/')
    assert.equal(await link('candidate.created', { id: 'ada' }, { link: null }), undefined)
    assert.equal(await link('candidate.deleted', { id: 'ada' }), undefined)
    assert.equal(await link('something.new', { id: 'ada' }), undefined)
  }),
)

test(
  'every documented event links to a record of its kind, also if its payload names none',
  withSandbox({ limits: false }, async (sandbox, { send, get }) => {
    assert.ok(events.length >= 50)
    for (const { name, link: path } of events) {
      const link = await linkOf(sandbox, send, name, {})
      if (path === undefined) {
        assert.equal(link, undefined)
        continue
      }
      const kind = /^(?:offer|job)\.(approv)|^job\.(ad)|^([a-z]+)/.exec(name).slice(1).find(Boolean)
      assert.ok(
        link?.startsWith(sandbox.baseUrl) && link.includes(PART_OF_LINK[kind] ?? `/${kind}s/`),
        `${name}: ${link}`,
      )
      const answer = await get(link.slice(sandbox.baseUrl.length))
      assert.equal(answer.status, 200, `${name}: ${link}`)
      await answer.body.cancel()
    }
  }),
)

test(
  'an event of which the sandbox has no record has no link',
  withSandbox({ jobs: 0, candidates: 0 }, async (sandbox, { send }) => {
    assert.equal(await linkOf(sandbox, send, 'application.created', {}), undefined)
  }),
)

test(
  'the control API emits events and repeats deliveries',
  withSandbox({}, async (sandbox, { send }) => {
    const { url, received } = await startReceiver(() => (received.length === 2 ? 500 : 202))
    const { id: subscriptionId } = await subscribe(send, url)
    const event = { name: 'job.created', payload: { id: '1' }, id: 'e', link: null }
    const emitted = await control(sandbox, 'POST', '/emit', event)
    assert.deepEqual(emitted, {
      status: 200,
      body: [{ eventId: 'e', subscriptionId, attempt: 1, status: 500, delivered: false }],
    })
    assert.deepEqual([received[1].body, received[1].headers.link], ['{"id":"1"}', undefined])
    await control(sandbox, 'POST', '/advance-time', { seconds: MINUTE })
    const { body } = await control(sandbox, 'POST', '/repeat-webhooks')
    assert.deepEqual(body, [{ eventId: 'e', subscriptionId, attempt: 2, status: 202, delivered: true }])
    for (const [field, wrong] of Object.entries({ name: 1, payload: [], id: 1, link: 1 })) {
      const answer = await control(sandbox, 'POST', '/emit', { ...event, [field]: wrong })
      assert.equal(answer.status, 400)
      assert.match(answer.body.message, new RegExp(`^"${field}" must be`))
    }
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
