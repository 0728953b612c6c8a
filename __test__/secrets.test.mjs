// No object of ours, and no error, shows a secret, however it is printed.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  ApiKey,
  BearerToken,
  ClientCredentials,
  MemoryStore,
  OAuthApp,
  PartnerApp,
  SmartRecruiters,
} from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { assertSilent, encodings, printed } from './support/secrets.mjs'
import { failure, serve } from './support/servers.mjs'

const TOKEN = { path: '/identity/oauth/token' }
let sandbox

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
})
after(() => sandbox.close())

/** Answers with JSON. */
function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

test('the search finds a secret that is there', () => {
  const secret = 'canary/+=1'
  const leaks = [
    { secret },
    new Error(secret),
    new Error('x', { cause: new Error(`at ${encodeURIComponent(secret)}`) }),
    Object.defineProperty({}, 'hidden', { value: secret }),
    { header: `Basic ${Buffer.from(secret).toString('base64')}` },
  ]
  for (const leak of leaks) assert.throws(() => assertSilent([secret], leak), /a secret shows/)
})

test('credentials and clients show no secret', async () => {
  const { clientId, clientSecret } = sandbox.client
  const apiKey = new ApiKey(sandbox.apiKey)
  const sr = new SmartRecruiters({ credential: apiKey, baseUrl: sandbox.baseUrl })
  const clientCredentials = new ClientCredentials({ clientId, clientSecret })
  const client = sr.withCredential(clientCredentials)
  const token = await client.token()
  const bearer = new BearerToken(token.accessToken)
  const promise = client.get('/payload/20')
  assertSilent(
    [sandbox.apiKey, clientSecret, token.accessToken],
    apiKey,
    sr,
    clientCredentials,
    client,
    bearer,
    sr.withCredential(bearer),
    token,
    promise,
    await promise.withResponse(),
  )
  assert.equal(typeof token.accessToken, 'string', 'and yet it can be read by who asks for it')
})

test('an app, its requests and its grants show no secret, code, verifier or token', async () => {
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const open = () =>
    new OAuthApp({ clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl, pkce: 'S256' })
  const app = open()
  const request = app.authorizationUrl()
  const callback = await sandbox.consentTo(request.url)
  const code = new URL(callback).searchParams.get('code')
  // The sandbox has shown us the challenge; the verifier is what hashes to it. It is nowhere to be seen.
  const challenge = new URL(request.url).searchParams.get('code_challenge')
  const shown = printed(app) + printed(request)
  for (const word of shown.match(/[\w-]{43,128}/g) ?? []) {
    assert.notEqual(createHash('sha256').update(word).digest('base64url'), challenge)
  }
  const grant = await app.exchange(callback, { state: request.state })
  const sr = new SmartRecruiters({ credential: grant })
  const { accessToken } = await sr.token()
  const refreshToken = 'imported-refresh-token'
  const imported = await app.import({ id: 'imported', refreshToken, accessToken, expiresAt: Date.now() + 60_000 })
  // With a store of its own it has not exchanged this code.
  const again = await failure(open().exchange(callback, { state: request.state }))
  assert.equal(again.error, 'invalid_grant')
  assertSilent([clientSecret, code, accessToken, refreshToken], app, request, grant, sr, imported, again)
})

test('a partner, its customers and what is wrong with them show no secret or token', async t => {
  const master = 'canary-master-secret/+='
  const issued = 'canary-customer-secret/+='
  const accessToken = 'canary-access-token'
  const quote = `${master} ${issued} ${accessToken}`
  const answers = {
    acme: [201, { clientId: 'customer', clientSecret: issued }],
    unusable: [201, { clientSecret: issued, message: quote }],
    other: [409, { message: accessToken, errors: [{ code: accessToken, message: accessToken }] }],
    denied: [403, { message: accessToken }],
  }
  const { baseUrl } = await serve(t, async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    if (request.url === '/identity/oauth/token') return json(response, 200, { access_token: accessToken })
    if (request.method !== 'POST') return json(response, 200, {})
    const [status, answer] = answers[JSON.parse(body).companyId]
    json(response, status, answer)
  })
  const store = new MemoryStore()
  const shared = new ClientCredentials({ clientId: 'id', clientSecret: master, store })
  const partner = new PartnerApp({ clientId: 'id', clientSecret: master, store, baseUrl })
  const customer = await partner.connect('acme')
  const sr = new SmartRecruiters({ credential: customer })
  await sr.get('/jobs')
  const customers = []
  for await (const info of partner.customers()) customers.push(info)
  assert.equal(customers.length, 1)
  const errors = []
  for (const companyId of ['unusable', 'other', 'denied']) errors.push(await failure(partner.connect(companyId)))
  errors.push(await failure(sr.withCredential(partner.customer('nobody')).get('/jobs')))
  assert.deepEqual(
    errors.map(error => error.code),
    ['INVALID_RESPONSE', 'ALREADY_INTEGRATED', 'PERMISSION', 'STORE'],
  )
  const imported = await partner.import({ companyId: 'imported', clientId: 'id', clientSecret: issued })
  assertSilent([master, issued, accessToken], partner, shared, customer, imported, sr, ...customers, ...errors)
})

test('errors show no secret, whatever the server quotes', async () => {
  const { clientId } = sandbox.client
  const clientSecret = 'canary-client-secret/+='
  const apiKey = 'canary-api-key'
  const errors = []
  const wrongKey = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl: sandbox.baseUrl })
  errors.push(await failure(wrongKey.get('/jobs')))
  const sr = wrongKey.withCredential(new ClientCredentials({ clientId, clientSecret }))
  errors.push(await failure(sr.get('/jobs')))

  const quotes = [
    { status: 400, body: { error: 'invalid_client', error_description: `the secret ${clientSecret} is wrong` } },
    { status: 400, body: { error: clientSecret.slice(0, 60) } },
    { status: 400, body: `grant_type=client_credentials&client_secret=${encodeURIComponent(clientSecret)}` },
    { status: 500, body: { error: 'server_error', error_description: clientSecret } },
    { status: 200, body: { client_secret: clientSecret } },
    { status: 200, body: `{"access_token": "${clientSecret}` },
  ]
  for (const { status, body } of quotes) {
    sandbox.fault({ ...TOKEN, kind: 'malformed', status, body, contentType: 'application/json' })
    const client = wrongKey.withCredential(new ClientCredentials({ clientId, clientSecret }))
    errors.push(await failure(client.get('/jobs')), await failure(client.token()))
  }
  for (const fault of [{ kind: 'dropBefore' }, { kind: 'truncate' }]) {
    sandbox.fault({ ...TOKEN, ...fault })
    const client = wrongKey.withCredential(new ClientCredentials({ clientId, clientSecret }))
    errors.push(await failure(client.get('/jobs')))
  }
  assert.equal(errors.length, 16)
  assertSilent([clientSecret, apiKey], ...errors)
})

test('errors show nothing of the credential that an answer of the API quotes', async t => {
  const credential = 'canary-credential/+=?'
  const shapes = {
    '/message': quote => ({ message: quote, code: quote, errors: [{ code: quote, message: quote }] }),
    '/oauth': quote => ({ error: quote, error_description: quote }),
    '/text': quote => quote,
  }
  const { baseUrl } = await serve(t, (request, response) => {
    if (request.url === '/identity/oauth/token') return json(response, 200, { access_token: credential })
    const sent = request.headers['x-smarttoken'] ?? request.headers.authorization
    const [, path, which] = request.url.split('/')
    const quote = [...encodings(sent.replace('Bearer ', '')), Buffer.from(sent).toString('base64')][which]
    const body = shapes[`/${path}`](`the key ${quote} is wrong`)
    response.setHeader('x-request-id', quote).setHeader('x-echo', quote).setHeader('x-smarttoken', quote)
    if (typeof body === 'string') response.writeHead(400, { 'content-type': 'text/plain' }).end(body)
    else json(response, 400, body)
  })
  const key = new SmartRecruiters({ credential: new ApiKey(credential), baseUrl })
  const bearer = key.withCredential(new BearerToken(credential))
  const client = key.withCredential(new ClientCredentials({ clientId: 'id', clientSecret: 'secret' }))
  for (const sr of [key, bearer, client]) {
    for (const path of Object.keys(shapes)) {
      for (let which = 0; which <= encodings('').length; which++) {
        const error = await failure(sr.get(`${path}/${which}`))
        assert.match(error.message, /: the key \S*\[redacted\]\S* is wrong$/)
        assertSilent([credential], error, error.body)
      }
    }
  }
})

test('errors show nothing of the secrets that an answer of the token endpoint quotes', async t => {
  const clientSecret = 'canary-client-secret/+=?'
  let quoted
  const { baseUrl } = await serve(t, async (request, response) => {
    let form = ''
    for await (const part of request) form += part
    json(response, 400, { error: 'invalid_client', error_description: quoted(request.headers.authorization, form) })
  })
  for (const clientAuth of ['body', 'basic']) {
    for (const quote of [
      (header, form) => `${header} ${form}`,
      header => Buffer.from(header?.replace('Basic ', '') ?? '', 'base64').toString(),
      (_, form) => Buffer.from(form).toString('base64'),
      ...encodings('').map((_, which) => () => encodings(clientSecret)[which]),
    ]) {
      quoted = quote
      const credential = new ClientCredentials({ clientId: 'id', clientSecret, clientAuth })
      const sr = new SmartRecruiters({ credential, baseUrl })
      const error = await failure(sr.get('/jobs'))
      assert.equal(error.error, 'invalid_client')
      assertSilent([clientSecret], error)
    }
  }
  quoted = () => `line\n\u0007 ${'x'.repeat(10_000)}`
  const credential = new ClientCredentials({ clientId: 'id', clientSecret })
  const error = await failure(new SmartRecruiters({ credential, baseUrl }).get('/jobs'))
  assert.equal(error.errorDescription, `line ${'x'.repeat(295)}`)
})

test('errors of the authorization code flow show no code or state of another', async () => {
  const clientSecret = 'canary-client-secret'
  const code = 'canary-code'
  const redirectUri = 'https://app.example.com/callback'
  const app = new OAuthApp({ clientId: 'id', clientSecret, redirectUri, baseUrl: sandbox.baseUrl, pkce: 'S256' })
  const state = 'the-state-of-the-session'
  const errors = []
  for (const callback of [
    `?code=${code}&state=canary-other-state`,
    `?code=${code}`,
    `?code=${code}&code=${code}&state=${state}`,
    `?code=${code}&state=${state}`,
    `?error=access_denied&state=${state}`,
  ]) {
    errors.push(await failure(app.exchange(redirectUri + callback, { state })))
  }
  assert.deepEqual(
    errors.map(error => error.code),
    ['CALLBACK_REFUSED', 'CALLBACK_REFUSED', 'CALLBACK_REFUSED', 'TOKEN_REFUSED', 'AUTHORIZATION_DENIED'],
  )
  assertSilent([clientSecret, code, 'canary-other-state'], ...errors)
})

test('a secret of the wrong type does not reach a message', () => {
  const secret = 'canary-secret'
  const wrong = [
    () => new ApiKey({ value: secret }),
    () => new ApiKey([secret]),
    () => new ApiKey(Buffer.from(secret)),
    () => new BearerToken(() => secret),
    () => new ClientCredentials({ clientId: 'id', clientSecret: { toString: () => secret } }),
    () => new ClientCredentials({ clientId: { secret }, clientSecret: secret }),
    () => new ClientCredentials({ clientId: 'id', clientSecret: secret, clientAuth: secret }),
    () => new ClientCredentials({ clientId: 'id', clientSecret: 's', store: new MemoryStore(), encryptionKey: secret }),
    () => new PartnerApp({ clientId: 'id', clientSecret: [secret], store: new MemoryStore() }),
    () => new PartnerApp({ clientId: 'id', clientSecret: secret, store: secret }),
    () => new OAuthApp({ clientId: 'id', clientSecret: [secret], redirectUri: 'https://app.example.com' }),
    () => new OAuthApp({ clientId: 'id', clientSecret: `${secret}\n`, redirectUri: 'https://app.example.com' }),
    () => new OAuthApp({ clientId: 'id', clientSecret: secret, redirectUri: `https://a:${secret}@app.example.com` }),
    () => new SmartRecruiters({ credential: secret }),
    () => new SmartRecruiters({ credential: new ApiKey(secret), baseUrl: `https://a:${secret}@api.example.com` }),
    () => new SmartRecruiters({ credential: new ApiKey(secret), environment: secret }),
  ]
  for (const make of wrong) {
    assert.throws(make, error => {
      assert.equal(error.code, 'CONFIGURATION', String(error))
      assertSilent([secret], error)
      return true
    })
  }
})
