// A process in which other code has put the names of this package's options on `Object.prototype`: nothing that the
// package sends, stores, returns or refuses may change. The names are those of the declarations.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import {
  ApiKey,
  ClientCredentials,
  OAuthApp,
  PartnerApp,
  PostgresStore,
  RedisLimits,
  RedisStore,
  SmartRecruiters,
  SqliteStore,
  Webhooks,
} from 'smartrecruiters'
import { checkStore, startBridge } from 'smartrecruiters/testing'
import { loginHandler, partnerHandler } from 'smartrecruiters/web'
import { MapStore } from './support/map-store.mjs'
import { optionNames } from './support/option-names.mjs'

const names = optionNames()
const KEY = '5a'.repeat(32)
const COOKIE_SECRET = 'canary-cookie-secret-canary-cookie-secret'
const TOKENS = { access_token: 'access', refresh_token: 'refresh', token_type: 'bearer', expires_in: 1800 }
const ANSWERS = {
  '/identity/oauth/token': TOKENS,
  '/jobs': { content: [{ id: 'a' }, { id: 'b' }], totalFound: 2, limit: 100, offset: 0 },
  '/webhooks-api/v201907/subscriptions': { content: [{ callbackUrl: 'https://app.example/', events: [{}] }] },
}

/** A server in a thread of its own, whose `Object.prototype` nobody pollutes. */
async function serve(t, workerData) {
  const worker = new Worker(new URL('./processes/recording-server.mjs', import.meta.url), { workerData })
  t.after(() => worker.terminate())
  const [url] = await once(worker, 'message')
  return {
    url,
    async requests() {
      worker.postMessage('requests')
      const [requests] = await once(worker, 'message')
      return requests
    },
  }
}

/** A request whose own options are not taken from `Object.prototype`, as the platform would do. */
function request(url, init = {}) {
  return new Request(url, { method: 'GET', headers: {}, body: null, signal: null, ...init })
}

/** A store with nothing but what every store must have. */
class SmallStore {
  #records = new MapStore()
  load = id => this.#records.load(id)
  swap = (...asked) => this.#records.swap(...asked)
  due = (...asked) => this.#records.due(...asked)
}

/** Uses every public class and function once, with as few options as possible, and returns what came of each use. */
async function useEverything(baseUrl) {
  const outcomes = []
  async function use(what, run) {
    // Only what an error has itself: the rest comes from the polluted prototype.
    const outcome = await (async () => run())().catch(error => [error?.constructor.name, String(error), { ...error }])
    outcomes.push([what, outcome])
  }
  const APP = { clientId: 'client', clientSecret: 'secret', redirectUri: 'https://app.example/auth/callback', baseUrl }
  const sr = new SmartRecruiters({ credential: new ApiKey('KEY'), baseUrl, retries: 0 })

  for (const Class of [ClientCredentials, OAuthApp, PartnerApp, PostgresStore, RedisLimits, RedisStore, SqliteStore]) {
    await use(`new ${Class.name}({})`, () => void new Class({}))
  }
  await use('new SmartRecruiters({})', () => void new SmartRecruiters({}))
  await use('get', () => sr.get('/jobs'))
  await use('get with a query', () => sr.get('/jobs', { query: { limit: 1 } }))
  await use('post', () => sr.post('/x', { json: { a: 1 } }))
  await use('a form', () => {
    const form = new FormData()
    form.set('file', new Blob(['content']))
    return sr.post('/x', { form })
  })
  await use('fetch', async () => (await sr.fetch('/jobs')).json())
  await use('fetch with a method', async () => (await sr.fetch('/x', { method: 'POST', body: 'text' })).status)
  await use('fetch of a Request', async () => (await sr.fetch(request(`${baseUrl}/x`))).status)
  // The platform's `Request` reads the options of such a method.
  await use('fetch with another method', async () => (await sr.fetch('/x', { method: 'SEARCH' })).status)
  await use('an unanswered call', () =>
    new SmartRecruiters({ credential: new ApiKey('KEY'), retries: 0, baseUrl: 'http://127.0.0.1:9' }).get('/x'),
  )
  await use('an aborted call', () => sr.get('/x', { signal: AbortSignal.abort('aborted') }))
  await use('a call with a signal', () => sr.get('/x', { signal: new AbortController().signal }))
  await use('paginate', () => sr.paginate('/jobs').toArray())
  await use('token', () => sr.token())

  const credential = new ClientCredentials({ clientId: 'client', clientSecret: 'secret' })
  const shared = new ClientCredentials({
    clientId: 'c',
    clientSecret: 's',
    store: new SmallStore(),
    encryptionKey: KEY,
  })
  for (const each of [credential, shared]) {
    await use('client credentials', async () => {
      const client = new SmartRecruiters({ credential: each, baseUrl })
      const { accessToken, scopes } = await client.token()
      return { accessToken, scopes, can: await client.can('GET /jobs') }
    })
  }

  // Neither must be taken for a store that needs no key.
  for (const store of [new SqliteStore({ path: '/tmp/never-made.sqlite' }), new SmallStore()]) {
    await use('a durable store without a key', () => void new OAuthApp({ ...APP, store }))
    await use('the same for tokens', () => void new ClientCredentials({ clientId: 'c', clientSecret: 's', store }))
    await use('the same for events', () => void new Webhooks({ store }))
  }

  const app = new OAuthApp({ ...APP, store: new SmallStore(), encryptionKey: KEY })
  await use('authorizationUrl', () => {
    const { url, state } = app.authorizationUrl()
    return url.replace(state, '{state}')
  })
  await use('exchange', async () => {
    const { state } = app.authorizationUrl()
    const grant = await app.exchange(`/auth/callback?code=code&state=${state}`, { state, id: 'acme' })
    return grant.id
  })
  await use('import', async () => (await app.import({ id: 'other', refreshToken: 'imported' })).id)
  await use('annotate', () => app.annotate('acme', { note: 'a' }))
  await use('grants', async () => {
    const listed = []
    for await (const grant of app.grants()) {
      for (const time of Object.keys(grant).filter(name => name.endsWith('At'))) delete grant[time]
      listed.push(grant)
    }
    return listed
  })
  await use('a call with a grant', () => new SmartRecruiters({ credential: app.grant('other') }).get('/jobs'))
  await use('a call with an unknown grant', () => new SmartRecruiters({ credential: app.grant('none') }).get('/jobs'))
  await use('keepAlive', () => app.keepAlive({ idle: 0 }))
  await use('rekey', () => app.rekey())
  await use('export', async () => typeof (await app.export('acme')))
  await use('forget', () => app.forget('other'))

  const { redirectUri, ...master } = APP
  const partner = new PartnerApp({ ...master, store: new SmallStore(), encryptionKey: KEY })
  await use('connect', () => partner.connect('company'))
  await use('import of a customer', async () => {
    return (await partner.import({ companyId: 'company', clientId: 'c', clientSecret: 's' })).companyId
  })
  await use('customers', async () => {
    const listed = []
    for await (const { companyId, state } of partner.customers()) listed.push({ companyId, state })
    return listed
  })
  await use('disconnect', () => partner.disconnect('company'))

  const webhooks = new Webhooks({ secrets: 'secret', store: new SmallStore(), encryptionKey: KEY })
  await use('sign and verify', () => {
    const { headers, body } = webhooks.sign({ name: 'job.created', payload: { job_id: 'a' }, id: 'event' })
    const { id, name, version, link, payload } = webhooks.verify(headers, body)
    return { id, name, version, link, payload, headers: Object.keys(headers) }
  })
  await use('verify without headers', () => webhooks.verify({}, '{}'))
  await use('handler', async () => {
    const { headers, body } = webhooks.sign({ name: 'job.created', payload: '{}', id: 'event', timestamp: Date.now() })
    const handled = await webhooks.handler()(request('http://a/x', { method: 'POST', headers, body }))
    const refused = await webhooks.handler()(request('http://a/x', { method: 'POST', body: '{}' }))
    return [handled.status, refused.status, await refused.text()]
  })
  await use('tokenHandler', async () => {
    const answer = await webhooks.tokenHandler()(request('http://a/x', { method: 'POST', body: 'a=b' }))
    return [answer.status, await answer.text()]
  })
  await use('subscriptions', () => webhooks.subscriptions({ client: sr }))
  await use('dead letters', async () => {
    for await (const letter of webhooks.deadLetters()) return letter
  })

  const login = loginHandler(app, { cookieSecret: COOKIE_SECRET })
  await use('a login', async () => {
    const begun = await login(request('https://app.example/auth/login'))
    const location = begun.headers.get('location')
    const state = new URL(location).searchParams.get('state')
    const [cookie] = begun.headers.getSetCookie()[0].split(';')
    const callback = request(`https://app.example/auth/callback?code=code&state=${state}`, { headers: { cookie } })
    const answered = await login(callback)
    return [begun.status, location.replace(state, '{state}'), answered.status, answered.headers.get('location')]
  })
  await use('a login that was not begun', async () => {
    const answered = await login(request('https://app.example/auth/callback?code=code&state=none'))
    return [answered.status, await answered.text()]
  })
  const activation = partnerHandler(partner, { path: '/activate' })
  await use('an activation', async () => {
    const answered = await activation(request('https://app.example/activate?companyId=company'))
    return [answered.status, answered.headers.get('location'), await answered.text()]
  })

  await use('startBridge', async () => {
    const bridge = await startBridge()
    await bridge.close()
    return bridge.baseUrl.replace(/\d+$/, '')
  })
  await use('checkStore', async () => {
    const records = new SmallStore()
    await checkStore(() => records)
  })
  await sr.close()
  return outcomes
}

/** What was sent, without what is random. */
function sent(requests) {
  return requests.map(({ method, url, headers, body }) => {
    const text = body.replace(/smartrecruiters-[0-9a-f]{24}/g, '{boundary}')
    const { host, 'content-type': type = '', ...others } = headers
    return { method, url, headers: { ...others, type: type.replace(/smartrecruiters-.*/, '{boundary}') }, body: text }
  })
}

test('what stands on Object.prototype under the name of any option changes nothing', { timeout: 300_000 }, async t => {
  // Warnings would be counted otherwise, and pages of errors be shown.
  process.removeAllListeners('warning')
  const good = await serve(t, ANSWERS)
  const evil = await serve(t)
  await useEverything(good.url)
  await good.requests()
  const expected = { outcomes: await useEverything(good.url), requests: sent(await good.requests()) }
  assert.ok(names.length > 90, 'the declarations name too few options')
  assert.ok(expected.requests.length >= 20, 'nothing was sent')

  const values = [`${evil.url}/evil`, false, true, 1, () => 'evil', { evil: 'evil' }]
  for (const value of values) {
    for (const name of names) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    }
    let outcomes
    try {
      outcomes = await useEverything(good.url)
    } finally {
      for (const name of names) delete Object.prototype[name]
    }
    const got = { outcomes, requests: sent(await good.requests()) }
    assert.deepEqual(got, expected, `each option is ${typeof value === 'object' ? 'an object' : value}`)
  }
  assert.deepEqual(await evil.requests(), [])
})
