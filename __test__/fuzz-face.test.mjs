// The public face with generated arguments: each call does its work, or is refused with an error that has a code and
// quotes no secret.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  ApiKey,
  BearerToken,
  ClientCredentials,
  MemoryStore,
  OAuthApp,
  PartnerApp,
  PostgresStore,
  RedisLimits,
  RedisStore,
  SmartRecruiters,
  SmartRecruitersError,
  SqliteStore,
  Webhooks,
} from 'smartrecruiters'
import { always, anything, hostile, mostly, number, OWN_ERROR, options, text } from './support/generated-values.mjs'

const { FUZZ_SEED: seed = '1', FUZZ_PATH: path, FUZZ_INPUTS: inputs = '100000' } = process.env
const { array, constantFrom, oneof, record, tuple } = fc

/** What is in each secret, and so in no error. */
const CANARY = 'canary-secret'
const secret = always(
  oneof(
    constantFrom(
      CANARY,
      `${CANARY}\n`,
      ` ${CANARY} `,
      `${CANARY}\0`,
      `é${CANARY}`,
      `${CANARY}\ud800`,
      CANARY.repeat(500),
    ),
    fc.string({ maxLength: 10, unit: 'binary' }).map(rest => CANARY + rest),
  ),
)
/** A secret in something that is none. */
const misplaced = constantFrom(
  () => [CANARY],
  () => ({ value: CANARY }),
  () => new String(CANARY),
  () => Buffer.from(CANARY),
  () => new Map([[CANARY, CANARY]]),
  () => new Error(CANARY),
  () => Symbol(CANARY),
  () => new URL(`http://user:${CANARY}@127.0.0.1:9/`),
  () => ({ toString: () => CANARY }),
)
const secretOrNot = mostly(secret, oneof(misplaced, anything))
const encryptionKey = oneof(
  secretOrNot,
  always(constantFrom(false, '01'.repeat(32), ['01'.repeat(32), '02'.repeat(32)])),
  always(fc.uint8Array({ minLength: 31, maxLength: 33 })),
  array(secretOrNot, { maxLength: 3 }).map(makers => () => makers.map(make => make())),
)

const is = value => () => value
const known = (...values) => always(constantFrom(...values))
const texts = always(text)
const listOf = inner => array(inner, { maxLength: 4 }).map(makers => () => makers.map(make => make()))
const dictionary = inner => {
  return array(tuple(oneof(text, constantFrom('id', 'limit', 'x-header')), inner), { maxLength: 4 }).map(
    pairs => () => {
      return Object.fromEntries(pairs.map(([name, make]) => [name, make()]))
    },
  )
}
const scalar = oneof(texts, always(number), always(fc.boolean()))
const millis = oneof(known(1, 50, 1000, 60_000), always(number))
const id = oneof(known('acme', 'customer:a', 'event:a'), texts)
const signal = constantFrom(
  () => new AbortController().signal,
  () => AbortSignal.abort(),
  () => AbortSignal.abort('a reason'),
)
const time = oneof(
  always(number),
  known(Date.now()),
  constantFrom(
    () => new Date(Number.NaN),
    () => new Date(),
  ),
)

/** What there is to call, once there is a server that answers: by name, its arguments, and the call itself. */
function usesOf(baseUrl) {
  const tokenUrl = `${baseUrl}/token`
  const url = oneof(known(baseUrl, `${baseUrl}/`, 'http://[::1', 'ftp://localhost', 'http://api.example.com'), texts)
  const connection = {
    connectTimeout: millis,
    proxy: known(false),
    ca: oneof(known('system'), texts),
    cert: oneof(known('-----BEGIN CERTIFICATE-----'), texts),
    key: secretOrNot,
  }
  const client = { clientId: is('client'), clientSecret: is(CANARY) }
  const registration = {
    clientId: id,
    clientSecret: secretOrNot,
    ...connection,
    baseUrl: url,
    tokenUrl: url,
    encryptionKey,
    store: store(),
  }

  const sr = new SmartRecruiters({ credential: new ApiKey(CANARY), baseUrl, retries: 0, limits: false })
  const own = { clientId: 'client', clientSecret: CANARY, baseUrl, tokenUrl, encryptionKey: '01'.repeat(32) }
  const app = new OAuthApp({ ...own, redirectUri: 'http://localhost/callback', authorizeUrl: `${baseUrl}/authorize` })
  const partner = new PartnerApp({ ...own, store: new MemoryStore() })
  const webhooks = new Webhooks({ secrets: CANARY })
  const signed = webhooks.sign({ name: 'job.created', payload: '{}' })

  const path = oneof(
    known(
      '/jobs',
      '/jobs/{id}',
      '/jobs?limit=1',
      `${baseUrl}/jobs`,
      '//127.0.0.1/x',
      '/jobs/../x',
      '/{a}/{b}',
      '/jobs#x',
    ),
    texts.map(make => () => `/${make()}`),
    texts,
  )
  const request = options({
    params: dictionary(scalar),
    query: dictionary(oneof(scalar, listOf(scalar))),
    headers: dictionary(texts),
    json: anything,
    body: oneof(texts, always(fc.uint8Array({ maxLength: 20 })), hostile),
    form: oneof(
      constantFrom(() => new FormData()),
      hostile,
    ),
    idempotent: always(fc.boolean()),
    priority: known('batch', 'interactive', 'Batch'),
    timeout: millis,
    signal,
  })
  const callback = oneof(
    known('/callback?code=a&state=s', '/callback?error=access_denied&state=s', 'http://localhost/callback?state=s'),
    texts.map(make => () => `/callback?code=${CANARY}&state=${make()}`),
    texts,
  )
  const headers = dictionary(texts).map(make => () => ({ 'event-name': 'a', 'event-id': '1', ...Object(make()) }))
  const listed = async iterable => {
    for await (const _ of iterable) break
  }

  return [
    ['ApiKey', [secretOrNot], key => new ApiKey(key)],
    ['BearerToken', [secretOrNot], token => new BearerToken(token)],
    [
      'ClientCredentials',
      [
        options(
          {
            clientId: id,
            clientSecret: secretOrNot,
            tokenUrl: url,
            clientAuth: known('body', 'basic', 'x'),
            encryptionKey,
            store: store(),
          },
          { clientId: is('client'), clientSecret: is(CANARY) },
        ),
      ],
      given => new ClientCredentials(given),
    ],
    [
      'SmartRecruiters',
      [
        options(
          {
            credential: constantFrom(
              () => new ApiKey(CANARY),
              () => app.grant('acme'),
            ),
            environment: known('production', 'sandbox', 'other'),
            baseUrl: url,
            timeout: millis,
            retries: always(number),
            maxBodySize: always(number),
            limits: oneof(
              known(false),
              options({ queue: always(number), concurrent: always(number), endpoints: anything }),
            ),
            logger: anything,
            logLevel: known('info', 'trace'),
            telemetry: anything,
            ...connection,
          },
          { credential: () => new ApiKey(CANARY) },
        ),
      ],
      given => new SmartRecruiters(given),
    ],
    [
      'OAuthApp',
      [
        options(
          {
            ...registration,
            redirectUri: oneof(known('http://localhost/callback'), url),
            scopes: listOf(texts),
            authorizeUrl: url,
            pkce: always(fc.boolean()),
            issuer: texts,
            keepAlive: known(false),
          },
          { ...client, redirectUri: is('http://localhost/callback') },
        ),
      ],
      given => new OAuthApp(given),
    ],
    [
      'PartnerApp',
      [options(registration, { ...client, store: () => new MemoryStore() })],
      given => new PartnerApp(given),
    ],
    [
      'Webhooks',
      [
        options({
          secrets: oneof(secretOrNot, listOf(secretOrNot)),
          encryptionKey,
          store: store(),
          name: texts,
          concurrency: always(number),
          attempts: always(number),
          timeout: millis,
          tolerance: options({ past: millis, future: millis }),
          callbackAuthentication: options({
            type: known('basic', 'header', 'oauth2'),
            username: texts,
            password: secretOrNot,
            headerName: known('x-key', 'key'),
            headerValue: secretOrNot,
            clientId: id,
            clientSecret: secretOrNot,
            tokenServiceUrl: url,
          }),
          handshake: always(fc.boolean()),
          onError: anything,
        }),
      ],
      given => new Webhooks(given),
    ],
    [
      'SqliteStore',
      [options({ path: texts, create: known(false), namespace: id }, { path: is('never-made.sqlite') })],
      given => new SqliteStore(given),
    ],
    [
      'RedisStore',
      [
        options(
          { url: oneof(secretUrl('redis'), texts), namespace: id, ca: texts },
          { url: is('redis://127.0.0.1:9') },
        ),
      ],
      given => new RedisStore(given),
    ],
    [
      'PostgresStore',
      [
        options(
          { url: oneof(secretUrl('postgres'), texts), namespace: id, ca: texts, connections: always(number) },
          { url: is('postgres://127.0.0.1:9/a') },
        ),
      ],
      given => new PostgresStore(given),
    ],
    [
      'RedisLimits',
      [options({ url: oneof(secretUrl('redis'), texts), ca: texts }, { url: is('redis://127.0.0.1:9') })],
      given => new RedisLimits(given),
    ],
    ['get', [path, request], (...given) => sr.get(...given)],
    ['post', [path, request], (...given) => sr.post(...given)],
    [
      'request',
      [known('GET', 'put', 'DELETE', 'PURGE', 'GE T', ''), path, request],
      (...given) => sr.request(...given),
    ],
    ['asResponse', [path, request], (...given) => sr.get(...given).asResponse()],
    ['fetch', [path, oneof(request, anything)], (...given) => sr.fetch(...given)],
    [
      'paginate',
      [
        path,
        options({
          query: dictionary(scalar),
          from: oneof(texts, known('eyJ2IjoxfQ')),
          prefetch: always(number),
          timeout: millis,
          signal,
        }),
      ],
      (...given) => listed(sr.paginate(...given)),
    ],
    ['can', [oneof(known('GET /jobs', 'GET /jobs/{id}', 'PATCH /x'), texts)], (...given) => sr.can(...given)],
    ['token', [options({ timeout: millis, signal })], given => sr.token(given)],
    [
      'withCredential',
      [
        oneof(
          constantFrom(() => new ApiKey(CANARY)),
          anything,
        ),
      ],
      given => sr.withCredential(given),
    ],
    [
      'authorizationUrl',
      [options({ scopes: listOf(texts), for: listOf(texts) })],
      given => app.authorizationUrl(given),
    ],
    [
      'exchange',
      [callback, options({ state: oneof(known('s'), texts), id, metadata: dictionary(texts) }, { state: is('s') })],
      (...given) => app.exchange(...given),
    ],
    [
      'import of a grant',
      [
        oneof(
          options(
            {
              id,
              refreshToken: secretOrNot,
              accessToken: secretOrNot,
              scopes: listOf(texts),
              metadata: dictionary(texts),
              refreshTokenIssuedAt: time,
              accessTokenExpiresAt: time,
            },
            { id: is('acme'), refreshToken: is(CANARY) },
          ),
          options({
            sealed: oneof(
              secretOrNot,
              texts.map(make => () => `smartrecruiters-grant-1.${make()}`),
            ),
          }),
        ),
      ],
      given => app.import(given),
    ],
    ['grant', [id], given => app.grant(given)],
    ['annotate', [id, dictionary(texts)], (...given) => app.annotate(...given)],
    ['export', [id], given => app.export(given)],
    ['forget', [id], given => app.forget(given)],
    [
      'grants',
      [options({ state: known('active', 'ended'), metadata: dictionary(texts) })],
      given => listed(app.grants(given)),
    ],
    ['customer', [id], given => partner.customer(given)],
    [
      'import of a customer',
      [options({ companyId: id, clientId: id, clientSecret: secretOrNot }, { companyId: is('acme'), ...client })],
      given => partner.import(given),
    ],
    ['disconnect', [id], given => partner.disconnect(given)],
    [
      'verify',
      [
        oneof(
          headers,
          constantFrom(() => signed.headers),
        ),
        oneof(texts, known(signed.body)),
      ],
      (...given) => webhooks.verify(...given),
    ],
    [
      'sign',
      [
        options(
          { name: texts, payload: anything, id, version: texts, link: texts, timestamp: time },
          { name: is('job.created'), payload: is({}) },
        ),
      ],
      given => webhooks.sign(given),
    ],
    [
      'handler',
      [
        record({ headers, body: texts }).map(
          ({ headers, body }) =>
            () =>
              requestOf(headers(), body()),
        ),
      ],
      given => webhooks.handler()(given),
    ],
    ['repeat', [id], given => webhooks.repeat(given)],
    ['deadLetters', [], () => listed(webhooks.deadLetters())],
  ]
}

function store() {
  return constantFrom(
    () => new MemoryStore(),
    () => ({ load: async () => undefined, swap: async () => true, due: async () => [] }),
    () => ({ load: 7 }),
  )
}

function secretUrl(scheme) {
  return texts.map(make => () => `${scheme}://user:${CANARY}@127.0.0.1:9/${make()}`)
}

function requestOf(headers, body) {
  const request = new Request('http://localhost/webhooks', { method: 'POST', body })
  for (const [name, value] of Object.entries(headers)) {
    try {
      request.headers.set(name, value)
    } catch {
      // The platform takes no such header.
    }
  }
  return request
}

/** A refusal is one of this package, or the platform's own where it is documented, and quotes no secret. */
function checkRefusal(name, error) {
  // As the platform's `fetch`, which also passes on what a getter of its options throws.
  if (name === 'fetch' && (error instanceof TypeError || error?.message === OWN_ERROR)) return checkSilent(error)
  // A call that was aborted rejects with the reason of its signal.
  if (error === 'a reason' || error?.name === 'AbortError') return
  assert.ok(error instanceof SmartRecruitersError, `${name} failed with ${inspect(error)}`)
  assert.match(error.code, /^[A-Z_]+$/)
  assert.notEqual(error.code, 'INTERNAL', inspect(error))
  assert.ok(error.message.length > 10, error.message)
  checkSilent(error)
}

function checkSilent(error) {
  for (let each = error; each instanceof Error; each = each.cause) {
    assert.ok(!`${each.message}\n${JSON.stringify(each)}`.includes(CANARY), inspect(each))
  }
}

/** A server passes nothing but requests to its handlers; all else has to be expected in place of any argument. */
function argumentsOf([name, values]) {
  return name === 'handler' ? values : values.map(value => mostly(value))
}

/** Some values cannot be printed, since their getters throw. */
function described(values) {
  try {
    return inspect(values, { depth: 5 })
  } catch {
    return 'values that cannot be printed'
  }
}

test(`${inputs} generated uses of the public face are taken, or refused with a code and no secret`, async t => {
  const server = createServer((request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json')
    const tokens = '{"access_token":"access","refresh_token":"refresh"}'
    response.end(request.url === '/token' ? tokens : '{"content":[{"id":"1"}],"totalFound":1}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  const baseUrl = `http://127.0.0.1:${server.address().port}`
  const uses = usesOf(baseUrl)
  const counts = new Map(uses.map(([name]) => [name, { taken: 0, refused: 0 }]))
  const generated = fc.nat(uses.length - 1).chain(at => tuple(fc.constant(at), tuple(...argumentsOf(uses[at]))))
  const property = fc.asyncProperty(generated, async ([at, makers]) => {
    const [name, , use] = uses[at]
    const values = makers.map(make => make())
    const count = counts.get(name)
    try {
      await use(...values)
      count.taken++
    } catch (error) {
      count.refused++
      checkRefusal(name, error)
    }
  })
  const details = await fc.check(property, {
    numRuns: Number(inputs),
    seed: Number(seed),
    includeErrorInReport: true,
    ...(path !== undefined && { path }),
  })
  if (details.failed) {
    const variables = `FUZZ_SEED=${details.seed} FUZZ_PATH=${details.counterexamplePath}`
    const [[at, makers]] = details.counterexample
    const values = described(makers.map(make => make()))
    const command = `${variables} node --test __test__/fuzz-face.test.mjs`
    throw new Error(`${uses[at][0]} of ${values}\n${fc.defaultReportMessage(details)}\n\nTo repeat it: ${command}`)
  }
  for (const [name, { taken, refused }] of counts) {
    assert.ok(taken > 0, `${name} was never taken`)
    assert.ok(refused > 0 || name === 'deadLetters' || name === 'handler', `${name} was never refused`)
  }
  // The process still does its work.
  const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl })
  assert.deepEqual(await sr.paginate('/jobs').toArray(), [{ id: '1' }])
  t.diagnostic(JSON.stringify(Object.fromEntries(counts)))
})
