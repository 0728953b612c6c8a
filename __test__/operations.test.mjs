// The vendor's operations, as the core knows them: every one of the table refuses with the scope that a token lacks, and
// what a client and an app say of operations before they are called. `deprecation.test.mjs` has the warnings.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BearerToken, ClientCredentials, OAuthApp, PermissionError } from 'smartrecruiters'
import { readApi } from '../scripts/generate/read.mjs'
import { failure, serve } from './support/servers.mjs'
import { callback, startTokenEndpoint, tokens } from './support/token-endpoint.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }
const SECRET = 'secret-0123456789abcdef'
const CALLBACK = 'http://localhost:3000/callback'

const { operations } = readApi()
const withScopes = operations.filter(({ credential, scopes }) => scopes && ['either', 'bearer'].includes(credential))
const allScopes = [...new Set(withScopes.flatMap(({ scopes }) => scopes.flat()))].sort()

/** A client id that says which scopes the tokens of its client have. */
const idOf = scopes => `c${Buffer.from(scopes.join(' ')).toString('base64url')}`

/**
 * A server that refuses every call with 403, and whose tokens have the scopes that their client's id says. `as` makes a
 * client whose token has these scopes.
 */
async function refusing(t) {
  const { sr, baseUrl } = await serve(t, async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    if (!request.url.startsWith('/identity/oauth/token')) {
      return response.writeHead(403, JSON_TYPE).end('{"message":"Access denied."}')
    }
    const scope = Buffer.from(new URLSearchParams(body).get('client_id').slice(1), 'base64url').toString()
    const tokens = { access_token: 'at-1', refresh_token: 'rt-1', expires_in: 1800, scope }
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(tokens))
  })
  const as = scopes => sr.withCredential(new ClientCredentials({ clientId: idOf(scopes), clientSecret: SECRET }))
  return { sr, baseUrl, as }
}

const call = (sr, { method, path }) => sr.request(method, path.replace(/\{\w+\}/g, '7'))

const scopesOf = ({ requiredScopes, grantedScopes, missingScopes }) => [requiredScopes, grantedScopes, missingScopes]

test('every operation refuses a token without one of its scopes by the name of that scope', async t => {
  const { as } = await refusing(t)
  const cases = withScopes.flatMap(operation => operation.scopes.map(alternatives => ({ operation, alternatives })))
  await Promise.all(
    cases.map(async ({ operation, alternatives }) => {
      const granted = allScopes.filter(scope => !alternatives.includes(scope))
      const error = await failure(call(as(granted), operation))
      assert.ok(error instanceof PermissionError, operation.name)
      const required = operation.scopes.map(([first]) => first)
      assert.deepEqual(scopesOf(error), [required, granted, [alternatives[0]]], operation.name)
      const needs = `${operation.name} needs ${alternatives.join(' or ')}; this token has ${granted.length} others: add`
      assert.ok(error.message.includes(needs), error.message)
    }),
  )
  assert.ok(cases.length > 150, `${cases.length} cases`)
})

test('with all its scopes, an operation is refused by the role or access group', async t => {
  const { as } = await refusing(t)
  const sr = as(allScopes)
  await Promise.all(
    withScopes.map(async operation => {
      const error = await failure(call(sr, operation))
      assert.deepEqual(error.missingScopes, [], operation.name)
      assert.match(error.message, /this token has the scopes that .* needs, so the role or access group/)
    }),
  )
})

test('of an operation whose scopes are not documented, nothing is said to be required', async t => {
  const { as } = await refusing(t)
  const sr = as(['jobs_read'])
  const others = operations.filter(operation => !withScopes.includes(operation))
  await Promise.all(
    [...others, { method: 'GET', path: '/new-api/things' }].map(async operation => {
      const error = await failure(call(sr, operation))
      assert.deepEqual(scopesOf(error), [undefined, ['jobs_read'], undefined], operation.name)
      assert.ok(error.message.endsWith(': Access denied.'), error.message)
    }),
  )
  assert.ok(others.length > 80)
})

test('a 403 says what to do about it, for each kind of credential and way to call', async t => {
  const { sr, as, baseUrl } = await refusing(t)
  const few = as(['candidates_read'])
  const error = await failure(few.patch('/candidates/{id}', { params: { id: 'a/b' } }))
  assert.equal(
    error.message,
    '403 PATCH /candidates/a%2Fb: Access denied; PATCH /candidates/{id} needs candidates_manage; this token has ' +
      'candidates_read: add the scope to the credential in SmartRecruiters',
  )
  assert.deepEqual(JSON.parse(JSON.stringify(error)).missingScopes, ['candidates_manage'])

  const listed = await failure(few.paginate('/jobs').next())
  assert.deepEqual(listed.missingScopes, ['jobs_read'])
  const raw = await failure(few.get('/jobs').asResponse())
  assert.deepEqual(raw.missingScopes, ['jobs_read'])
  const response = await few.fetch('/jobs')
  assert.deepEqual([response.status, await response.json()], [403, { message: 'Access denied.' }])

  const withKey = await failure(sr.get('/jobs'))
  assert.deepEqual(scopesOf(withKey), [undefined, undefined, undefined])
  assert.match(withKey.message, /newer API keys have a role and an access group, which may forbid the call/)

  for (const unknown of [sr.withCredential(new BearerToken('bearer-token')), as([])]) {
    const error = await failure(unknown.get('/jobs/7'))
    assert.deepEqual(scopesOf(error), [['jobs_read'], undefined, undefined])
    assert.match(error.message, /GET \/jobs\/\{id\} needs jobs_read: check that the token has it/)
  }

  const app = new OAuthApp({
    clientId: idOf(['candidates_read']),
    clientSecret: SECRET,
    redirectUri: CALLBACK,
    baseUrl,
  })
  const request = app.authorizationUrl({ for: ['GET /candidates'] })
  const grant = await app.exchange(callback(request), { state: request.state })
  const ofGrant = await failure(sr.withCredential(grant).patch('/candidates/7'))
  assert.match(ofGrant.message, /this token has candidates_read: add the scope to the credential and authorize again$/)
})

test('can() says whether the scopes allow an operation, by any path of it', async t => {
  const { sr, as } = await refusing(t)
  const client = as(['jobs_read', 'webhooks_manage'])
  for (const [operation, expected] of [
    ['GET /jobs', true],
    ['GET /jobs/{x}', true],
    ['GET /jobs/123', true],
    ['HEAD /jobs', true],
    ['PATCH /jobs/{id}', false],
    ['GET /webhooks-api/v201907/subscriptions', true],
    ['GET /v1/companies/{companyIdentifier}/postings', true],
    ['POST /candidates/cv/parse', undefined],
    ['GET /packages', undefined],
    ['GET /new-api/things', undefined],
  ]) {
    assert.equal(await client.can(operation), expected, operation)
  }
  for (const unknown of [sr, sr.withCredential(new BearerToken('bearer-token')), as([])]) {
    assert.equal(await unknown.can('GET /jobs'), undefined)
    assert.equal(await unknown.can('GET /v1/companies/{companyIdentifier}/postings'), true)
  }
  for (const malformed of ['GET', '/jobs', 'get /jobs', 'GET /jobs?limit=1', undefined, 7]) {
    const error = await failure(client.can(malformed))
    assert.deepEqual([error.name, error.field], ['ConfigurationError', 'operation'])
  }
  assert.equal((await failure(client.can('GET /jobs', { timeuot: 1 }))).name, 'ConfigurationError')
  const reason = new Error('enough')
  assert.equal(await failure(as(['jobs_read']).can('GET /jobs', { signal: AbortSignal.abort(reason) })), reason)
})

test('can() obtains a token where there is none, and fails as token() does', async t => {
  const { baseUrl, sr } = await serve(t, (_, response) =>
    response.writeHead(400, JSON_TYPE).end('{"error":"invalid_client"}'),
  )
  const credential = new ClientCredentials({ clientId: 'client', clientSecret: SECRET, tokenUrl: `${baseUrl}/token` })
  const client = sr.withCredential(credential)
  assert.equal((await failure(client.can('GET /jobs'))).code, 'TOKEN_REFUSED')
  assert.equal(await client.can('GET /new-api/things'), undefined)
})

test('authorizationUrl() requests exactly the scopes that operations need', async t => {
  const app = new OAuthApp({
    clientId: 'client',
    clientSecret: SECRET,
    redirectUri: CALLBACK,
    scopes: ['offers_read'],
  })
  const requested = options => new URL(app.authorizationUrl(options).url).searchParams.get('scope')
  assert.equal(requested(), 'offers_read')
  assert.equal(requested({ for: [] }), 'offers_read')
  assert.equal(
    requested({ for: ['PATCH /candidates/{id}', 'GET /jobs', 'GET /jobs/{id}'] }),
    'candidates_manage jobs_read',
  )
  assert.equal(requested({ for: ['GET /jobs'], scopes: ['z_new', 'a_new'] }), 'a_new jobs_read z_new')
  const me = 'GET /user-api/v201804/users/me'
  assert.equal(requested({ for: [me] }), 'user_me_read')
  assert.equal(requested({ for: [me, 'GET /user-api/v201804/users'] }), 'users_read')
  for (const [options, field, message] of [
    [{ for: ['GET /jobs', 'POST /candidates/cv/parse'] }, 'for[1]', /POST \/candidates\/cv\/parse.*in `scopes`/],
    [{ for: ['GET /packages'] }, 'for[0]', /partner/],
    [{ for: ['GET /job'] }, 'for[0]', /did you mean `GET \/jobs`\?/],
    [{ for: ['GET /new-api/things'] }, 'for[0]', /name its scopes in `scopes`/],
    [{ for: ['jobs_read'] }, 'for[0]', /GET \/jobs\/\{id\}/],
    [{ for: [7] }, 'for[0]', /string/],
    [{ for: 'GET /jobs' }, 'for', /list/],
    [{ for: ['GET /v1/companies/{id}/postings'] }, 'for', /no scope/],
  ]) {
    assert.throws(() => app.authorizationUrl(options), { name: 'ConfigurationError', field, message })
  }

  // The server's answer names no scopes, so those of the request are the grant's.
  const server = await startTokenEndpoint(t, () => tokens('1'))
  const own = server.app()
  const request = own.authorizationUrl({ for: ['GET /jobs'], scopes: ['a_new'] })
  await own.exchange(callback(request), { state: request.state, id: 'acme' })
  const { value: grant } = await own.grants().next()
  assert.deepEqual(grant.scopes, ['a_new', 'jobs_read'])
})
