// Names that the core and the stores could not hold as they are, and keys that are almost right: refused where they are
// given, by the field.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ApiKey,
  BearerToken,
  ClientCredentials,
  ConfigurationError,
  MemoryStore,
  OAuthApp,
  PartnerApp,
  PostgresStore,
  RedisLimits,
  RedisStore,
  SmartRecruiters,
  SqliteStore,
} from 'smartrecruiters'

const APP = { clientId: 'client', clientSecret: 'secret', redirectUri: 'http://localhost/callback' }
const CLIENT = { clientId: 'client', clientSecret: 'secret' }
const OWN = { durable: false, load: () => undefined, swap: () => true, due: () => [] }
const credential = new ApiKey('key')
const sr = new SmartRecruiters({ credential, baseUrl: 'http://127.0.0.1:9', retries: 0 })
const app = new OAuthApp(APP)
const partner = new PartnerApp({ ...CLIENT, store: new MemoryStore() })

/** Everything that takes a text which names something, with the field that its errors name. */
const PLACES = {
  apiKey: text => new ApiKey(text),
  accessToken: text => new BearerToken(text),
  clientId: text => new ClientCredentials({ ...CLIENT, clientId: text }),
  clientSecret: text => new ClientCredentials({ ...CLIENT, clientSecret: text }),
  tokenUrl: text => new ClientCredentials({ ...CLIENT, tokenUrl: `https://host/${text}` }),
  encryptionKey: text => new OAuthApp({ ...APP, encryptionKey: text }),
  'encryptionKey[1]': text => new OAuthApp({ ...APP, encryptionKey: ['5a'.repeat(32), text] }),
  redirectUri: text => new OAuthApp({ ...APP, redirectUri: `http://localhost/${text}` }),
  'scopes[0]': text => new OAuthApp({ ...APP, scopes: [text] }),
  'scopes[1]': text => app.authorizationUrl({ scopes: ['jobs_read', text] }),
  issuer: text => new OAuthApp({ ...APP, issuer: text }),
  authorizeUrl: text => new OAuthApp({ ...APP, authorizeUrl: `https://host/${text}` }),
  baseUrl: text => new SmartRecruiters({ credential, baseUrl: `https://host/${text}` }),
  proxy: text => new SmartRecruiters({ credential, proxy: `http://user:${text}@host` }),
  ca: text => new SmartRecruiters({ credential, ca: text }),
  'limits.endpoints': text => new SmartRecruiters({ credential, limits: { endpoints: { [`GET /${text}`]: {} } } }),
  'store.namespace': text => new OAuthApp({ ...APP, store: { ...OWN, namespace: text } }),
  namespace: text => new SqliteStore({ path: '/tmp/grants.sqlite', namespace: text }),
  path: text => new SqliteStore({ path: `/tmp/${text}` }),
  url: text => new RedisStore({ url: `redis://user:${text}@host` }),
  'url ': text => new PostgresStore({ url: `postgres://host/${text}` }),
  'url  ': text => new RedisLimits({ url: `redis://host/${text}` }),
  id: text => app.grant(text),
  'id ': text => app.forget(text),
  'id  ': text => app.export(text),
  'id   ': text => app.import({ id: text, refreshToken: 'refresh' }),
  'id    ': text => app.exchange('/callback?code=1&state=s', { state: 's', id: text }),
  state: text => app.exchange('/callback?code=1&state=s', { state: text }),
  callbackUrl: text => app.exchange(`/callback?code=1&state=${text}`, { state: 's' }),
  refreshToken: text => app.import({ id: 'a', refreshToken: text }),
  sealed: text => app.import({ sealed: text }),
  companyId: text => partner.customer(text),
  'companyId ': text => partner.connect(text),
  'companyId  ': text => partner.disconnect(text),
  'companyId   ': text => partner.import({ ...CLIENT, companyId: text }),
  method: text => sr.request(text, '/jobs'),
  'path ': text => sr.get(`/jobs/${text}`),
  'path  ': text => sr.paginate(`/jobs/${text}`),
  from: text => sr.paginate('/jobs', { from: text }),
}

/** What may hold U+0000, since it is percent-encoded. */
const ENCODED = {
  'params.id': text => sr.get('/jobs/{id}', { params: { id: text } }),
  'query.q': text => sr.get('/jobs', { query: { q: text } }),
  'query.q ': text => sr.get('/jobs', { query: { q: ['one', text] } }),
  'query.a': text => sr.get('/jobs', { query: { [`a${text}`]: 'name' } }),
  'headers.x-a': text => sr.get('/jobs', { headers: { 'x-a': text } }),
}

async function refused(field, use) {
  const failed = await (async () => use())().then(
    () => assert.fail(`${field} was taken`),
    error => error,
  )
  assert.ok(failed instanceof ConfigurationError, `${field}: ${failed}`)
  assert.equal(failed.field, field.trim())
  assert.ok(failed.message.isWellFormed() && !failed.message.includes('\0'), failed.message)
  return failed
}

test('a text that is not well-formed Unicode is refused wherever it names something', async () => {
  for (const [field, use] of Object.entries({ ...PLACES, ...ENCODED })) {
    for (const half of ['\ud83d', '\udd11', '\ud83d\ud83d', '\udd11\ud83d']) {
      const { message } = await refused(field, () => use(half))
      assert.match(message, /well-formed Unicode/, field)
    }
    // A whole character is not what is wrong with it, if anything is.
    const taken = await (async () => use('\u{1f511}'))().catch(error => error)
    assert.doesNotMatch(String(taken?.message), /well-formed/, field)
  }
})

test('a text with U+0000, which some stores cut there, is refused wherever it names something', async () => {
  for (const [field, use] of Object.entries(PLACES)) {
    for (const text of ['\0', 'a\0', '\0a', 'a\0b']) {
      const { message } = await refused(field, () => use(text))
      if (field !== 'limits.endpoints') assert.match(message, /U\+0000/, field)
    }
  }
})

test('two ids that differ in half a character are never one grant', async () => {
  const app = new OAuthApp(APP)
  const grant = { refreshToken: 'refresh', accessToken: 'access', expiresAt: Date.now() + 3e6 }
  for (const id of ['a\ud83d', 'a\ud83e']) await refused('id', () => app.import({ ...grant, id }))
  await app.import({ ...grant, id: 'a\ufffd' })
  const listed = []
  for await (const { id } of app.grants()) listed.push(id)
  assert.deepEqual(listed, ['a\ufffd'])
})

const KEY = Buffer.from('canary-canary-canary-canary-1234')

test('a key that is almost one is refused, and what is wrong with it is said, by everything that takes keys', () => {
  const hex = KEY.toString('hex')
  const base64 = KEY.toString('base64')
  const bad = [
    [`${base64}\n`, /has a line break at its end: trim it/],
    [`${hex}\r\n`, /has a line break at its end: trim it/],
    [` ${hex}`, /has a blank at its beginning: trim it/],
    [`"${hex}"`, /has quotation marks around it/],
    [`${hex}\n${hex}`, /has a line break in it.*give several keys as a list/],
    [hex.slice(1), /has 63 hex digits, where a key has 64/],
    [hex.slice(32), /is 16 bytes in hex/],
    [KEY.subarray(16).toString('base64'), /is 16 bytes in Base64/],
    [`${hex.slice(1)}z`, /64 characters, as a key in hex has, but not all of them are hex digits/],
    [Buffer.from(hex).toString('base64'), /was encoded twice: a key in Base64 or hex must not be encoded again/],
    [KEY.subarray(1), /is 31 bytes, where a key has 32/],
    [Buffer.from(`${hex}\n`), /is 65 bytes, where a key has 32: if they are the text of a key.*toString/],
    [new Uint8Array(), /is 0 bytes/],
    [7, /must be a string, but is a number/],
    [new ArrayBuffer(32), /must be a string, but is bytes/],
  ]
  const places = {
    OAuthApp: encryptionKey => new OAuthApp({ ...APP, encryptionKey }),
    PartnerApp: encryptionKey => new PartnerApp({ ...CLIENT, store: new MemoryStore(), encryptionKey }),
    ClientCredentials: encryptionKey => new ClientCredentials({ ...CLIENT, store: new MemoryStore(), encryptionKey }),
  }
  for (const [name, use] of Object.entries(places)) {
    for (const [key, message] of bad) {
      for (const [given, field] of [
        [key, 'encryptionKey'],
        [[hex, key], 'encryptionKey[1]'],
      ]) {
        assert.throws(
          () => use(given),
          error => {
            assert.ok(error instanceof ConfigurationError, `${name}: ${error}`)
            assert.equal(error.field, field)
            assert.match(error.message, message)
            assert.ok(!error.message.includes('canary') && !error.message.includes(hex.slice(0, 12)), error.message)
            return true
          },
        )
      }
    }
    for (const key of [hex, hex.toUpperCase(), base64, base64.replace('=', ''), KEY.toString('base64url'), KEY]) {
      use(key)
      use([key])
    }
  }
})

test('a key as bytes opens what its text has sealed', async () => {
  const records = new Map()
  const store = {
    ...OWN,
    load: id => records.get(id),
    swap(id, expected, content) {
      records.set(id, { version: expected + 1, content })
      return true
    },
  }
  const sealing = new OAuthApp({ ...APP, store, encryptionKey: KEY.toString('hex') })
  await sealing.import({ id: 'a', refreshToken: 'r', accessToken: 'access', expiresAt: Date.now() + 3e6 })
  const opening = new OAuthApp({ ...APP, store, encryptionKey: KEY })
  const token = await new SmartRecruiters({ credential: opening.grant('a') }).token()
  assert.equal(token.accessToken, 'access')
})
