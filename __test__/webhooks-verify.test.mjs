// `webhooks.verify()`: what is accepted as a request of SmartRecruiters, and what is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigurationError, SmartRecruitersError, SqliteStore, WebhookError } from 'smartrecruiters'
import { Webhooks } from 'smartrecruiters/web'
import { SECRET } from './support/webhooks.mjs'

const DOCUMENTED = {
  key: 'HeBVky2bccvvkcXPimH8c',
  body: '{"job_id":"jid","candidate_id":"cid"}',
  headers: {
    'event-id': '123',
    'event-name': 'application.created',
    'event-version': 'v201910',
    link: '<http://smartrecruiters.com/endpoint>; rel=self',
    'smartrecruiters-timestamp': '1574080897',
    'smartrecruiters-signature': 'v1=2e9291f10d44ca10204a4cd81b05d73b6a316b2b605d4e2e0e0b37b40198ce1f',
  },
}
const webhooks = new Webhooks({ secrets: SECRET })

function refusal(verify) {
  try {
    verify()
  } catch (error) {
    assert.ok(error instanceof WebhookError && error instanceof SmartRecruitersError, String(error))
    assert.equal(error.code, 'WEBHOOK_REFUSED')
    assert.ok(!error.message.includes(SECRET) && !JSON.stringify(error).includes(SECRET))
    return error.reason
  }
  return assert.fail('it was accepted')
}

test("the vendor's documented example is signed and verified", t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1574080897_000 })
  const ours = new Webhooks({ secrets: ['another-key', DOCUMENTED.key] })
  // The core's clock is the machine's, so the example is too old for it.
  assert.equal(
    refusal(() => ours.verify(DOCUMENTED.headers, DOCUMENTED.body)),
    'tooOld',
  )
  const signed = new Webhooks({ secrets: DOCUMENTED.key }).sign({
    id: '123',
    name: 'application.created',
    payload: DOCUMENTED.body,
    link: 'http://smartrecruiters.com/endpoint',
  })
  const { 'content-type': type, ...headers } = signed.headers
  assert.equal(type, 'application/json')
  assert.deepEqual(headers, DOCUMENTED.headers)
})

test('an event has what its request says', () => {
  const { headers, body } = webhooks.sign({
    id: 'e',
    name: 'application.created',
    payload: { job_id: 'j', candidate_id: 'c', application_id: 'a' },
    link: 'https://api.smartrecruiters.com/x',
  })
  const { timestamp, ...event } = webhooks.verify(headers, Buffer.from(body))
  assert.ok(Math.abs(timestamp.getTime() - Date.now()) < 60_000)
  assert.deepEqual(event, {
    id: 'e',
    name: 'application.created',
    version: 'v201910',
    link: 'https://api.smartrecruiters.com/x',
    payload: { job_id: 'j', candidate_id: 'c', application_id: 'a' },
  })
})

test('headers are read in every shape and spelling', () => {
  const spellings = fc.constantFrom(
    name => name,
    name => name.toUpperCase(),
    name => name.replace(/\b[a-z]/g, letter => letter.toUpperCase()),
    name => name.toUpperCase().replaceAll('-', '_'),
    name => `HTTP_${name.toUpperCase().replaceAll('-', '_')}`,
  )
  const shapes = fc.constantFrom(
    entries => Object.fromEntries(entries),
    entries => Object.fromEntries(entries.map(([name, value]) => [name, [value]])),
    entries => Object.fromEntries(entries.map(([name, value]) => [name, [value, value]])),
    entries => entries,
    entries => new Map(entries),
    entries => Object.assign(Object.create(null), Object.fromEntries(entries)),
    entries => entries.flatMap(entry => [entry, entry]),
  )
  fc.assert(
    fc.property(spellings, shapes, fc.webUrl(), fc.string(), (spelling, shape, link, text) => {
      const { headers, body } = webhooks.sign({ id: 'e', name: 'a.b', payload: { text }, link })
      const entries = Object.entries(headers).map(([name, value]) => [spelling(name), value])
      const event = webhooks.verify(shape(entries), body)
      assert.deepEqual([event.id, event.name, event.link, event.payload], ['e', 'a.b', link, { text }])
      if (!entries.some(([name]) => name.includes('_'))) {
        assert.equal(webhooks.verify(new Headers(entries), body).id, 'e')
      }
    }),
  )
})

test('no headers make it fail in another way than by its own errors', () => {
  fc.assert(
    fc.property(fc.anything(), fc.oneof(fc.string(), fc.uint8Array()), (headers, body) => {
      assert.throws(() => webhooks.verify(headers, body), SmartRecruitersError)
    }),
  )
})

test('each request is refused for its own reason', () => {
  const sign = options => webhooks.sign({ name: 'job.created', payload: { id: '1' }, ...options })
  const good = sign()
  const at = seconds => sign({ timestamp: Date.now() + seconds * 1000 })
  const without = name => ({ ...good.headers, [name]: undefined })
  const table = [
    ['missingSignature', without('smartrecruiters-signature'), good.body],
    ['noMatch', { ...good.headers, 'smartrecruiters-signature': `v1=${'0'.repeat(64)}` }, good.body],
    ['noMatch', without('event-name'), good.body],
    ['noMatch', good.headers, `${good.body} `],
    ['noMatch', good.headers, JSON.stringify(JSON.parse(good.body), null, 2)],
    ['tooManySignatures', { ...good.headers, 'smartrecruiters-signature': 'v1=0;'.repeat(17) }, good.body],
    ['tooOld', at(-26 * 3600 - 60).headers, good.body],
    ['fromFuture', at(400).headers, good.body],
    ['malformedHeader', { ...good.headers, 'event-id': ['one', 'two'] }, good.body],
    ['malformedBody', sign({ payload: '[]' }).headers, '[]'],
  ]
  for (const [expected, headers, body] of table) {
    assert.equal(
      refusal(() => webhooks.verify(headers, body)),
      expected,
    )
  }
  assert.equal(
    refusal(() => new Webhooks({}).verify(good.headers, good.body)),
    'noKey',
  )
})

test('a former key verifies, as one of several signatures', () => {
  const [former, present] = ['former', 'present'].map(secrets => new Webhooks({ secrets }))
  const both = new Webhooks({ secrets: ['present', 'former'] })
  const event = { id: 'e', name: 'job.created', payload: {}, timestamp: Date.now() }
  const [one, other] = [former.sign(event), present.sign(event)]
  assert.equal(both.verify(one.headers, one.body).id, 'e')
  const name = 'smartrecruiters-signature'
  const joined = { ...one.headers, [name]: `v2=abc;${one.headers[name]};${other.headers[name]}` }
  for (const receiver of [former, present, both]) assert.equal(receiver.verify(joined, one.body).id, 'e')
})

test('a parsed body is refused with the remedy', () => {
  const { headers } = webhooks.sign({ name: 'job.created', payload: {} })
  assert.throws(
    () => webhooks.verify(headers, { id: 1 }),
    error =>
      error instanceof ConfigurationError && error.field === 'body' && /before the body parser/.test(error.message),
  )
})

test('wrong options are refused by their names, and no secret is quoted', () => {
  const table = {
    secrets: [{ secrets: 5 }, { secrets: '' }],
    'secrets[1]': [{ secrets: ['good', 'canary canary'] }],
    encryptionKey: [{ store: new SqliteStore({ path: '/tmp/none.sqlite' }) }],
    name: [{ name: 'a:b' }, { name: '' }],
    concurrency: [{ concurrency: 0 }],
    attempts: [{ attempts: 1.5 }],
    timeout: [{ timeout: -1 }],
    'tolerance.past': [{ tolerance: { past: -1 } }],
    client: [{ client: {} }],
    onError: [{ onError: 'log' }],
    'callbackAuthentication.type': [{ callbackAuthentication: { type: 'digest' } }],
    'callbackAuthentication.username': [
      { callbackAuthentication: { type: 'basic', username: 'a:b', password: 'canary' } },
    ],
    'callbackAuthentication.headerName': [
      { callbackAuthentication: { type: 'header', headerName: 'authorization', headerValue: 'canary' } },
    ],
    secret: [{ secret: 'canary' }],
  }
  for (const [field, all] of Object.entries(table)) {
    for (const options of all) {
      assert.throws(
        () => new Webhooks(options),
        error =>
          error instanceof ConfigurationError &&
          (error.field === field || (field === 'onError' && error.field === 'listener')) &&
          !error.message.includes('canary canary'),
        field,
      )
    }
  }
})

test('a request that cannot be signed is refused by its field', () => {
  const circle = {}
  circle.circle = circle
  const table = {
    payload: [undefined, 1n, circle, () => {}, { toJSON: () => assert.fail('canary') }, 'half of a character: \ud800'],
    id: [7, Symbol('id'), Object.create(null)],
    name: [undefined, ''],
    version: [7, Symbol('version')],
    link: ['', 7],
  }
  for (const [field, values] of Object.entries(table)) {
    for (const value of values) {
      const request = { name: 'job.created', payload: {}, [field]: value }
      assert.throws(
        () => webhooks.sign(request),
        error => error instanceof ConfigurationError && error.field === field && !error.message.includes('canary'),
        `${field}: ${typeof value}`,
      )
    }
  }
  assert.equal(webhooks.sign({ name: 'job.created', payload: {}, id: '', version: '' }).headers['event-id'], '')
})
