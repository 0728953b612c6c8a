/** All grant types against a strict authorization server of somebody else's making. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { ClientCredentials, OAuthApp, ReauthorizationRequiredError, SmartRecruiters, TokenError } from 'smartrecruiters'
import { authorize } from './support/browser.mjs'
import { fingerprint, REDIRECT_URI, startOidcProvider } from './support/oidc-provider.mjs'

/** With characters that forms and HTTP Basic encode. */
const WRONG_SECRET = 'canary+of:a&wrong=secret'

describe('client credentials', () => {
  for (const [clientAuth, name] of [
    ['body', 'machineBody'],
    ['basic', 'machineBasic'],
  ]) {
    it(`in ${clientAuth} give one token for all calls`, async t => {
      const server = await start(t)
      const client = machine(t, server, server.clients[name], { clientAuth })

      const answers = await Promise.all(Array.from({ length: 5 }, () => client.get('/jobs')))

      assert.deepEqual(
        answers.map(answer => answer.clientId),
        Array(5).fill(server.clients[name].clientId),
      )
      assert.deepEqual(
        server.tokenRequests.map(request => [request.grantType, request.clientAuth, request.status]),
        [['client_credentials', clientAuth, 200]],
      )
    })
  }

  it('are replaced after the API has refused their token', async t => {
    const server = await start(t)
    const client = machine(t, server, server.clients.machineBody)
    const first = await client.token()
    await server.destroyAccessToken(first.accessToken)

    await client.get('/jobs')

    assert.deepEqual(
      server.apiRequests.map(request => request.status),
      [401, 200],
    )
    assert.equal(server.tokenRequests.length, 2)
  })

  for (const [clientAuth, name] of [
    ['body', 'machineBody'],
    ['basic', 'machineBasic'],
  ]) {
    it(`with a wrong secret in ${clientAuth} are refused as invalid_client, and the error holds no secret`, async t => {
      const server = await start(t)
      const clientSecret = WRONG_SECRET
      const { clientId } = server.clients[name]
      const client = machine(t, server, { clientId, clientSecret }, { clientAuth })

      const error = await rejection(client.get('/jobs'))

      assert.ok(error instanceof TokenError)
      assert.equal(error.error, 'invalid_client')
      assert.equal(error.code, 'TOKEN_REFUSED')
      assert.equal(error.status, 401)
      assertHoldsNone(error, secretForms(clientId, clientSecret))
      assert.equal(server.apiRequests.length, 0)
    })
  }
})

describe('the authorization code', () => {
  for (const [clientAuth, name] of [
    ['body', 'appBody'],
    ['basic', 'appBasic'],
  ]) {
    it(`without PKCE, and with the client's secret in ${clientAuth}, becomes a grant`, async t => {
      const server = await start(t)
      const app = appOf(server, server.clients[name], { clientAuth })
      const { url, state } = app.authorizationUrl()

      const grant = await app.exchange(await authorize(url, { login: 'ada' }), { state, id: 'customer-1' })
      const client = clientOf(t, grant)

      assert.equal(grant.id, 'customer-1')
      assert.deepEqual(await client.get('/jobs'), {
        clientId: server.clients[name].clientId,
        accountId: 'ada',
        scope: 'candidates_read jobs_read',
      })
      assert.deepEqual(
        server.tokenRequests.map(request => [request.grantType, request.clientAuth, request.hasVerifier]),
        [['authorization_code', clientAuth, false]],
      )
    })
  }

  it('brings the scopes that were asked for, and no others', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody, { scopes: ['openid', 'jobs_read'] })

    const client = clientOf(t, await authorized(app))

    assert.deepEqual((await client.token()).scopes.toSorted(), ['jobs_read', 'openid'])
    assert.equal((await client.get('/jobs')).scope, 'openid jobs_read')
  })

  it('with PKCE works where PKCE is required', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appPkce, { pkce: 'S256' })

    const client = clientOf(t, await authorized(app))

    assert.equal((await client.get('/jobs')).clientId, 'app-pkce')
    assert.deepEqual(
      server.tokenRequests.map(request => [request.hasVerifier, request.status]),
      [[true, 200]],
    )
  })

  it('with PKCE can be exchanged by another instance of the same app', async t => {
    const server = await start(t)
    const options = { pkce: 'S256' }
    const { url, state } = appOf(server, server.clients.appPkce, options).authorizationUrl()
    const callback = await authorize(url)

    const grant = await appOf(server, server.clients.appPkce, options).exchange(callback, { state })

    assert.equal((await clientOf(t, grant).get('/jobs')).clientId, 'app-pkce')
  })

  it('without PKCE is refused where PKCE is required', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appPkce)

    const error = await rejection(authorized(app))

    assert.ok(error instanceof TokenError)
    assert.equal(error.code, 'AUTHORIZATION_DENIED')
    assert.equal(error.error, 'invalid_request')
    assert.equal(server.tokenRequests.length, 0)
  })

  it('with the state of another PKCE request is refused by the server too', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appPkce, { pkce: 'S256' })
    const callback = new URL(await authorize(app.authorizationUrl().url))
    const other = app.authorizationUrl()
    callback.searchParams.set('state', other.state)

    const error = await rejection(app.exchange(callback, { state: other.state }))

    assert.ok(error instanceof TokenError)
    assert.equal(error.error, 'invalid_grant')
    assert.equal(server.tokenRequests.length, 1)
  })

  it('from the promised issuer is taken', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody, { issuer: server.issuer })

    const client = clientOf(t, await authorized(app))

    assert.equal((await client.get('/jobs')).clientId, 'app-body')
  })

  it('from another issuer is refused, and not sent anywhere', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody, { issuer: `${server.issuer}/other` })

    const error = await rejection(authorized(app))

    assert.ok(error instanceof TokenError)
    assert.equal(error.code, 'CALLBACK_REFUSED')
    assert.equal(server.tokenRequests.length, 0)
  })

  it('with a wrong state is refused, and not sent anywhere', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody)
    const callback = await authorize(app.authorizationUrl().url)
    const { state } = app.authorizationUrl()

    const error = await rejection(app.exchange(callback, { state }))

    assert.ok(error instanceof TokenError)
    assert.equal(error.code, 'CALLBACK_REFUSED')
    assert.equal(server.tokenRequests.length, 0)
    assertHoldsNone(error, [new URL(callback).searchParams.get('code'), state])
  })

  it('is presented once: the same callback again gives the same grant', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody)
    const { url, state } = app.authorizationUrl()
    const callback = await authorize(url)
    const grant = await app.exchange(callback, { state })

    const again = await app.exchange(callback, { state })

    assert.equal(again.id, grant.id)
    assert.deepEqual(
      server.tokenRequests.map(request => request.status),
      [200],
    )
  })

  it('works once: another process that presents it is refused as invalid_grant', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody)
    const { url, state } = app.authorizationUrl()
    const callback = await authorize(url)
    await app.exchange(callback, { state })
    // An app with a store of its own knows no more of the first one than another process does.
    const other = appOf(server, server.clients.appBody)

    const error = await rejection(other.exchange(callback, { state }))

    assert.ok(error instanceof TokenError)
    assert.ok(!(error instanceof ReauthorizationRequiredError))
    assert.equal(error.error, 'invalid_grant')
    assert.equal(error.code, 'TOKEN_REFUSED')
    assert.equal(error.status, 400)
    assertHoldsNone(error, [new URL(callback).searchParams.get('code'), server.clients.appBody.clientSecret])
    assert.deepEqual(
      server.tokenRequests.map(request => request.status),
      [200, 400],
    )
  })

  it('sent with a wrong secret is refused as invalid_client, and the error holds no secret', async t => {
    const server = await start(t)
    const { clientId } = server.clients.appBody
    const clientSecret = WRONG_SECRET
    const app = appOf(server, { clientId, clientSecret })
    const { url, state } = app.authorizationUrl()
    const callback = await authorize(url)

    const error = await rejection(app.exchange(callback, { state }))

    assert.ok(error instanceof TokenError)
    assert.equal(error.error, 'invalid_client')
    assertHoldsNone(error, [...secretForms(clientId, clientSecret), new URL(callback).searchParams.get('code')])
  })

  for (const cancelAt of ['login', 'consent']) {
    it(`is not given to an app whose customer cancels at the ${cancelAt} page`, async t => {
      const server = await start(t)
      const app = appOf(server, server.clients.appBody, { issuer: server.issuer })

      const error = await rejection(authorized(app, { cancelAt }))

      assert.ok(error instanceof TokenError)
      assert.equal(error.code, 'AUTHORIZATION_DENIED')
      assert.equal(error.error, 'access_denied')
      assert.equal(error.errorDescription, 'End-User aborted interaction')
      assert.equal(server.tokenRequests.length, 0)
    })
  }
})

describe('a refresh token', () => {
  it('is spent once when the access token has expired, before the API could refuse it', async t => {
    const accessTokenSeconds = 3
    const server = await start(t, { accessTokenSeconds })
    const grant = await authorized(appOf(server, server.clients.appBody))
    const client = clientOf(t, grant)
    const [exchange] = server.tokenRequests
    // Both ends count from their own instant: after this one, the token is dead for either.
    await reached(Math.max(exchange.accessTokenExpiresAt, Date.now() + accessTokenSeconds * 1000))

    const answer = await client.get('/jobs')

    assert.equal(answer.accountId, 'customer')
    assert.deepEqual(
      server.apiRequests.map(request => request.status),
      [200],
    )
    assert.ok(exchange.issued)
    assert.deepEqual(presented(server), [exchange.issued])
  })

  it('is followed by the next one at each renewal, and none is presented twice', async t => {
    const server = await start(t)
    const refreshToken = await refreshTokenOfAnotherSystem(server, server.clients.appBasic)
    const app = appOf(server, server.clients.appBasic, { clientAuth: 'basic' })
    const client = clientOf(t, await app.import({ id: 'moved', refreshToken }))

    for (let renewal = 1; renewal <= 3; renewal += 1) {
      assert.equal((await client.get('/jobs')).clientId, 'app-basic')
      assert.equal(presented(server).length, renewal)
      await server.destroyAccessToken((await client.token()).accessToken)
    }

    const refreshes = renewals(server)
    assert.deepEqual(presented(server), [
      fingerprint(refreshToken),
      ...refreshes.slice(0, -1).map(request => request.issued),
    ])
    assert.equal(new Set(presented(server)).size, 3)
    assert.ok(refreshes.every(request => request.status === 200 && request.clientAuth === 'basic'))
  })

  it('of an imported grant is not touched while its access token is good', async t => {
    const server = await start(t)
    const tokens = await tokensOfAnotherSystem(server, server.clients.appBody)
    const app = appOf(server, server.clients.appBody)
    const grant = await app.import({
      id: 'moved',
      refreshToken: tokens.refresh_token,
      accessToken: tokens.access_token,
      expiresAt: await server.expiryOf(tokens.access_token),
    })

    await clientOf(t, grant).get('/jobs')

    assert.deepEqual(presented(server), [])
    assert.deepEqual(server.apiRequests, [{ status: 200, token: fingerprint(tokens.access_token) }])
  })

  it('is presented once for 30 calls at the same time, from three clients', async t => {
    const server = await start(t)
    const tokens = await tokensOfAnotherSystem(server, server.clients.appBody)
    const app = appOf(server, server.clients.appBody)
    await server.destroyAccessToken(tokens.access_token)
    const grant = await app.import({
      id: 'moved',
      refreshToken: tokens.refresh_token,
      accessToken: tokens.access_token,
      expiresAt: Date.now() - 1,
    })
    const first = clientOf(t, grant)
    const clients = [first, clientOf(t, app.grant('moved')), first.withCredential(grant)]

    const answers = await Promise.all(Array.from({ length: 30 }, (_, call) => clients[call % 3].get('/jobs')))

    assert.equal(answers.length, 30)
    assert.ok(answers.every(answer => answer.accountId === 'customer'))
    assert.deepEqual(presented(server), [fingerprint(tokens.refresh_token)])
    assert.deepEqual([...new Set(server.apiRequests.map(request => request.status))], [200])
    assert.equal(new Set(server.apiRequests.map(request => request.token)).size, 1)
  })

  it('is presented once when 30 calls at the same time are refused with 401', async t => {
    const server = await start(t)
    const client = clientOf(t, await authorized(appOf(server, server.clients.appBody)))
    await server.destroyAccessToken((await client.token()).accessToken)

    const answers = await Promise.all(Array.from({ length: 30 }, () => client.get('/jobs')))

    assert.ok(answers.every(answer => answer.accountId === 'customer'))
    assert.ok(server.apiRequests.some(request => request.status === 401))
    assert.deepEqual(presented(server), [server.tokenRequests[0].issued])
  })

  it('that was spent already asks for a new authorization, and the error holds no token', async t => {
    const server = await start(t)
    const refreshToken = await refreshTokenOfAnotherSystem(server, server.clients.appBody)
    const app = appOf(server, server.clients.appBody)
    await clientOf(t, await app.import({ id: 'first', refreshToken })).get('/jobs')
    const client = clientOf(t, await app.import({ id: 'second', refreshToken }))

    const error = await rejection(client.get('/jobs'))

    assert.ok(error instanceof ReauthorizationRequiredError)
    assert.equal(error.code, 'REAUTHORIZATION_REQUIRED')
    assert.equal(error.grantId, 'second')
    assert.equal(error.reason, 'revokedOrExpired')
    assertHoldsNone(error, [refreshToken, server.clients.appBody.clientSecret])
    assert.equal(server.apiRequests.length, 1)

    // The verdict is kept: nobody presents that token a third time.
    assert.ok((await rejection(client.get('/jobs'))) instanceof ReauthorizationRequiredError)
    assert.equal(presented(server).length, 2)
  })

  it('whose family was revoked is presented once more, and nothing after it', async t => {
    const server = await start(t)
    const client = await clientOfRevokedGrant(t, server)
    const before = presented(server).length

    for (let call = 1; call <= 3; call += 1) await rejection(client.get('/jobs'))

    assert.equal(presented(server).length, before + 1)
    assert.equal(renewals(server).at(-1).error, 'invalid_grant')
  })

  it('whose family was revoked asks for a new authorization as soon as the API refuses its access token', async t => {
    const server = await start(t)
    const client = await clientOfRevokedGrant(t, server)

    const error = await rejection(client.get('/jobs'))

    assert.equal(error.constructor.name, 'ReauthorizationRequiredError')
    assert.equal(error.grantId, 'first')
    assert.equal(error.reason, 'revokedOrExpired')
  })

  it('that is dead does not stand in the way of a new authorization under the same id', async t => {
    const server = await start(t)
    const app = appOf(server, server.clients.appBody)
    const client = clientOf(t, await app.import({ id: 'customer-1', refreshToken: 'never-issued' }))
    assert.ok((await rejection(client.get('/jobs'))) instanceof ReauthorizationRequiredError)

    await authorized(app, { id: 'customer-1' })

    assert.equal((await client.get('/jobs')).accountId, 'customer')
  })

  it('is kept when a wrong secret is refused, and works with the right one', async t => {
    const server = await start(t)
    const refreshToken = await refreshTokenOfAnotherSystem(server, server.clients.appBody)
    const { clientId } = server.clients.appBody
    const clientSecret = WRONG_SECRET
    const misconfigured = appOf(server, { clientId, clientSecret })

    const error = await rejection(clientOf(t, await misconfigured.import({ id: 'moved', refreshToken })).get('/jobs'))

    assert.ok(error instanceof TokenError)
    assert.ok(!(error instanceof ReauthorizationRequiredError))
    assert.equal(error.error, 'invalid_client')
    assertHoldsNone(error, [...secretForms(clientId, clientSecret), refreshToken])
    const app = appOf(server, server.clients.appBody)
    assert.equal((await clientOf(t, await app.import({ id: 'moved', refreshToken })).get('/jobs')).clientId, clientId)
  })
})

async function start(t, options) {
  const server = await startOidcProvider(options)
  t.after(() => server.close())
  return server
}

function machine(t, server, { clientId, clientSecret }, options) {
  const credential = new ClientCredentials({ clientId, clientSecret, tokenUrl: server.tokenUrl, ...options })
  return clientOf(t, credential, { baseUrl: server.baseUrl })
}

function appOf(server, { clientId, clientSecret }, options) {
  const { baseUrl, authorizeUrl, tokenUrl } = server
  return new OAuthApp({
    clientId,
    clientSecret,
    redirectUri: REDIRECT_URI,
    baseUrl,
    authorizeUrl,
    tokenUrl,
    ...options,
  })
}

function clientOf(t, credential, options) {
  const client = new SmartRecruiters({ credential, ...options, limits: false })
  t.after(() => client.close())
  return client
}

/** A grant by way of the login and consent pages. */
async function authorized(app, { id, ...browser } = {}) {
  const { url, state } = app.authorizationUrl()
  return app.exchange(await authorize(url, browser), { state, ...(id && { id }) })
}

/** What another system has got for the same app, without this package. */
async function tokensOfAnotherSystem(server, { clientId, clientSecret, metadata }) {
  const url = new URL(server.authorizeUrl)
  url.search = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: REDIRECT_URI })
  const code = new URL(await authorize(url.href)).searchParams.get('code')
  const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI })
  const headers = {}
  if (metadata.token_endpoint_auth_method === 'client_secret_basic') {
    headers.authorization = `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`
  } else {
    body.set('client_id', clientId)
    body.set('client_secret', clientSecret)
  }
  const response = await fetch(server.tokenUrl, { method: 'POST', headers, body })
  assert.equal(response.status, 200)
  return response.json()
}

async function refreshTokenOfAnotherSystem(server, client) {
  return (await tokensOfAnotherSystem(server, client)).refresh_token
}

/** Its access and refresh tokens are dead at the server, which it does not know: a spent one of them came back. */
async function clientOfRevokedGrant(t, server) {
  const refreshToken = await refreshTokenOfAnotherSystem(server, server.clients.appBody)
  const app = appOf(server, server.clients.appBody)
  const client = clientOf(t, await app.import({ id: 'first', refreshToken }))
  await client.get('/jobs')
  await rejection(clientOf(t, await app.import({ id: 'second', refreshToken })).get('/jobs'))
  assert.equal(await server.expiryOf((await client.token()).accessToken), 0)
  return client
}

function renewals(server) {
  return server.tokenRequests.filter(request => request.grantType === 'refresh_token')
}

/** The refresh tokens that the token endpoint has seen, in the order of their arrival. */
function presented(server) {
  return renewals(server).map(request => request.presented)
}

/** Waits for an instant that is known, and no longer. */
async function reached(instant) {
  assert.ok(Number.isFinite(instant))
  while (Date.now() < instant) await delay(instant - Date.now())
}

async function rejection(promise) {
  const [outcome] = await Promise.allSettled([promise])
  assert.equal(outcome.status, 'rejected')
  return outcome.reason
}

function secretForms(clientId, secret) {
  const encoded = encodeURIComponent(secret)
  return [secret, encoded, btoa(secret), btoa(`${clientId}:${secret}`), btoa(`${clientId}:${encoded}`)]
}

/** Looks wherever an error is printed from, its causes too. */
function assertHoldsNone(error, secrets) {
  const prints = []
  for (let each = error; each !== undefined; each = each.cause) {
    prints.push(inspect(each, { depth: null, showHidden: true, getters: true }))
    prints.push(JSON.stringify(each), String(each), each.stack)
  }
  for (const secret of secrets) {
    assert.ok(secret)
    assert.ok(!prints.some(print => print.includes(secret)), 'a print of the error holds a secret')
  }
}
