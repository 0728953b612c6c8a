// What users read when something is wrong: a table of mistakes and failures, each with what its message has to name.
// All messages stand in `snapshots/messages.txt`, to be read as text. `UPDATE_SNAPSHOTS=1` writes it anew.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createTcpServer } from 'node:net'
import { after, before, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import {
  AccessToken,
  ApiError,
  ApiKey,
  BearerToken,
  ClientCredentials,
  Customer,
  Grant,
  OAuthApp,
  PartnerApp,
  PostgresStore,
  RedisLimits,
  RedisStore,
  SmartRecruiters,
  SqliteStore,
} from 'smartrecruiters'
import { authority, serverCertificate } from './support/certificates.mjs'
import { freePort } from './support/programs.mjs'
import { failure, listen, serve } from './support/servers.mjs'

const KEY = 'key-0123456789abcdef'
const SECRET = 'secret-0123456789abcdef'
const SNAPSHOT = new URL('snapshots/messages.txt', import.meta.url)

const credential = new ApiKey(KEY)
const APP = { clientId: 'client', clientSecret: SECRET, redirectUri: 'https://app.example.com/callback' }
const client = options => new SmartRecruiters({ credential, baseUrl: 'http://127.0.0.1:9', limits: false, ...options })
const app = options => new OAuthApp({ ...APP, baseUrl: 'http://127.0.0.1:9', ...options })

/** A client of a server that answers as `handler` says. */
async function answered(t, handler, options) {
  return (await serve(t, handler, options)).sr
}
const answers = (status, body, headers = { 'content-type': 'application/json' }) => {
  return (_, response) => response.writeHead(status, headers).end(body)
}

/** A client of a TCP server that does with each connection what `act` says, and how its place is written. */
async function spoken(t, act, options) {
  const port = await listen(t, createTcpServer(act))
  return client({ baseUrl: `http://127.0.0.1:${port}`, retries: 0, ...options })
}

/** A client of a TLS server. */
async function secure(t, { names = ['localhost'], ...options }, clientOptions) {
  const ca = await authority()
  const server = createTlsServer({ ...(await serverCertificate(ca, names)), ...options })
  server.on('tlsClientError', () => {})
  const port = await listen(t, server)
  return client({ baseUrl: `https://127.0.0.1:${port}`, retries: 0, ...clientOptions?.(ca) })
}

/** The client of an app whose token endpoint answers so. */
async function credentials(t, handler) {
  const { baseUrl } = await serve(t, handler)
  const credential = new ClientCredentials({ clientId: 'client', clientSecret: SECRET })
  return client({ credential, baseUrl, retries: 0 })
}

/** A client whose token has these scopes, of a server that refuses every call. */
async function scoped(t, scope) {
  return credentials(t, ({ url }, response) => {
    const isToken = url.endsWith('/token')
    const body = isToken ? { access_token: 'access-token', expires_in: 1799, scope } : { message: 'Access denied.' }
    answers(isToken ? 200 : 403, JSON.stringify(body))(undefined, response)
  })
}

/** What went wrong, how, and what the message has to name: what, where, and what to do about it. */
const TABLE = [
  // -- constructors
  ['no options', () => new SmartRecruiters(), ['SmartRecruiters', 'object', 'undefined']],
  ['no credential', () => new SmartRecruiters({}), ['credential', 'ApiKey']],
  ['a key in text as credential', () => new SmartRecruiters({ credential: KEY }), ['credential', 'new ApiKey(']],
  ['an option of others', () => client({ apiKey: KEY }), ['apiKey', 'credential']],
  ['a misspelt option', () => client({ timeuot: 5 }), ['timeuot', 'did you mean `timeout`']],
  ['a timeout in seconds with a fraction', () => client({ timeout: 0.5 }), ['timeout', 'whole number']],
  ['a timeout in words', () => client({ timeout: '5s' }), ['timeout', 'whole number']],
  ['too many retries', () => client({ retries: 99 }), ['retries', '10']],
  ['an unknown environment', () => client({ baseUrl: undefined, environment: 'staging' }), ['environment', 'sandbox']],
  ['a query where params go', () => client().get('/jobs', { data: {} }), ['data', 'json']],
  ['an API root that is no URL', () => client({ baseUrl: 'api.smartrecruiters.com' }), ['baseUrl', 'https://']],
  ['an API root in the clear', () => client({ baseUrl: 'http://api.example.com' }), ['baseUrl', 'https://']],
  ['an unset key', () => new ApiKey(undefined), ['apiKey', 'environment variable']],
  ['an empty key', () => new ApiKey(''), ['apiKey', 'empty']],
  ['a key with a line break', () => new ApiKey(`${KEY}\n`), ['apiKey', 'line break']],
  ['a bearer token with its scheme', () => new BearerToken(`Bearer ${KEY}`), ['accessToken', 'Bearer']],
  ['half a client', () => new ClientCredentials({ clientId: 'client' }), ['clientSecret']],
  ['a proxy that is none', () => client({ proxy: 'ftp://proxy.example.com' }), ['proxy', 'socks5']],
  ['a CA that is none', () => client({ ca: 'not PEM' }), ['ca', 'PEM']],
  ['a certificate without its key', () => client({ cert: 'x' }), ['key', 'together with cert']],
  ['limits that are none', () => client({ limits: true }), ['limits', 'false']],
  ['a grant by new', () => new Grant('acme'), ['Grant', 'app.grant(id)']],
  ['a customer by new', () => new Customer('acme'), ['Customer', 'partner.customer(companyId)']],
  ['an access token by new', () => new AccessToken('token'), ['AccessToken', 'BearerToken']],
  ['an error by new', () => new ApiError('Not found'), ['ApiError', 'cannot be constructed']],
  ['a redirect URI in the clear', () => app({ redirectUri: 'http://app.example.com/cb' }), ['redirectUri', 'https']],
  ['a durable store without a key', t => sqlite(t), ['encryptionKey', 'openssl rand']],
  ['an encryption key that is too short', t => sqlite(t, 'c2hvcnQ='), ['encryptionKey', '32']],
  ['a store of another kind', () => app({ store: new Map() }), ['store', 'load']],
  ['a partner without a store', () => new PartnerApp({ clientId: 'a', clientSecret: SECRET }), ['store']],
  ['a Redis URL of another scheme', () => new RedisStore({ url: 'http://127.0.0.1' }), ['url', 'redis://']],
  ['an unset PostgreSQL URL', () => new PostgresStore({ url: undefined }), ['url', 'environment variable']],
  // -- calls
  [
    'a Date in a query',
    () => client().get('/jobs', { query: { since: new Date(0) } }),
    ['query.since', 'toISOString()'],
  ],
  ['NaN in a query', () => client().get('/jobs', { query: { limit: Number.NaN } }), ['query.limit', 'NaN']],
  ['an object in a query', () => client().get('/jobs', { query: { a: { b: 1 } } }), ['query.a', 'string']],
  ['an undefined param', () => client().get('/jobs/{id}', { params: { id: undefined } }), ['params.id', 'undefined']],
  ['a missing param', () => client().get('/jobs/{id}'), ['params.id', 'missing']],
  ['a param too many', () => client().get('/jobs', { params: { id: 1 } }), ['params.id', 'path']],
  ['a param that leads elsewhere', () => client().get('/jobs/{id}', { params: { id: '..' } }), ['params.id']],
  ['another origin', () => client().get('https://other.example.com/jobs'), ['path', 'origin']],
  ['no path', () => client().get(), ['path', 'undefined']],
  ['a body and JSON', () => client().post('/jobs', { json: {}, body: '' }), ['body', 'json']],
  ['an object as a body', () => client().post('/jobs', { body: { a: 1 } }), ['body', 'json']],
  ['a body of a GET', () => client().get('/jobs', { json: {} }), ['json', 'GET']],
  ['JSON with a circle', () => client().post('/jobs', { json: circle() }), ['json', 'circular']],
  ['a header of the connection', () => client().get('/jobs', { headers: { host: 'a' } }), ['headers.host']],
  ['a header with a line break', () => client().get('/jobs', { headers: { a: 'b\r\nc: d' } }), ['headers.a']],
  ['a signal that is none', () => client().get('/jobs', { signal: {} }), ['signal', 'AbortSignal']],
  ['an operation without a method', () => client().can('/jobs'), ['operation', 'GET /jobs/{id}']],
  [
    'a misspelt operation to authorize',
    () => app().authorizationUrl({ for: ['GET /job'] }),
    ['for[0]', 'did you mean `GET /jobs`'],
  ],
  [
    'an unknown operation to authorize',
    () => app().authorizationUrl({ for: ['GET /things/{id}'] }),
    ['for[0]', '`scopes`'],
  ],
  [
    'an operation without documented scopes',
    () => app().authorizationUrl({ for: ['POST /candidates/cv/parse'] }),
    ['for[0]', 'POST /candidates/cv/parse', '`scopes`'],
  ],
  [
    "an operation for partners' keys",
    () => app().authorizationUrl({ for: ['GET /feed/publications'] }),
    ['for[0]', 'GET /feed/publications', 'partner'],
  ],
  ['an unknown event', () => app().on('expire', () => {}), ['expire', 'expiring']],
  ['a listener that is none', () => app().on('expiring'), ['listener', 'function']],
  [
    'a session that lost its state',
    () => app().exchange('/callback?code=1&state=2', {}),
    ['state', 'session', 'begin again'],
  ],
  [
    'a callback of another login',
    () => app().exchange('/callback?code=1&state=2', { state: 'x'.repeat(43) }),
    ['state'],
  ],
  [
    'a callback without a code',
    () => app().exchange(`/callback?state=${'x'.repeat(43)}`, { state: 'x'.repeat(43) }),
    ['code'],
  ],
  [
    'a grant that there is not',
    () => client({ baseUrl: undefined, credential: app().grant('acme') }).get('/jobs'),
    ['acme', 'exchange()'],
  ],
  // -- answers
  [
    '404',
    async t =>
      (await answered(t, answers(404, '{"message":"Job not found"}'))).get('/jobs/{id}', { params: { id: '9f' } }),
    ['404', 'GET', '/jobs/9f', 'Job not found'],
  ],
  [
    '422',
    async t => (await answered(t, answers(422, UNPROCESSABLE))).post('/candidates', { json: {} }),
    ['422', 'POST', '/candidates', '/email', 'is required'],
  ],
  [
    '403 in HTML',
    async t => (await answered(t, answers(403, '<html>', { 'content-type': 'text/html' }))).get('/jobs'),
    ['403', 'GET', '/jobs', 'Forbidden', 'a role and an access group'],
  ],
  [
    '403 without the scope',
    async t => (await scoped(t, 'candidates_read')).patch('/candidates/{id}', { params: { id: 7 }, json: {} }),
    ['PATCH /candidates/{id} needs candidates_manage', 'has candidates_read', 'in SmartRecruiters'],
  ],
  [
    '403 without any of several scopes',
    async t => (await scoped(t, 'a b c d e f')).get('/webhooks-api/v201907/subscriptions'),
    ['webhooks_read or webhooks_manage', '6 others'],
  ],
  ['403 with the scope', async t => (await scoped(t, 'jobs_read')).get('/jobs'), ['role or access group']],
  [
    '403 of a bearer token',
    async t => (await scoped(t, '')).withCredential(new BearerToken('bearer-token')).get('/jobs'),
    ['GET /jobs needs jobs_read'],
  ],
  ['JSON that is none', async t => (await answered(t, answers(200, '{'))).get('/jobs'), ['JSON']],
  [
    'an answer that is too long',
    async t => (await answered(t, answers(200, '"123456789"'), { maxBodySize: 4 })).get('/jobs'),
    ['4 bytes', 'maxBodySize'],
  ],
  // -- the network
  [
    'a host that is not there',
    () => client({ baseUrl: 'https://no-such-host.invalid', retries: 0, proxy: false }).get('/jobs'),
    ['no-such-host.invalid', '443', 'ENOTFOUND', 'baseUrl'],
  ],
  [
    'nobody listens',
    async () => client({ baseUrl: `http://127.0.0.1:${await freePort()}`, retries: 0 }).get('/jobs'),
    ['127.0.0.1', 'ECONNREFUSED', 'baseUrl'],
  ],
  [
    'a proxy that is not there',
    async () =>
      client({
        baseUrl: 'https://api.example.com',
        proxy: `http://u:${SECRET}@127.0.0.1:${await freePort()}`,
        retries: 0,
      }).get('/jobs'),
    ['api.example.com:443', 'proxy http://127.0.0.1', 'ECONNREFUSED'],
  ],
  [
    'a proxy that refuses',
    t => refusedByProxy(t),
    ['api.example.com:443', 'proxy http://127.0.0.1', '407', 'Not you', 'password'],
  ],
  [
    'a connection that is reset',
    async t => (await spoken(t, socket => socket.once('data', () => socket.resetAndDestroy()))).get('/jobs'),
    ['127.0.0.1', 'ECONNRESET'],
  ],
  [
    'an answer that ends early',
    async t =>
      (
        await spoken(t, socket =>
          socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')),
        )
      ).get('/jobs'),
    ['127.0.0.1', 'before the answer was complete'],
  ],
  [
    'an answer that is no HTTP',
    async t => (await spoken(t, socket => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')))).get('/jobs'),
    ['127.0.0.1', 'not valid HTTP'],
  ],
  [
    'an answer that does not come',
    async t => (await spoken(t, () => {}, { timeout: 50 })).get('/jobs'),
    ['50 ms', '127.0.0.1', 'timeout'],
  ],
  [
    'TLS on a port in the clear',
    async t =>
      client({
        baseUrl: `https://127.0.0.1:${await listen(
          t,
          createTcpServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
        )}`,
        retries: 0,
      }).get('/jobs'),
    ['127.0.0.1', 'does not speak TLS'],
  ],
  [
    'an authority that is not trusted',
    async t => (await secure(t, {})).get('/jobs'),
    ['127.0.0.1', 'not a trusted authority', 'ca'],
  ],
  [
    'a certificate for another host',
    async t => (await secure(t, { names: ['other.example.com'] }, ca => ({ ca: ca.cert }))).get('/jobs'),
    ['127.0.0.1', 'other.example.com'],
  ],
  [
    'Redis that is not there',
    async t =>
      new RedisLimits({ url: `redis://127.0.0.1:${await freePort()}` }) &&
      storeFailure(t, new RedisStore({ url: `redis://127.0.0.1:${await freePort()}` })),
    ['127.0.0.1', 'store'],
  ],
  // -- tokens
  [
    'a client that is refused',
    async t => (await credentials(t, answers(401, '{"error":"invalid_client"}'))).get('/jobs'),
    ['invalid_client', 'clientId'],
  ],
  ['a token endpoint that is down', async t => (await credentials(t, answers(503, ''))).get('/jobs'), ['503']],
  [
    'a token endpoint that is not there',
    async () =>
      client({
        credential: new ClientCredentials({ clientId: 'a', clientSecret: SECRET }),
        baseUrl: `http://127.0.0.1:${await freePort()}`,
        retries: 0,
      }).get('/jobs'),
    ['127.0.0.1', 'ECONNREFUSED'],
  ],
]

const UNPROCESSABLE = JSON.stringify({
  message: 'Validation failed',
  errors: [
    { dataPath: '/email', message: 'is required' },
    { code: 'TOO_LONG', message: 'the name is too long' },
  ],
})

async function sqlite(t, encryptionKey) {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const folder = await mkdtemp(`${tmpdir()}/messages-`)
  t.after(() => rm(folder, { recursive: true }))
  return app({ store: new SqliteStore({ path: `${folder}/grants.db` }), encryptionKey })
}

function storeFailure(_, store) {
  return app({ store, encryptionKey: false }).exchange(`/callback?code=1&state=${'x'.repeat(43)}`, {
    state: 'x'.repeat(43),
  })
}

async function refusedByProxy(t) {
  const port = await listen(
    t,
    createTcpServer(socket => socket.once('data', () => socket.end('HTTP/1.1 407 Not you\r\n\r\n'))),
  )
  return client({ baseUrl: 'https://api.example.com', proxy: `http://127.0.0.1:${port}`, retries: 0 }).get('/jobs')
}

function circle() {
  const object = {}
  object.self = object
  return object
}

/** The lines of the snapshot. */
const messages = []
let expected = []

before(async () => {
  expected = (await readFile(SNAPSHOT, 'utf8').catch(() => '')).split('\n')
})

after(async () => {
  if (process.env.UPDATE_SNAPSHOTS === '1') await writeFile(SNAPSHOT, `${messages.join('\n')}\n`)
})

for (const [what, act, names] of TABLE) {
  test(`the message for ${what} names what is wrong, where, and what to do`, async t => {
    const error = await failure((async () => act(t))())
    for (const name of names) assert.ok(error.message.includes(name), `it does not name ${name}: ${error.message}`)
    for (const secret of [KEY, SECRET]) assert.ok(!error.message.includes(secret))
    // Rust's own words: a path of modules, a variant with its fields, a number of the system.
    assert.doesNotMatch(error.message, /\w::\w|\bOs \{|os error|Some\(|None\b|Error\(/)
    const line = `${what} -> ${error.message}`.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    messages.push(line)
    if (process.env.UPDATE_SNAPSHOTS !== '1') assert.ok(expected.includes(line), `the snapshot lacks: ${line}`)
  })
}

test('the snapshot has no message that nothing produces', t => {
  if (process.env.UPDATE_SNAPSHOTS === '1') return t.skip('it is being written')
  assert.deepEqual(
    expected.filter(line => line !== ''),
    messages,
  )
})
