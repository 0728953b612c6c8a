// Uses everything that the package can do, step by step, each whatever became of the one before. Prints what came of each
// step. Only those that begin with `failing` may fail. A checker watches the addon meanwhile.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toNodeHandler } from 'smartrecruiters/web'
import { startSandbox } from 'smartrecruiters-sandbox'
import { MapStore } from '../../__test__/support/map-store.mjs'

/** How long a step may take until it counts as one that never ends, in milliseconds. */
const PATIENCE = 60_000
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
    timer = setTimeout(resolve, PATIENCE, 'never ends')
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
  await step('abort', async () => {
    const hold = sandbox.fault({ kind: 'hold', path: '/jobs' })
    const arrived = sandbox.nextRequest(({ path }) => path === '/jobs')
    const controller = new AbortController()
    const call = sr.get('/jobs', { signal: controller.signal }).catch(() => {})
    await arrived
    controller.abort()
    await call
    hold.clear()
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
  await step('limits', () => sr.limits())
  await step('shared limits', () => new RedisLimits({ url: 'redis://127.0.0.1:1' }))
  let clientCredentials
  await step('client credentials', async () => {
    clientCredentials = sr.withCredential(new ClientCredentials(pick(sandbox.client)))
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
    partner = new PartnerApp({ ...pick(sandbox.partner), baseUrl, store: new MemoryStore(), encryptionKey: KEY })
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
  await step('webhooks', () => {
    webhooks = new Webhooks({
      secrets: 'secret-of-the-subscription',
      store: new MapStore(),
      client: sr,
      onError: () => {},
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
  await step('event', async () => {
    const handled = new Promise(resolve => webhooks.on('job.created', resolve))
    await deliver('job.created')
    await handled
  })
  await step('event that fails', async () => {
    const handled = new Promise(resolve =>
      webhooks.on('job.updated', () => {
        resolve()
        throw new Error('listener')
      }),
    )
    await deliver('job.updated')
    await handled
  })
  await step('dead letters', async () => {
    for await (const _ of webhooks.deadLetters());
  })
  await step('repeat', () => webhooks.repeat('none'))
  await step('drop', () => webhooks.drop('none'))
  await step('subscribe, replay and unsubscribe', async () => {
    const receiver = new Webhooks({ client: sr, store: new MapStore(), onError: () => {} })
    const server = createServer(toNodeHandler(receiver.handler())).listen(0)
    await once(server, 'listening')
    const url = `http://127.0.0.1:${server.address().port}/webhooks`
    const { id } = await receiver.subscribe({ url, events: ['job.created'] })
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
