/**
 * A strict authorization server and an API behind it, in this process: npm oidc-provider with one-time refresh
 * tokens, where the reuse of one revokes its whole family (RFC 9700 section 4.14.2).
 */

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

const { Provider } = await quietly(() => import('oidc-provider'))

/** Where customers come back to. Nobody listens there: the browser of these tests stops in front of it. */
export const REDIRECT_URI = 'https://app.example/callback'

/** What the apps are registered with, and get if their request names no scope (RFC 6749 section 3.3). */
const REGISTERED_SCOPES = ['candidates_read', 'jobs_read']
const DAY = 24 * 3600

/**
 * Starts the two servers on free ports of the loopback.
 * @param {{ accessTokenSeconds?: number }} [options] `accessTokenSeconds`: how long access tokens live; default: 1800.
 */
export async function startOidcProvider({ accessTokenSeconds = 1800 } = {}) {
  const failures = []
  const tokenRequests = []
  const apiRequests = []
  const clients = newClients()

  const server = createServer()
  const issuer = await listen(server)
  const provider = await quietly(() => new Provider(issuer, configuration(clients, accessTokenSeconds)))

  /** The access token as the provider knows it, or undefined if it is not active. */
  const activeToken = async value =>
    (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value))
  const expiryOf = async value => ((await activeToken(value))?.exp ?? 0) * 1000

  provider.on('server_error', (_ctx, error) => failures.push(error))
  provider.use(giveRegisteredScopes)
  provider.use(recordTokenRequests(tokenRequests, expiryOf))
  server.on('request', provider.callback())

  const api = createServer((request, response) => {
    answerApi(request, response, activeToken, apiRequests).catch(error => {
      failures.push(error)
      response.destroy()
    })
  })
  const baseUrl = await listen(api)

  return {
    issuer,
    authorizeUrl: `${issuer}/auth`,
    tokenUrl: `${issuer}/token`,
    /** The API, which knows an access token by asking the provider. */
    baseUrl,
    /** Registered clients, each with its `clientId` and `clientSecret`. */
    clients,
    /** Each POST to the token endpoint, from the moment it arrives. */
    tokenRequests,
    /** Each request to the API. */
    apiRequests,
    /** When an access token dies at the server, in milliseconds since the Unix epoch; 0 if it is dead. */
    expiryOf,
    /** Kills an access token before its time, and leaves its grant alone. */
    async destroyAccessToken(accessToken) {
      await (await activeToken(accessToken)).destroy()
    },
    /** Ends both servers. Throws what went wrong inside them. */
    async close() {
      await Promise.all([stop(server), stop(api)])
      if (failures.length > 0) throw new AggregateError(failures, 'the authorization server or its API failed')
    },
  }
}

/** Tells tokens apart without holding them. */
export function fingerprint(token) {
  return createHash('sha256').update(token).digest('hex').slice(0, 16)
}

function newClients() {
  const client = (clientId, rest) => ({ clientId, clientSecret: newSecret(), ...rest })
  const app = {
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [REDIRECT_URI],
  }
  const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }
  const inBody = { token_endpoint_auth_method: 'client_secret_post' }
  const inHeader = { token_endpoint_auth_method: 'client_secret_basic' }
  return {
    machineBody: client('machine-body', { metadata: { ...machine, ...inBody } }),
    machineBasic: client('machine-basic', { metadata: { ...machine, ...inHeader } }),
    appBody: client('app-body', { metadata: { ...app, ...inBody } }),
    appBasic: client('app-basic', { metadata: { ...app, ...inHeader } }),
    appPkce: client('app-pkce', { metadata: { ...app, ...inBody }, pkceRequired: true }),
  }
}

/** With characters that mean something in forms and in HTTP Basic. */
function newSecret() {
  return `${randomBytes(24).toString('base64url')}+:&%2F=/`
}

function configuration(clients, accessTokenSeconds) {
  const pkceRequired = new Set(
    Object.values(clients)
      .filter(client => client.pkceRequired)
      .map(client => client.clientId),
  )
  return {
    clients: Object.values(clients).map(({ clientId, clientSecret, metadata }) => ({
      client_id: clientId,
      client_secret: clientSecret,
      ...metadata,
    })),
    scopes: ['openid', 'offline_access', ...REGISTERED_SCOPES],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: true } },
    pkce: { required: (_ctx, client) => pkceRequired.has(client.clientId) },
    rotateRefreshToken: true,
    // As the vendor does: without `offline_access`, and whatever becomes of the browser's session.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 28 * DAY,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 28 * DAY,
      Session: DAY,
    },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    cookies: { keys: [randomBytes(32).toString('hex')] },
    renderError(ctx, { error, error_description: description }) {
      ctx.type = 'text'
      ctx.body = `${error}: ${description}`
    },
  }
}

async function giveRegisteredScopes(ctx, next) {
  if (ctx.path === '/auth' && ctx.query.scope === undefined) {
    ctx.query = { ...ctx.query, scope: REGISTERED_SCOPES.join(' ') }
  }
  await next()
}

function recordTokenRequests(tokenRequests, expiryOf) {
  return async (ctx, next) => {
    if (ctx.path !== '/token' || ctx.method !== 'POST') return next()
    const clientAuth = ctx.get('authorization').startsWith('Basic ') ? 'basic' : 'body'
    // Recorded before it is judged: a request counts even if it comes to nothing.
    const record = { clientAuth }
    tokenRequests.push(record)
    await next()
    const { params, client } = ctx.oidc
    record.grantType = params?.grant_type
    record.clientId = client?.clientId
    record.hasVerifier = params?.code_verifier !== undefined
    record.presented = params?.refresh_token && fingerprint(params.refresh_token)
    record.issued = ctx.body?.refresh_token && fingerprint(ctx.body.refresh_token)
    record.accessTokenExpiresAt = ctx.body?.access_token && (await expiryOf(ctx.body.access_token))
    record.status = ctx.status
    record.error = ctx.body?.error
  }
}

async function answerApi(request, response, activeToken, apiRequests) {
  const [, value = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? []
  const token = value && (await activeToken(value))
  const status = token ? 200 : 401
  apiRequests.push({ status, token: fingerprint(value) })
  const body = token
    ? { clientId: token.clientId, accountId: token.accountId, scope: token.scope }
    : { message: 'Unauthorized', errors: [{ code: 'UNAUTHORIZED', message: 'The access token is not active' }] }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${server.address().port}`
}

async function stop(server) {
  const closed = new Promise((resolve, reject) => {
    server.close(error => (error ? reject(error) : resolve()))
  })
  server.closeAllConnections()
  await closed
}

/**
 * Runs `work` without the notices that are meant for operators: about the in-memory adapter, the built-in keys and
 * pages, and the release of Node.js. Any other message comes through.
 */
async function quietly(work) {
  const { warn } = console
  console.warn = (message, ...rest) => {
    if (!/^oidc-provider WARNING: (a quick start|quick start|Unsupported runtime)/.test(message)) warn(message, ...rest)
  }
  try {
    return await work()
  } finally {
    console.warn = warn
  }
}
