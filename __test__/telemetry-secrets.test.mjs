// No message, log line or metric shows a secret, at the level that shows most.

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { ApiKey, BearerToken, ClientCredentials, OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { authorize } from './support/grants.mjs'
import { MapStore } from './support/map-store.mjs'
import { assertSilent } from './support/secrets.mjs'
import { failure, serve } from './support/servers.mjs'
import { SECRET, signedRequest, startReceiver } from './support/webhooks.mjs'

const UNDICI = ['request:create', 'client:sendHeaders', 'request:headers', 'request:trailers', 'request:error']
const TRACING = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
const OURS = ['attempt', 'queue', 'limit', 'token', 'renewal', 'store', 'webhook']
const CHANNELS = [
  ...UNDICI.map(name => `undici:${name}`),
  ...TRACING.map(name => `tracing:smartrecruiters:call:${name}`),
  ...OURS.map(name => `smartrecruiters:${name}`),
]
const LEVELS = ['error', 'warn', 'info', 'debug', 'trace']
/** Personal data, in the query of a call. */
const QUERY = 'canary.person@example.com'

/** Everything that is published or logged until the test ends. */
function watched(t) {
  const messages = []
  const seen = new Set()
  for (const name of CHANNELS) {
    const listen = message => {
      seen.add(name)
      messages.push(message)
      // Printed, a buffer is a list of numbers.
      if (message.response) messages.push(message.response.headers.map(String))
    }
    subscribe(name, listen)
    t.after(() => unsubscribe(name, listen))
  }
  const logger = Object.fromEntries(LEVELS.map(level => [level, (...line) => void messages.push({ level, line })]))
  return { messages, seen, options: { logger, logLevel: 'trace' } }
}

test('no secret is in any message or line, whatever happens', async t => {
  const { messages, seen, options } = watched(t)
  const sandbox = await startSandbox({ limits: false })
  t.after(() => sandbox.close())
  const secrets = [sandbox.apiKey, sandbox.client.clientSecret, sandbox.app.clientSecret, SECRET, QUERY]
  const query = { q: QUERY }

  // A server that quotes the credential wherever it can.
  let turn = 0
  const { sr: quoted, baseUrl } = await serve(
    t,
    ({ url, headers }, response) => {
      const secret = headers['x-smarttoken'] ?? headers.authorization
      if (url.startsWith('/lost')) return response.destroy()
      if (url.startsWith('/silent')) return
      if (url.startsWith('/plain')) return response.setHeader('x-you-sent', secret).end()
      const status = turn++ === 0 ? 429 : 403
      response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': secret, 'set-cookie': secret })
      response.end(JSON.stringify({ code: secret, message: `no access for ${secret}`, errors: [{ message: secret }] }))
    },
    { ...options, credential: new ApiKey('canary-api-key-0123'), retries: 1, limits: {} },
  )
  secrets.push('canary-api-key-0123', 'canary-bearer-token-0123')
  await failure(quoted.get('/jobs', { query }))
  await failure(quoted.get('/lost', { query }))
  await failure(quoted.get('/silent', { query, timeout: 30 }))
  const bearer = quoted.withCredential(new BearerToken('canary-bearer-token-0123'))
  await failure(bearer.post('/candidates', { json: { email: QUERY } }))
  const plain = await bearer.fetch(`/plain?q=${encodeURIComponent(QUERY)}`)
  // Only the caller gets the answer unchanged.
  assert.match(plain.headers.get('x-you-sent'), /canary-bearer/)
  await plain.text()

  const { clientId, clientSecret } = sandbox.client
  const store = new MapStore()
  const credential = new ClientCredentials({ clientId, clientSecret, store, encryptionKey: false })
  const client = new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl, ...options })
  await client.get('/jobs', { query })
  for await (const _ of client.paginate('/jobs', { query: { ...query, limit: 10 } })) break
  secrets.push((await client.token()).accessToken)
  store.fail = () => {
    throw new Error('the store is down')
  }
  const other = new ClientCredentials({ clientId, clientSecret: 'canary-wrong-secret', store, encryptionKey: false })
  secrets.push('canary-wrong-secret')
  await failure(client.withCredential(other).get('/jobs'))

  const { redirectUris, ...registered } = sandbox.app
  const app = new OAuthApp({
    clientId: registered.clientId,
    clientSecret: registered.clientSecret,
    redirectUri: redirectUris[0],
    baseUrl: sandbox.baseUrl,
  })
  const grant = await authorize(sandbox, app, 'acme')
  const granted = new SmartRecruiters({ credential: grant, ...options })
  await granted.get('/jobs', { query })
  secrets.push((await granted.token()).accessToken)
  await app.keepAlive({ idle: 0 })

  const { webhooks, handler } = startReceiver(t)
  await handler(signedRequest(webhooks))
  await handler(signedRequest(webhooks, { body: '{}' }))

  while (!CHANNELS.every(name => seen.has(name))) await new Promise(resolve => setImmediate(resolve))
  assert.ok(messages.length > 50, `${messages.length} messages`)
  assert.ok(baseUrl.length > 0)
  assertSilent(secrets, ...messages)
})
