import { type AddressInfo, isIPv6 } from 'node:net'
import { Clock } from './clock.js'
import { CounterBook } from './counters.js'
import { Gate } from './gate.js'
import { Limiter } from './limits.js'
import { consentAt, pressButton } from './oauth/consent.js'
import { resolveOptions, type SandboxOptions } from './options.js'
import type { RouteHandler } from './own-routes.js'
import type { Sandbox } from './sandbox.js'
import { buildServer } from './server.js'
import { Applications } from './state/applications.js'
import { Attachments } from './state/attachments.js'
import { Credentials, PARTNER_SCOPES } from './state/credentials.js'
import { Data } from './state/data.js'
import { identify } from './state/identity.js'
import { Tokens } from './state/tokens.js'
import { storageRoutes } from './storage.js'
import { defaultLink } from './webhooks/default-link.js'
import { WebhookSender } from './webhooks/sender.js'
import type { World } from './world.js'

const REDIRECT_URIS = [
  'http://localhost:3000/callback',
  'http://127.0.0.1:3000/callback',
  'https://app.example.com/oauth/callback',
  'http://localhost:3000/auth/callback',
  'http://127.0.0.1:3000/auth/callback',
]

/**
 * Starts a sandbox, by default on free ports of the loopback interface. Rejects with a TypeError that names a wrong
 * option.
 *
 * @example
 * ```ts
 * await using sandbox = await startSandbox({ accessTokenLifetime: 60 })
 * const answer = await fetch(`${sandbox.baseUrl}/jobs?sort=job_id`, { headers: { 'x-smarttoken': sandbox.apiKey } })
 * ```
 */
export async function startSandbox(options?: SandboxOptions): Promise<Sandbox> {
  const world = createWorld(options)
  const { host, port } = world.options
  const { credentials, gate, counters, tokens } = world
  const apiKey = credentials.addApiKey({}, 'apiKey')
  const partnerApiKey = credentials.addPartnerApiKey('partnerApiKey')
  const client = credentials.addClient({}, 'client')
  const app = credentials.addClient({ redirectUris: [...REDIRECT_URIS, ...world.options.redirectUris] }, 'app')
  const partner = credentials.addClient({ scopes: PARTNER_SCOPES }, 'partner')

  const storage = gate.storageServer(storageRoutes(world.attachments))
  const api = await buildServer(world, () => sandbox)
  try {
    await api.listen({ host, port })
    await new Promise<void>((resolve, reject) => {
      storage.once('error', reject)
      storage.listen(0, host, resolve)
    })
  } catch (error) {
    await api.close()
    throw error
  }
  world.origins.api = originOf(host, api.server.address())
  world.origins.storage = originOf(host, storage.address())

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      storage.close()
      const closed = api.close()
      gate.close()
      await closed
    })()
    return closing
  }

  const { api: baseUrl, storage: foreignUrl } = world.origins
  const authorizeUrl = `${baseUrl}/identity/oauth/allow`
  const sandbox: Sandbox = {
    baseUrl,
    authorizeUrl,
    tokenUrl: `${baseUrl}/identity/oauth/token`,
    foreignUrl,
    apiKey: apiKey.apiKey,
    partnerApiKey: partnerApiKey.apiKey,
    client,
    app,
    partner,
    addApiKey: given => credentials.addApiKey(given),
    addClient: given => credentials.addClient(given),
    credentials: () => credentials.list(),
    consent: given => consentAt(authorizeUrl, given),
    consentTo: (url, given) => pressButton(url, given?.deny),
    issueGrants: count => {
      if (!Number.isInteger(count) || count < 1) throw new TypeError('"count" must be a whole number above 0')
      return Array.from({ length: count }, () => tokens.issueGrant(app))
    },
    expireAccessTokens: label => tokens.expireAccessTokens(label),
    advanceTime: seconds => world.clock.advance(seconds),
    emit: (name, payload, given) => {
      const link = given?.link === undefined ? defaultLink(world, name, payload) : given.link
      return world.webhooks.emit(name, payload, { ...given, link })
    },
    repeatWebhooks: () => world.webhooks.repeat(),
    resetIntegration: companyId => {
      if (!world.integrated.delete(companyId)) throw new TypeError(`"${companyId}" is not integrated`)
    },
    counters: () => counters.snapshot(),
    exchanges: () => gate.exchanges.list(),
    resetCounters: () => {
      counters.reset()
      gate.exchanges.clear()
      gate.arrivals.clear()
    },
    fault: spec => gate.faults.add(spec),
    faults: () => gate.faults.list(),
    clearFaults: () => gate.faults.clear(),
    route: (method, path, handler) => gate.endpoints.add(method, path, handler as RouteHandler),
    requests: () => gate.arrivals.list(),
    nextRequest: predicate => gate.arrivals.next(predicate),
    close,
    [Symbol.asyncDispose]: close,
  }
  return sandbox
}

function createWorld(given: SandboxOptions | undefined): World {
  const options = resolveOptions(given)
  const clock = new Clock()
  const counters = new CounterBook()
  const credentials = new Credentials()
  const tokens = new Tokens(options, clock)
  const limiter = options.limits ? new Limiter(options) : undefined
  const gate = new Gate(counters, limiter, options, headers => identify(headers, credentials, tokens))
  const origins = { api: '', storage: '' }
  const attachments = new Attachments()
  const data = new Data(options)
  const applications = new Applications(data)
  const webhooks = new WebhookSender(clock, data)
  const integrated = new Set<string>()
  const state = { tokens, data, applications, attachments, webhooks, integrated }
  return { options, clock, counters, gate, credentials, ...state, origins }
}

function originOf(host: string, address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the sandbox does not listen on a port')
  // The sandbox can listen on a wildcard address, but a client cannot connect to one.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${address.port}`
}
