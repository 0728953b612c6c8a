// The main job, end to end: a developer calls the API with each kind of credential, against a local SmartRecruiters.
//
// `npm start` runs it. It ends with 0 only if everything was as it should be.

import assert from 'node:assert/strict'
import { ApiKey, ClientCredentials, OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'

const sandbox = await startSandbox()
try {
  const { baseUrl } = sandbox
  console.log(`A local SmartRecruiters listens at ${baseUrl}\n`)
  await withApiKey(baseUrl)
  await withClientCredentials(baseUrl)
  await withAuthorizationCode(baseUrl)
  assert.equal(sandbox.counters().tooManyRequests, 0)
  console.log('All three kinds of credential work.')
} finally {
  await sandbox.close()
}

/** An API key. */
async function withApiKey(baseUrl) {
  const sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl })
  const me = await sr.get('/user-api/v201804/users/me')
  const jobs = await sr.get('/jobs', { query: { limit: 3, sort: 'job_id' } })
  assert.equal(jobs.content.length, 3)
  report('API key', [
    `signed in as ${me.firstName} ${me.lastName}`,
    `read ${jobs.content.length} of ${jobs.totalFound} jobs`,
  ])
}

/** OAuth 2.0 client credentials: the first call gets an access token, the others share it. */
async function withClientCredentials(baseUrl) {
  const { clientId, clientSecret } = sandbox.client
  const sr = new SmartRecruiters({ credential: new ClientCredentials({ clientId, clientSecret }), baseUrl })
  const calls = Array.from({ length: 5 }, () => sr.get('/user-api/v201804/users', { query: { limit: 1 } }))
  const answers = await Promise.all(calls)
  const { attempts } = sandbox.counters().exchanges.client_credentials
  assert.equal(attempts, 1)
  const token = await sr.token()
  report('Client credentials', [
    `${answers.length} calls at once, ${attempts} token exchange`,
    `access token good until ${token.expiresAt.toISOString()}`,
  ])
}

/** OAuth 2.0 authorization code: a customer consents in the browser, and the grant outlives its access token. */
async function withAuthorizationCode(baseUrl) {
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const app = new OAuthApp({ clientId, clientSecret, redirectUri: redirectUris[0], baseUrl })
  const { url, state } = app.authorizationUrl({ scopes: ['jobs_read', 'user_me_read'] })
  // In a web application the customer's browser opens `url`. Here the consent page is fetched and its form posted.
  const callbackUrl = await sandbox.consentTo(url)
  const grant = await app.exchange(callbackUrl, { state, id: 'first-customer' })
  const sr = new SmartRecruiters({ credential: grant })
  const me = await sr.get('/user-api/v201804/users/me')

  sandbox.expireAccessTokens()
  const calls = Array.from({ length: 3 }, () => sr.get('/jobs', { query: { limit: 1 } }))
  const answers = await Promise.all(calls)
  assert.ok(answers.every(answer => answer.content.length === 1))
  const { exchanges, refreshTokens } = sandbox.counters()
  assert.equal(exchanges.refresh_token.successes, 1)
  assert.deepEqual(Object.values(refreshTokens), [1])
  report('Authorization code', [
    `${me.firstName} ${me.lastName} consented on the page`,
    'every access token expired; three calls at once went through all the same',
    `${exchanges.refresh_token.successes} refresh, its one-time refresh token presented once`,
  ])
}

function report(credential, lines) {
  console.log(`✓ ${credential}`)
  for (const line of lines) console.log(`    ${line}`)
  console.log()
}
