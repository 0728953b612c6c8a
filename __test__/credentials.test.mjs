// What a client authenticates with: checked before anything is sent, refused with the field and the remedy.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  ApiKey,
  BearerToken,
  ClientCredentials,
  ConfigurationError,
  MemoryStore,
  OAuthApp,
  PartnerApp,
  SmartRecruiters,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'

const ME = '/user-api/v201804/users/me'
let sandbox

before(async () => {
  sandbox = await startSandbox({ limits: false })
})
after(() => sandbox.close())

/** Asserts that `make` throws a ConfigurationError about `field` that shows no part of any value given. */
function refused(field, make) {
  assert.throws(make, error => {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.equal(error.code, 'CONFIGURATION')
    assert.equal(error.field, field)
    assert.ok(error.message.startsWith(`${field}: `), error.message)
    assert.doesNotMatch(error.message, /canary/)
    return true
  })
}

const credential = new ApiKey('canary')
const clientCredentials = { clientId: 'id', clientSecret: 'canary' }
const app = { clientId: 'id', clientSecret: 'canary', redirectUri: 'https://app.example.com/callback' }

test('each kind of credential signs in', async () => {
  const { clientId, clientSecret } = sandbox.client
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl })
  const viaClientCredentials = sr.withCredential(new ClientCredentials({ clientId, clientSecret }))
  const viaBasic = sr.withCredential(new ClientCredentials({ clientId, clientSecret, clientAuth: 'basic' }))
  const token = await viaClientCredentials.token()
  const viaBearer = sr.withCredential(new BearerToken(token.accessToken))
  for (const client of [sr, viaClientCredentials, viaBasic, viaBearer]) {
    const me = await client.get(ME)
    assert.equal(typeof me.id, 'string')
  }
  assert.ok(token.expiresAt > new Date())
  assert.equal(await sr.token(), undefined)
  assert.equal(await viaBearer.token(), undefined)
})

test('a partner key opens what a partner may see', async () => {
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.partnerApiKey), baseUrl: sandbox.baseUrl })
  assert.ok(await sr.get('/feed/publications'))
})

test('a grant is a credential, and its tokens are renewed', async () => {
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const oauth = new OAuthApp({ clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl })
  const { url, state } = oauth.authorizationUrl({ scopes: ['user_me_read'] })
  const grant = await oauth.exchange(await sandbox.consentTo(url), { state, id: 'customer-1' })
  assert.equal(grant.id, 'customer-1')
  const sr = new SmartRecruiters({ credential: oauth.grant('customer-1') })
  assert.equal(sr.baseUrl, sandbox.baseUrl)
  const first = await sr.token()
  sandbox.expireAccessTokens()
  await sr.get(ME)
  const second = await sr.token()
  assert.notEqual(second.accessToken, first.accessToken)
})

test('what no credential can be is refused by name and never shown', () => {
  refused('apiKey', () => new ApiKey())
  refused('apiKey', () => new ApiKey(''))
  refused('apiKey', () => new ApiKey({ value: 'canary' }))
  refused('apiKey', () => new ApiKey(['canary']))
  refused('apiKey', () => new ApiKey('canary\n'))
  refused('apiKey', () => new ApiKey('can ary'))
  refused('accessToken', () => new BearerToken(Symbol('canary')))
  refused('ClientCredentials', () => new ClientCredentials())
  refused('ClientCredentials', () => new ClientCredentials('canary'))
  refused('clientId', () => new ClientCredentials({ clientSecret: 'canary' }))
  refused('clientSecret', () => new ClientCredentials({ clientId: 'id', clientSecret: 7 }))
  refused('clientSecret', () => new ClientCredentials({ clientId: 'id', clientSecret: 'canary\r\n' }))
  refused('secret', () => new ClientCredentials({ clientId: 'id', secret: 'canary' }))
  refused('clientAuth', () => new ClientCredentials({ ...clientCredentials, clientAuth: 'canary' }))
  refused('tokenUrl', () => new ClientCredentials({ ...clientCredentials, tokenUrl: 'http://canary.example/token' }))
  refused('tokenUrl', () => new ClientCredentials({ ...clientCredentials, tokenUrl: 'canary' }))
})

test('what no client can be is refused by name', () => {
  refused('SmartRecruiters', () => new SmartRecruiters())
  refused('credential', () => new SmartRecruiters({}))
  refused('credential', () => new SmartRecruiters({ credential: 'canary' }))
  refused('credential', () => new SmartRecruiters({ credential: { apiKey: 'canary' } }))
  refused('apiKey', () => new SmartRecruiters({ apiKey: 'canary' }))
  refused('environment', () => new SmartRecruiters({ credential, environment: 'canary' }))
  refused('baseUrl', () => new SmartRecruiters({ credential, baseUrl: 'http://api.canary.example' }))
  refused('baseUrl', () => new SmartRecruiters({ credential, baseUrl: 'https://user:canary@api.example.com' }))
  for (const timeout of [0, -5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1000', 10n, null]) {
    refused('timeout', () => new SmartRecruiters({ credential, timeout }))
    refused('connectTimeout', () => new SmartRecruiters({ credential, connectTimeout: timeout }))
  }
  assert.throws(() => SmartRecruiters({ credential }), TypeError)
})

test('what no app can be is refused by name', () => {
  refused('OAuthApp', () => new OAuthApp())
  refused('redirectUri', () => new OAuthApp(clientCredentials))
  refused('redirectUri', () => new OAuthApp({ ...app, redirectUri: 'http://canary.example/callback' }))
  refused('scopes', () => new OAuthApp({ ...app, scopes: 'canary' }))
  refused('scopes[1]', () => new OAuthApp({ ...app, scopes: ['jobs_read', 7] }))
  refused('scopes', () => new OAuthApp({ ...app, scopes: ['canary canary'] }))
  refused('store.load', () => new OAuthApp({ ...app, store: {} }))
  refused('pkce', () => new OAuthApp({ ...app, pkce: 'plain' }))
  refused('pkce', () => new OAuthApp({ ...app, pkce: true }))
  refused('sendRedirectUri', () => new OAuthApp({ ...app, sendRedirectUri: 'canary' }))
  refused('redirectURI', () => new OAuthApp({ ...app, redirectURI: 'canary' }))
  refused('authorizeUrl', () => new OAuthApp({ ...app, environment: 'sandbox' }).authorizationUrl())
  assert.ok(new OAuthApp({ ...app, store: new MemoryStore() }).authorizationUrl().url)
})

test('what no grant can be is refused before anything is stored', async () => {
  const oauth = new OAuthApp(app)
  const rejected = async (field, promise) => {
    const error = await promise.then(
      () => assert.fail('it was taken'),
      error => error,
    )
    refused(field, () => {
      throw error
    })
  }
  await rejected('refreshToken', oauth.import({ id: 'g' }))
  await rejected('id', oauth.import({ refreshToken: 'canary' }))
  await rejected('expiresAt', oauth.import({ id: 'g', refreshToken: 'canary', accessToken: 'canary' }))
  await rejected('expiresAt', oauth.import({ id: 'g', refreshToken: 'canary', expiresAt: 'canary' }))
  await rejected('expiresAt', oauth.import({ id: 'g', refreshToken: 'canary', expiresAt: new Date('canary') }))
  await rejected('refreshToken', oauth.import({ id: 'g', refreshToken: 'canary canary' }))
  await rejected('state', oauth.exchange('/callback?code=canary', {}))
  await rejected('callbackUrl', oauth.exchange({ code: 'canary' }, { state: 's' }))
  refused('id', () => oauth.grant(''))
})

test('production is where a client goes unless it is told otherwise', () => {
  assert.equal(new SmartRecruiters({ credential }).baseUrl, 'https://api.smartrecruiters.com')
  const sandboxed = new SmartRecruiters({ credential, environment: 'sandbox' })
  assert.equal(sandboxed.baseUrl, 'https://api.sandbox.smartrecruiters.com')
  const { url } = new OAuthApp(app).authorizationUrl()
  assert.ok(url.startsWith('https://www.smartrecruiters.com/identity/oauth/allow?'))
  assert.equal(new URL(url).searchParams.has('scope'), false)
})

test('the environment gives a credential, or says which half is missing', t => {
  const names = Object.keys(process.env).filter(name => name.startsWith('SMARTRECRUITERS_'))
  const saved = { ...process.env }
  t.after(() => {
    process.env = saved
  })
  const under = (variables, make) => {
    process.env = { ...saved, ...Object.fromEntries(names.map(name => [name, ''])), ...variables }
    return make()
  }
  const fromEnv = options => SmartRecruiters.fromEnv(options)
  const key = { SMARTRECRUITERS_API_KEY: 'canary' }
  assert.equal(under(key, fromEnv).baseUrl, 'https://api.smartrecruiters.com')
  assert.equal(
    under({ ...key, SMARTRECRUITERS_ENVIRONMENT: 'sandbox' }, fromEnv).baseUrl,
    'https://api.sandbox.smartrecruiters.com',
  )
  assert.equal(
    under({ ...key, SMARTRECRUITERS_BASE_URL: 'http://localhost:1' }, () => fromEnv({ timeout: 5 })).baseUrl,
    'http://localhost:1',
  )
  const staging = {
    ...key,
    SMARTRECRUITERS_BASE_URL: 'https://staging.example',
    SMARTRECRUITERS_ENVIRONMENT: 'sandbox',
  }
  for (const [options, baseUrl] of [
    [{ baseUrl: undefined, environment: undefined }, 'https://staging.example'],
    [{ environment: 'production' }, 'https://api.smartrecruiters.com'],
    [{ baseUrl: 'https://other.example' }, 'https://other.example'],
  ]) {
    assert.equal(under(staging, () => fromEnv(options)).baseUrl, baseUrl)
  }
  assert.ok(under({ SMARTRECRUITERS_ACCESS_TOKEN: 'canary' }, fromEnv))
  assert.ok(under({ SMARTRECRUITERS_CLIENT_ID: 'id', SMARTRECRUITERS_CLIENT_SECRET: 'canary' }, fromEnv))
  for (const [variables, message] of [
    [{}, /no credential is set/],
    [{ SMARTRECRUITERS_CLIENT_ID: 'id' }, /SMARTRECRUITERS_CLIENT_SECRET is not set/],
    [{ SMARTRECRUITERS_CLIENT_SECRET: 'canary' }, /SMARTRECRUITERS_CLIENT_ID is not set/],
    [{ ...key, SMARTRECRUITERS_ACCESS_TOKEN: 'canary' }, /_KEY and SMARTRECRUITERS_ACCESS_TOKEN are both set/],
    [{ ...key, SMARTRECRUITERS_ACCESS_TOKEN: 'canary', SMARTRECRUITERS_CLIENT_ID: 'id' }, /_CLIENT_ID are all set/],
  ]) {
    refused('environment', () => under(variables, fromEnv))
    assert.throws(() => under(variables, fromEnv), message)
  }
  refused('SMARTRECRUITERS_ENVIRONMENT', () => under({ ...key, SMARTRECRUITERS_ENVIRONMENT: 'canary' }, fromEnv))
  refused('timeout', () => under(key, () => fromEnv({ timeout: -1 })))
})

test("the environment's API is that of every constructor that names none, but not of a grant, whose app does", async t => {
  const saved = { ...process.env }
  t.after(() => {
    process.env = saved
  })
  process.env.SMARTRECRUITERS_ENVIRONMENT = 'sandbox'
  const options = { clientId: 'id', clientSecret: 'secret' }
  const roots = {
    client: () => new SmartRecruiters({ credential }).baseUrl,
    'a client that names its own': () => new SmartRecruiters({ credential, environment: 'production' }).baseUrl,
    'a grant': () => new SmartRecruiters({ credential: new OAuthApp(app).grant('acme') }).baseUrl,
    'a grant of an app that names its own': () => {
      return new SmartRecruiters({ credential: new OAuthApp({ ...app, environment: 'production' }).grant('acme') })
        .baseUrl
    },
    'a customer': () => {
      const partner = new PartnerApp({ ...options, store: new MemoryStore() })
      return new SmartRecruiters({ credential: partner.customer('acme') }).baseUrl
    },
  }
  const all = () => Object.fromEntries(Object.entries(roots).map(([what, root]) => [what, root()]))
  const [production, sandbox] = ['https://api.smartrecruiters.com', 'https://api.sandbox.smartrecruiters.com']
  const own = { 'a client that names its own': production, 'a grant of an app that names its own': production }
  assert.deepEqual(all(), { client: sandbox, 'a grant': sandbox, 'a customer': sandbox, ...own })
  process.env.SMARTRECRUITERS_BASE_URL = 'http://localhost:1'
  const local = 'http://localhost:1'
  assert.deepEqual(all(), { client: local, 'a grant': local, 'a customer': local, ...own })
  process.env.SMARTRECRUITERS_BASE_URL = 'localhost:1'
  assert.throws(() => new SmartRecruiters({ credential }), /^ConfigurationError: SMARTRECRUITERS_BASE_URL: must begin/)
})
