// What an example takes from the text around it. It is loaded before the example, in the example's own process.

import { Server } from 'node:http'

const { listen } = Server.prototype
/** A server of an example listens on a free port, and does not keep the process alive. */
Server.prototype.listen = function (port, ...rest) {
  return typeof port === 'number' && port > 0
    ? listen.call(this, 0, '127.0.0.1', ...rest).unref()
    : listen.call(this, port, ...rest)
}

/** The customer's browser, at the sandbox of the test. */
globalThis.theUserComesBackFrom = async authorizationUrl => {
  const answer = await fetch(`${process.env.SMARTRECRUITERS_BASE_URL}/_sandbox/consent`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ authorizationUrl }),
  })
  return (await answer.json()).location
}

if (process.env.EXAMPLE_IS_PART) Object.assign(globalThis, await context())

async function context() {
  const smartrecruiters = await import('smartrecruiters')
  const web = await import('smartrecruiters/web')
  const { startSandbox } = await import('smartrecruiters-sandbox')
  const { authority } = await import('./certificates.mjs')
  const sandbox = await startSandbox({ jobs: 20, candidates: 20 })
  const { baseUrl } = sandbox
  const credential = new smartrecruiters.ApiKey(sandbox.apiKey)
  const sr = new smartrecruiters.SmartRecruiters({ credential, baseUrl })
  // The first request of which an example shows the body.
  await sr.post('/candidates', { json: { firstName: 'Ada', lastName: 'King', email: 'ada@example.com' } })
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const app = new smartrecruiters.OAuthApp({ clientId, clientSecret, redirectUri: redirectUris[0], baseUrl })
  const consent = async () => {
    const { url, state } = app.authorizationUrl({ scopes: ['jobs_read', 'user_me_read'] })
    return { callbackUrl: await sandbox.consentTo(url), state }
  }
  const earlier = await consent()
  await app.exchange(earlier.callbackUrl, { state: earlier.state, id: 'customer-42' })
  const cookieSecret = 'a secret of at least 32 characters'
  const ca = (await authority()).cert
  return {
    ...smartrecruiters,
    ...web,
    ...(await consent()),
    startSandbox,
    sandbox,
    app,
    credential,
    sr,
    cookieSecret,
    companyCa: ca,
    readFileSync: () => ca,
    login: web.loginHandler(app, { cookieSecret }),
    webhooks: new smartrecruiters.Webhooks({ secrets: 'the-key', client: sr }),
    userOf: cookie => cookie ?? 'a visitor',
    sessionOf: id => id,
    express: (await import('express')).default,
    fastify: (await import('fastify')).default,
    Hono: (await import('hono')).Hono,
  }
}
