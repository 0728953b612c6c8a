// One pass of keep-alive over 10,000 idle grants, of which 9,000 fail each for a reason of its own: the other 1,000 are
// renewed. A pass ends early only for what says something about the token endpoint itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OAuthApp } from 'smartrecruiters'
import { MapStore } from './support/map-store.mjs'
import { freePort } from './support/programs.mjs'
import { CLIENT, list, refusal, startTokenEndpoint, tokens, unreadable } from './support/token-endpoint.mjs'

const DAY = 24 * 60 * 60 * 1000
const GRANTS = 10_000
const HTML = { 'content-type': 'text/html' }

/** What the server answers to the grants of each kind. */
const ANSWERS = {
  'the grant is revoked': () => refusal('invalid_grant'),
  'the account is suspended': () => refusal('account_suspended', 403),
  'a 401 without a body': () => ({ status: 401 }),
  'a 403 without a body': () => ({ status: 403 }),
  "a refusal in the vendor's own form": () => ({
    status: 400,
    body: '{"message":"Bad grant","errors":[{"code":"BAD"}]}',
  }),
  'a page with 404': () => ({ status: 404, headers: HTML, body: '<html><title>Not here</title></html>' }),
  'a redirect': () => ({ status: 302, headers: { location: 'https://elsewhere.example/' } }),
  'a success without tokens': () => ({ body: '{}' }),
  'a success that names an error': () => ({ body: '{"access_token":null,"error":"temporarily_suspended"}' }),
  'an empty success': () => ({ body: '' }),
  'a coding that nobody knows': () => unreadable('hidden'),
  'a scope that is gone': () => refusal('invalid_scope'),
}
/** What the store does to the grants of each kind: the server never sees them. */
const RECORDS = ['a record that is not one', 'a record that the store fails to load', 'a record that it fails to write']
const KINDS = [...Object.keys(ANSWERS), ...RECORDS]
const PER_KIND = 600

async function importIdle(app, count, idOf = String) {
  const now = Date.now()
  for (let first = 0; first < count; first += 500) {
    const numbers = Array.from({ length: Math.min(500, count - first) }, (_, index) => first + index)
    await Promise.all(
      numbers.map(number =>
        app.import({
          id: idOf(number),
          refreshToken: `rt ${idOf(number)}`.replaceAll(' ', '_'),
          refreshTokenIssuedAt: now - 20 * DAY - number,
        }),
      ),
    )
  }
}

test(`one pass renews the 1,000 of ${GRANTS} idle grants that can be renewed, whatever the others fail for`, async t => {
  assert.equal(KINDS.length * PER_KIND, 9_000)
  const kindOf = number => (number % 10 === 0 ? 'good' : KINDS[number % KINDS.length])
  const kinds = new Map(Array.from({ length: GRANTS }, (_, number) => [`rt_${number}`, kindOf(number)]))
  const renewed = []
  const { app: appOf, asked } = await startTokenEndpoint(t, form => {
    const kind = kinds.get(form.refresh_token)
    if (kind !== 'good') return ANSWERS[kind]()
    renewed.push(form.refresh_token)
    return tokens(`new-${form.refresh_token}`)
  })
  const store = new MapStore()
  const app = appOf({ store })
  await importIdle(app, GRANTS)
  const kindOfId = id => kinds.get(`rt_${id}`)
  for (const [id, record] of store.records) {
    if (kindOfId(id) === RECORDS[0]) record.content = Buffer.from('not a record')
  }
  store.fail = (method, id) => {
    const kind = kindOfId(id)
    if (method === 'load' && kind === RECORDS[1]) throw new Error('this row is damaged')
    if (method === 'swap' && kind === RECORDS[2]) throw new Error('this row is locked')
  }

  const started = performance.now()
  const steps = []
  const done = await app.keepAlive({ perSecond: 1000, onProgress: step => steps.push(step) })
  const seconds = (performance.now() - started) / 1000
  assert.deepEqual(done, { renewed: 1000, skipped: 0, failed: 9000, remaining: 0 })
  assert.ok(steps.length >= GRANTS, 'progress is reported after each grant')
  assert.deepEqual(steps.at(-1), done)
  assert.equal(renewed.length, 1000)
  assert.equal(new Set(renewed).size, 1000, 'each of them once')
  assert.equal(new Set(asked.map(form => form.refresh_token)).size, asked.length, 'no refresh token is presented twice')
  t.diagnostic(`it took ${seconds.toFixed(1)} s`)

  // What could be seen of each is listed, and only what the server called over has ended.
  store.fail = () => {}
  for (const id of [...store.records.keys()]) if (kindOfId(id) === RECORDS[0]) store.records.delete(id)
  const states = {}
  for (const { id, state } of await list(app)) {
    states[kindOfId(id)] ??= new Set()
    states[kindOfId(id)].add(state)
  }
  const only = state => new Set([state])
  assert.deepEqual(states.good, only('active'))
  assert.deepEqual(states['the grant is revoked'], only('ended'))
  assert.deepEqual(states['the account is suspended'], only('refused'))
  assert.deepEqual(states['a 401 without a body'], only('refused'))
  assert.deepEqual(states["a refusal in the vendor's own form"], only('refused'))
  assert.deepEqual(states['a success that names an error'], only('refused'))
  assert.deepEqual(states['a page with 404'], only('active'))
  assert.deepEqual(states['a coding that nobody knows'], only('unread'))
  for (const kind of RECORDS.slice(1)) assert.deepEqual(states[kind], only('active'))
  const ended = Object.entries(states).filter(([, seen]) => seen.has('ended'))
  assert.deepEqual(
    ended.map(([kind]) => kind),
    ['the grant is revoked'],
  )
})

for (const [what, answer] of [
  ['answers 503', { status: 503, body: '' }],
  ['answers 500', { status: 500, body: '{"message":"Oh no"}' }],
  ['answers 429', { status: 429, headers: { 'retry-after': '20' }, body: '' }],
]) {
  test(`a pass ends early when the token endpoint ${what}`, async t => {
    const { app: appOf, asked } = await startTokenEndpoint(t, () => answer)
    const app = appOf()
    await importIdle(app, 500)
    const { renewed, failed, remaining } = await app.keepAlive({ perSecond: 1000 })
    assert.equal(renewed, 0)
    // Five failures in a row, and the 64 exchanges at most that had begun by then.
    assert.ok(failed >= 5 && failed <= 5 + 64, String(failed))
    assert.deepEqual([asked.length, remaining], [failed, 500 - failed])
    assert.ok((await list(app)).every(({ state }) => state === 'active'))
  })
}

test('a pass ends early when nobody listens at the token endpoint, and the next one renews all that it left', async t => {
  const port = await freePort()
  const store = new MapStore()
  const down = new OAuthApp({ ...CLIENT, baseUrl: `http://127.0.0.1:${port}`, store })
  await importIdle(down, 500)
  const { renewed, failed, remaining } = await down.keepAlive({ perSecond: 1000 })
  assert.equal(renewed, 0)
  assert.ok(failed >= 5 && failed <= 5 + 64, String(failed))
  assert.equal(remaining, 500 - failed)

  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) => tokens(number))
  const done = await appOf({ store }).keepAlive({ perSecond: 1000 })
  assert.deepEqual(done, { renewed: 500, skipped: 0, failed: 0, remaining: 0 })
  assert.equal(asked.length, 500)
})

test('failures of the endpoint between successes do not end a pass', async t => {
  const { app: appOf, asked } = await startTokenEndpoint(t, (_form, number) =>
    number % 5 === 0 ? { status: 503, body: '' } : tokens(number),
  )
  const app = appOf()
  await importIdle(app, 100)
  const { renewed, failed, remaining } = await app.keepAlive({ perSecond: 1000 })
  assert.deepEqual([renewed, failed, remaining, asked.length], [80, 20, 0, 100])
})
