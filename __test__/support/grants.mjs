/** Grants of the sandbox's customers. */

import assert from 'node:assert/strict'

/** The grant of a customer who has consented. */
export async function authorize(sandbox, app, id = 'customer') {
  const { url, state } = app.authorizationUrl()
  return app.exchange(await sandbox.consentTo(url), { state, id })
}

/** The refresh token of a new grant, as another system would have obtained it. */
export async function refreshTokenOf(sandbox, app) {
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const callback = new URL(await sandbox.consentTo(app.authorizationUrl().url))
  const answer = await fetch(`${sandbox.baseUrl}/identity/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uri: redirectUris[0],
      code: callback.searchParams.get('code'),
    }),
  })
  return (await answer.json()).refresh_token
}

/** Asserts that so many refresh tokens were presented, each of them once, and that each was good. */
export function assertEachPresentedOnce(sandbox, exchanges) {
  const { exchanges: counted, refreshTokens } = sandbox.counters()
  assert.deepEqual(counted.refresh_token, { attempts: exchanges, successes: exchanges })
  assert.deepEqual(Object.values(refreshTokens), Array(exchanges).fill(1))
}
