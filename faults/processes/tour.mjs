// Uses everything that the package can do, step by step, each whatever became of the one before. Prints what came of each
// step. A checker watches the addon meanwhile: then only steps that begin with `failing` may fail. Or one of the addon's
// functions panics: then any step may fail, but none may hang.

import { channel, tracingChannel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { startSandbox } from 'smartrecruiters-sandbox'
import { MapStore } from '../../__test__/support/map-store.mjs'

/** How long a step may take until it counts as one that never ends, in milliseconds. */
const { patience = 60_000 } = JSON.parse(process.argv[2] ?? '{}')
const KEY = '5a'.repeat(32)

const outcomes = {}
process.on('uncaughtException', error => {
  outcomes.uncaught = String(error)
})
process.on('unhandledRejection', error => {
  outcomes.unhandled = String(error)
})

async function step(name, work) {
  let timer
  const never = new Promise(resolve => {
    timer = setTimeout(resolve, patience, 'never ends')
  })
  const done = (async () => {
    try {
      await work()
      return 'ok'
    } catch (error) {
      return error instanceof Error ? 'error' : 'not an error'
    }
  })()
  outcomes[name] = await Promise.race([done, never])
  clearTimeout(timer)
  // A step that failed early has left its fault behind.
  sandbox.clearFaults()
}

const sandbox = await startSandbox({ limits: false, jobs: 30, candidates: 1, data: { subscriptions: [] } })
const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
const { baseUrl, apiKey } = sandbox
const pick = ({ clientId, clientSecret }) => ({ clientId, clientSecret })
const appOptions = { ...pick(sandbox.app), redirectUri: sandbox.app.redirectUris[0], baseUrl }

let api
await step('load', async () => {
  api = await import('smartrecruiters')
})
if (api !== undefined) await tour()
await sandbox.close()
await rm(folder, { recursive: true, force: true })
console.log(JSON.stringify(outcomes))
process.exit(0)

async function tour() {
  const { ApiKey, BearerToken, ClientCredentials, OAuthApp, PartnerApp, RedisLimits, SmartRecruiters, Webhooks } = api
  const { MemoryStore, PostgresStore, RedisStore, SqliteStore } = api
  const { toNodeHandler } = await import('smartrecruiters/web')

  let sr
  await step('client', () => {
    sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: { queue: 100 } })
  })
  await step('client without options', () => {
    sr ??= new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl })
  })
  await step('call', () => sr.get('/jobs', { query: { limit: 1 } }))
  await step('URL of a response', async () => (await sr.get('/jobs').asResponse()).url)
  await step('error', () => sr.get('/jobs/{id}', { params: { id: 'none' } }).catch(error => error.message.length))
  await step('bearer token', () =>
    new SmartRecruiters({ credential: new BearerToken('t'), baseUrl }).get('/jobs').catch(() => {}),
  )
  await step('large body', async () => {
    const response = await sr.fetch('/payload/3000000')
    for await (const _ of response.body);
  })
  await step('body left', async () => (await sr.fetch('/payload/3000000')).body.cancel())
  await step('upload', () => sr.fetch('/payload/20', { method: 'POST', body: stream(), duplex: 'half' }))
  await step('upload whose source fails', () =>
    sr.fetch('/payload/20', { method: 'POST', body: stream(new Error('source')), duplex: 'half' }).catch(() => {}),
  )
  await step('upload that is stopped', async () => {
    sandbox.fault({ kind: 'hold', path: '/payload/20' })
    const arrived = sandbox.nextRequest(({ path }) => path === '/payload/20')
    const controller = new AbortController()
    const { signal } = controller
    const body = new ReadableStream({ start: parts => parts.enqueue(new Uint8Array(100_000)) })
    const call = sr.fetch('/payload/20', { method: 'POST', body, duplex: 'half', signal }).catch(() => {})
    await Promise.race([arrived, call])
    controller.abort()
    await call
  })
  await step('abort', async () => {
    sandbox.fault({ kind: 'hold', path: '/jobs' })
    const arrived = sandbox.nextRequest(({ path }) => path === '/jobs')
    const controller = new AbortController()
    const call = sr.get('/jobs', { signal: controller.signal }).catch(() => {})
    await Promise.race([arrived, call])
    controller.abort()
    await call
  })
  await step('calls at once', () => Promise.all(Array.from({ length: 5 }, () => sr.get('/payload/20'))))
  await step('list', async () => {
    const pages = sr.paginate('/jobs', { query: { limit: 10 } })
    for await (const _ of pages) {
      pages.progress
      if (pages.cursor) break
    }
    for await (const page of sr.paginate('/jobs').pages()) page.cursor
  })
  await step('observed calls', async () => {
    const tracing = tracingChannel('smartrecruiters:call')
    const listeners = { start() {} }
    tracing.subscribe(listeners)
    channel('smartrecruiters:token').subscribe(listeners.start)
    try {
      await sr.get('/jobs')
      for await (const _ of sr.paginate('/jobs', { query: { limit: 10 } }));
    } finally {
      channel('smartrecruiters:token').unsubscribe(listeners.start)
      await sr.get('/jobs').finally(() => tracing.unsubscribe(listeners))
    }
  })
  await step('limits', () => sr.limits())
  await step('shared limits', () => new RedisLimits({ url: 'redis://127.0.0.1:1' }))
  let clientCredentials
  await step('client credentials', async () => {
    const credential = new ClientCredentials(pick(sandbox.client))
    credential.on('tokenFailed', () => {})
    clientCredentials = sr.withCredential(credential)
    await clientCredentials.get('/jobs')
  })
  await step('token', () => clientCredentials.token())
  await step('can', () => clientCredentials.can('GET /jobs'))

  for (const [name, open] of Object.entries({
    memory: () => new MemoryStore(),
    sqlite: () => new SqliteStore({ path: join(folder, 'grants.sqlite') }),
    custom: () => Object.assign(new MapStore(), { remove: () => true }),
    failing: () => Object.assign(new MapStore(), { load: () => Promise.reject(new Error('down')) }),
  })) {
    let app
    await step(`${name}: app`, () => {
      app = new OAuthApp({ ...appOptions, store: open(), encryptionKey: KEY })
      app.on('renewed', () => {})
    })
    await step(`${name}: exchange`, async () => {
      const { url, state } = app.authorizationUrl()
      await app.exchange(await sandbox.consentTo(url), { state, id: 'customer' })
    })
    await step(`${name}: exchange for whom it is`, async () => {
      const { url, state } = app.authorizationUrl()
      await app.exchange(await sandbox.consentTo(url), { state, id: async () => 'another' })
    })
    await step(`${name}: use`, () => new SmartRecruiters({ credential: app.grant('customer') }).get('/jobs'))
    await step(`${name}: renew`, () => {
      sandbox.expireAccessTokens()
      return new SmartRecruiters({ credential: app.grant('customer') }).get('/jobs')
    })
    await step(`${name}: annotate`, () => app.annotate('customer', { team: 'a' }))
    await step(`${name}: list`, async () => {
      for await (const _ of app.grants());
    })
    await step(`${name}: keep alive`, () => app.keepAlive({ idle: 0 }))
    await step(`${name}: rekey`, () => app.rekey())
    await step(`${name}: move`, async () => app.import({ sealed: await app.export('customer') }))
    await step(`${name}: import`, () => app.import({ id: 'imported', refreshToken: 'refresh-token' }))
    await step(`${name}: forget`, () => app.forget('imported'))
    await step(`${name}: settled`, () => app.settled())
    await step(
      `${name}: background`,
      () => new OAuthApp({ ...appOptions, store: open(), encryptionKey: KEY, keepAlive: true }),
    )
  }
  await step('redis', () => new RedisStore({ url: 'redis://127.0.0.1:1' }).warnings().catch(() => {}))
  await step('postgres', () => new PostgresStore({ url: 'postgres://user@127.0.0.1:1/db' }).warnings().catch(() => {}))

  let partner
  await step('partner', async () => {
    const store = Object.assign(new MapStore(), { remove: () => true })
    partner = new PartnerApp({ ...pick(sandbox.partner), baseUrl, store, encryptionKey: KEY })
    await partner.connect('acme')
  })
  await step('customer', () => new SmartRecruiters({ credential: partner.customer('acme') }).get('/payload/20'))
  await step('customers', async () => {
    for await (const _ of partner.customers());
  })
  await step('import a customer', () => partner.import({ companyId: 'beta', ...pick(sandbox.client) }))
  await step('disconnect', () => partner.disconnect('acme'))

  let webhooks
  let handler
  let reported
  await step('webhooks', () => {
    webhooks = new Webhooks({
      secrets: 'secret-of-the-subscription',
      store: new MapStore(),
      client: sr,
      onError: error => reported?.(error),
    })
    handler = webhooks.handler()
  })
  const deliver = async (name, more) => {
    const { headers, body } = webhooks.sign({ name, payload: { id: '1' }, ...more })
    return handler(new Request('https://app.example.com/webhooks', { method: 'POST', headers, body }))
  }
  await step('verify', () => {
    const { headers, body } = webhooks.sign({ name: 'job.created', payload: { id: '1' } })
    webhooks.verify(headers, body)
  })
  await step('refuse a request', () =>
    handler(new Request('https://app.example.com/webhooks', { method: 'POST', body: '{}' })),
  )
  const handle = async (name, listener) => {
    // An event that no listener gets is reported.
    const handled = new Promise(resolve => {
      reported = resolve
      webhooks.on(name, () => {
        resolve()
        listener()
      })
    })
    await Promise.all([deliver(name), handled])
  }
  await step('event', () => handle('job.created', () => {}))
  await step('event that fails', () =>
    handle('job.updated', () => {
      throw new Error('listener')
    }),
  )
  await step('dead letters', async () => {
    for await (const _ of webhooks.deadLetters());
  })
  await step('repeat', () => webhooks.repeat('none'))
  await step('drop', () => webhooks.drop('none'))
  await step('depth', () => webhooks.depth())
  await step('malformed handshake', () =>
    handler(new Request('https://app.example.com/webhooks', { method: 'POST', headers: { 'x-hook-secret': 'a b' } })),
  )
  await step('subscribe, replay and unsubscribe', async () => {
    const receiver = new Webhooks({
      client: sr,
      store: new MapStore(),
      callbackAuthentication: { type: 'header', headerName: 'x-key', headerValue: 'k'.repeat(20) },
      onError: () => {},
    })
    const server = createServer(toNodeHandler(receiver.handler())).listen(0)
    await once(server, 'listening')
    const url = `http://127.0.0.1:${server.address().port}/webhooks`
    const { id } = await receiver.subscribe({ url, events: ['job.created'] })
    await sandbox.emit('job.created', {})
    await receiver.replay({ since: new Date(0), url })
    await receiver.unsubscribe(id)
    await receiver.close()
    server.close()
  })
  await step('token of the receiver', () => {
    const receiver = new Webhooks({
      secrets: 's'.repeat(20),
      callbackAuthentication: {
        type: 'oauth2',
        clientId: 'a',
        clientSecret: 'b'.repeat(20),
        tokenServiceUrl: 'https://app.example.com/token',
      },
    })
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'a',
      client_secret: 'b'.repeat(20),
    })
    return receiver.tokenHandler()(new Request('https://app.example.com/token', { method: 'POST', body }))
  })
  await step('close webhooks', () => webhooks.close())
  await step('deprecated operation', () => sr.get('/jobs/{id}/publication', { params: { id: '1' } }).catch(() => {}))
  await step('close', () => sr.close())
  await step('settled', () => sr.settled())
  await step('end of the process during an exchange', async () => {
    sandbox.fault({ kind: 'hold', path: '/identity/oauth/token' })
    const arrived = sandbox.nextRequest(({ path }) => path === '/identity/oauth/token')
    const app = new OAuthApp({ ...appOptions, store: new MemoryStore() })
    const imported = app.import({ id: 'customer', refreshToken: 'refresh-token' })
    const call = imported.then(grant => new SmartRecruiters({ credential: grant }).get('/jobs')).catch(() => {})
    await Promise.race([arrived, call])
    process.emit('beforeExit')
    sandbox.clearFaults()
    await call
    await nextTurn()
  })
}

function stream(error) {
  let parts = 3
  return new ReadableStream({
    pull(controller) {
      if (parts-- > 0) controller.enqueue(new Uint8Array(100_000))
      else if (error) controller.error(error)
      else controller.close()
    },
  })
}
