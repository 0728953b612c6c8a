import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { withSandbox } from './support.mjs'

const basic = (id, secret) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` })
const verifier = 'a-verifier-that-is-long-enough-to-be-one-4711'
const codeChallenge = createHash('sha256').update(verifier).digest('base64url')

describe('client credentials', () => {
  it(
    'answers a bearer token without a refresh token, not to be stored',
    withSandbox({}, async (_sandbox, client) => {
      const answer = await client.token({ grant_type: 'client_credentials' })
      const body = await answer.json()
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.match(body.access_token, /^DCRA1-[0-9a-f]{32}$/)
      assert.deepEqual({ ...body, access_token: '' }, { access_token: '', token_type: 'Bearer', expires_in: 1800 })
    }),
  )

  it(
    'takes the client by HTTP Basic, form-encoded or plain, and refuses a wrong secret either way',
    withSandbox({}, async ({ client: { clientId, clientSecret } }, client) => {
      const form = { grant_type: 'client_credentials' }
      const encoded = await client.post(form, basic(clientId, encodeURIComponent(clientSecret)))
      const plain = await client.post(form, basic(clientId, clientSecret))
      assert.deepEqual([encoded.status, plain.status], [200, 200])

      const wrong = await client.post(form, basic(clientId, 'wrong'))
      assert.equal(wrong.status, 401)
      assert.match(wrong.headers.get('www-authenticate'), /^Basic /)
      const inBody = await client.post({ ...form, client_id: clientId, client_secret: 'wrong' })
      assert.equal(inBody.status, 401)
      assert.equal((await inBody.json()).error, 'invalid_client')
    }),
  )

  it(
    'refuses Basic and body that disagree',
    withSandbox({}, async (sandbox, client) => {
      const { clientId, clientSecret } = sandbox.client
      const form = { grant_type: 'client_credentials', ...client.asBody(sandbox.partner) }
      const answer = await client.post(form, basic(clientId, clientSecret))
      assert.equal(answer.status, 401)
    }),
  )

  it(
    'leaves a former token valid when a new one is issued',
    withSandbox({}, async (_sandbox, client) => {
      const first = await (await client.token({ grant_type: 'client_credentials' })).json()
      await client.token({ grant_type: 'client_credentials' })
      assert.equal((await client.bearer('/users/me', first.access_token)).status, 200)
    }),
  )

  it(
    'answers 401 once the token has lived its time, and rounds expires_in down',
    withSandbox({ accessTokenLifetime: 90.5 }, async (sandbox, client) => {
      const token = await (await client.token({ grant_type: 'client_credentials' })).json()
      assert.equal(token.expires_in, 90)
      assert.equal((await client.bearer('/users/me', token.access_token)).status, 200)
      sandbox.advanceTime(91)
      assert.equal((await client.bearer('/users/me', token.access_token)).status, 401)
    }),
  )
})

describe('the token endpoint', () => {
  const refusals = [
    ['a missing grant_type', {}, 'invalid_request'],
    ['an unknown grant_type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a grant the client may not use', { grant_type: 'refresh_token', refresh_token: 'x' }, 'unauthorized_client'],
  ]
  for (const [name, form, error] of refusals) {
    it(
      `refuses ${name}`,
      withSandbox({}, async (_sandbox, client) => {
        const answer = await client.token(form)
        const body = await answer.json()
        assert.equal(answer.status, 400)
        assert.equal(body.error, error)
        assert.equal(typeof body.error_description, 'string')
      }),
    )
  }

  it(
    'refuses a code or refresh token that is not there',
    withSandbox({}, async ({ app }, client) => {
      for (const grant_type of ['authorization_code', 'refresh_token']) {
        const answer = await client.token({ grant_type }, app)
        assert.deepEqual([answer.status, (await answer.json()).error], [400, 'invalid_request'])
      }
    }),
  )

  it(
    'takes a form and nothing else',
    withSandbox({}, async (sandbox, client) => {
      const answer = await fetch(sandbox.tokenUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ grant_type: 'client_credentials', ...client.asBody(sandbox.client) }),
      })
      assert.equal(answer.status, 415)
      assert.equal((await answer.json()).error, 'invalid_request')
    }),
  )

  it(
    'refuses a parameter that is sent twice',
    withSandbox({}, async (sandbox, client) => {
      const form = new URLSearchParams({ grant_type: 'client_credentials', ...client.asBody(sandbox.client) })
      form.append('grant_type', 'client_credentials')
      const answer = await fetch(sandbox.tokenUrl, { method: 'POST', body: form })
      assert.deepEqual([answer.status, (await answer.json()).error], [400, 'invalid_request'])
    }),
  )
})

describe('authorization code', () => {
  it(
    'is exchanged once, and used again it takes its tokens with it',
    withSandbox({}, async ({ app }, client) => {
      const code = await client.code()
      const form = { grant_type: 'authorization_code', code, redirect_uri: app.redirectUris[0] }
      const pair = await (await client.token(form, app)).json()
      assert.equal((await client.bearer('/users/me', pair.access_token)).status, 200)

      const again = await client.token(form, app)
      assert.deepEqual([again.status, (await again.json()).error], [400, 'invalid_grant'])
      assert.equal((await client.bearer('/users/me', pair.access_token)).status, 401)
      assert.equal((await client.refresh(pair.refresh_token)).status, 400)
    }),
  )

  it(
    'is bound to its client and its redirect URI, and dies after its lifetime',
    withSandbox({}, async (sandbox, client) => {
      const { app } = sandbox
      const other = sandbox.addClient({ redirectUris: app.redirectUris })
      const code = await client.code()
      const form = { grant_type: 'authorization_code', code }
      assert.equal((await client.token(form, other)).status, 400)
      assert.equal((await client.token({ ...form, redirect_uri: app.redirectUris[1] }, app)).status, 400)
      sandbox.advanceTime(601)
      assert.equal((await client.token(form, app)).status, 400)
    }),
  )

  it(
    'with a challenge needs the verifier, and without one refuses it',
    withSandbox({}, async ({ app }, client) => {
      const exchange = (code, code_verifier) =>
        client.token({ grant_type: 'authorization_code', code, ...(code_verifier && { code_verifier }) }, app)
      const code = await client.code({ codeChallenge })
      assert.equal((await exchange(code)).status, 400)
      assert.equal((await exchange(code, 'wrong')).status, 400)
      assert.equal((await exchange(code, verifier)).status, 200)
      assert.equal((await exchange(await client.code(), verifier)).status, 400)
    }),
  )

  it(
    'gives a token with the scopes that were allowed and no more',
    withSandbox({}, async (_sandbox, client) => {
      const { access_token } = await client.grant({ scope: ['jobs_read', 'user_me_read'] })
      assert.equal((await client.bearer('/jobs', access_token)).status, 200)
      assert.equal((await client.bearer('/candidates', access_token)).status, 403)
    }),
  )
})

describe('refresh tokens', () => {
  it(
    'are used once, and each use gives a new pair that lives 28 days more',
    withSandbox({}, async (sandbox, client) => {
      let { refresh_token: current } = await client.grant()
      for (let turn = 0; turn < 3; turn += 1) {
        sandbox.advanceTime(27 * 86_400)
        const answer = await client.refresh(current)
        const pair = await answer.json()
        assert.equal(answer.status, 200)
        assert.notEqual(pair.refresh_token, current)
        assert.equal((await client.bearer('/users/me', pair.access_token)).status, 200)
        current = pair.refresh_token
      }
      sandbox.advanceTime(28 * 86_400)
      assert.equal((await client.refresh(current)).status, 400)
    }),
  )

  it(
    'are refused on reuse and harm nothing else under "reject"',
    withSandbox({}, async (_sandbox, client) => {
      const first = await client.grant()
      const second = await (await client.refresh(first.refresh_token)).json()
      const again = await client.refresh(first.refresh_token)
      assert.deepEqual([again.status, (await again.json()).error], [400, 'invalid_grant'])
      assert.equal((await client.bearer('/users/me', second.access_token)).status, 200)
      assert.equal((await client.refresh(second.refresh_token)).status, 200)
    }),
  )

  it(
    'take the whole family with them on reuse under "revokeFamily"',
    withSandbox({ refreshTokenReuse: 'revokeFamily' }, async (_sandbox, client) => {
      const first = await client.grant()
      const stranger = await client.grant()
      const second = await (await client.refresh(first.refresh_token)).json()
      assert.equal((await client.refresh(first.refresh_token)).status, 400)
      assert.equal((await client.bearer('/users/me', second.access_token)).status, 401)
      assert.equal((await client.refresh(second.refresh_token)).status, 400)
      assert.equal((await client.refresh(stranger.refresh_token)).status, 200)
    }),
  )

  it(
    'answer once more within the period of "grace", and then no longer',
    withSandbox({ refreshTokenReuse: 'grace', gracePeriod: 30 }, async (sandbox, client) => {
      const first = await client.grant()
      await client.refresh(first.refresh_token)
      const again = await client.refresh(first.refresh_token)
      const pair = await again.json()
      assert.equal(again.status, 200)
      assert.equal((await client.bearer('/users/me', pair.access_token)).status, 200)
      sandbox.advanceTime(31)
      assert.equal((await client.refresh(first.refresh_token)).status, 400)
    }),
  )

  it(
    'are not spent by a client they do not belong to',
    withSandbox({}, async (sandbox, client) => {
      const other = sandbox.addClient({ redirectUris: sandbox.app.redirectUris })
      const { refresh_token } = await client.grant()
      assert.equal((await client.token({ grant_type: 'refresh_token', refresh_token }, other)).status, 400)
      assert.equal((await client.refresh(refresh_token)).status, 200)
    }),
  )

  it(
    'outlive expireAccessTokens',
    withSandbox({}, async (sandbox, client) => {
      const pair = await client.grant()
      sandbox.expireAccessTokens()
      assert.equal((await client.bearer('/users/me', pair.access_token)).status, 401)
      const next = await (await client.refresh(pair.refresh_token)).json()
      assert.equal((await client.bearer('/users/me', next.access_token)).status, 200)
    }),
  )
})
