import { type AddressInfo, isIPv6 } from 'node:net'
import type { ArrivedRequest } from './arrivals.js'
import { Clock } from './clock.js'
import { CounterBook, type Counters } from './counters.js'
import type { RecordedExchange } from './exchange-log.js'
import type { Fault, FaultSpec } from './faults.js'
import { Gate } from './gate.js'
import { Limiter } from './limits.js'
import { type ConsentOptions, consentAt, pressButton } from './oauth/consent.js'
import { resolveOptions, type SandboxOptions } from './options.js'
import type { Route, RouteHandler, RouteMethod } from './own-routes.js'
import { buildServer } from './server.js'
import { Attachments } from './state/attachments.js'
import {
  type ApiKeyCredential,
  type ApiKeyOptions,
  type ClientCredential,
  type ClientOptions,
  Credentials,
  PARTNER_SCOPES,
} from './state/credentials.js'
import { Data } from './state/data.js'
import { identify } from './state/identity.js'
import { type IssuedGrant, Tokens } from './state/tokens.js'
import { storageRoutes } from './storage.js'
import type { World } from './world.js'

const REDIRECT_URIS = [
  'http://localhost:3000/callback',
  'http://127.0.0.1:3000/callback',
  'https://app.example.com/oauth/callback',
]

/** A running sandbox. */
export interface Sandbox extends AsyncDisposable {
  /** Origin of the API, as `http://127.0.0.1:41234`. */
  readonly baseUrl: string
  /** The consent page. */
  readonly authorizeUrl: string
  /** The token endpoint. */
  readonly tokenUrl: string
  /** Origin of the storage that downloads redirect to. */
  readonly foreignUrl: string
  /** A customer's API key with all scopes; label `apiKey`. */
  readonly apiKey: string
  /** A partner's API key: `pp-` and 61 more characters; label `partnerApiKey`. */
  readonly partnerApiKey: string
  /** A client for client credentials, with all scopes; label `client`. */
  readonly client: ClientCredential
  /** A client for authorization code and refresh, with all scopes; label `app`, its grants `app/grant-1` and so on. */
  readonly app: ClientCredential
  /** A partner's master client, for client credentials; label `partner`. */
  readonly partner: ClientCredential
  /** Makes another API key. */
  addApiKey(options?: ApiKeyOptions): ApiKeyCredential
  /** Makes another OAuth client. */
  addClient(options?: ClientOptions): ClientCredential
  /** All credentials there are. */
  credentials(): { apiKeys: ApiKeyCredential[]; clients: ClientCredential[] }
  /** Opens the consent page and presses Allow (or Deny), as a browser would. Returns the URL it is sent back to. */
  consent(options: ConsentOptions): Promise<string>
  /** The same for a whole authorization URL that your own code made. */
  consentTo(authorizationUrl: string, options?: { deny?: boolean | undefined }): Promise<string>
  /** Makes grants of {@link Sandbox.app} that nobody consented to: as many as a large customer base has. */
  issueGrants(count: number): IssuedGrant[]
  /**
   * Every access token issued so far, to all or to the credential with this label, is answered with 401 from now on.
   * Refresh tokens live on.
   */
  expireAccessTokens(label?: string): void
  /** Moves the clock that tokens and codes live by. The limits' clock stays. */
  advanceTime(seconds: number): void
  /** As SmartRecruiters' support would: a partner may be given credentials for this company once more. */
  resetIntegration(companyId: string): void
  /** What the sandbox has seen so far. */
  counters(): Counters
  /** Every form that reached the token endpoint, in order: which refresh token it presented, and what was issued. */
  exchanges(): RecordedExchange[]
  /** Starts counters, exchanges and requests from nothing. */
  resetCounters(): void
  /** Sets a fault. Throws a TypeError that names what is wrong with it. */
  fault(fault: FaultSpec): Fault
  /** Faults that are set, those that have run out included. */
  faults(): { id: number; hits: number; spec: FaultSpec }[]
  clearFaults(): void
  /**
   * Adds a route of your own, or takes the place of one of the sandbox's: `route('GET', '/jobs/{id}', handler)`. Later
   * ones win over earlier ones. It is a part of the API: it needs a credential, has limits, and suffers faults. Throws a
   * TypeError that names what is wrong.
   */
  route<const Path extends string>(method: RouteMethod, path: Path, handler: RouteHandler<Path>): Route
  /** The latest 1000 requests, in the order of their arrival, with their bodies up to 64 KiB each. */
  requests(): ArrivedRequest[]
  /** The next request that matches, at the moment it arrives and before it is answered. Rejects when the sandbox closes. */
  nextRequest(predicate?: (request: ArrivedRequest) => boolean): Promise<ArrivedRequest>
  /** Closes both listeners and every connection at once. */
  close(): Promise<void>
}

/**
 * Starts a sandbox on free ports of the loopback interface. Throws a TypeError that names the option at fault.
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
  const app = credentials.addClient({ redirectUris: REDIRECT_URIS }, 'app')
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
  const integrated = new Set<string>()
  return { options, clock, counters, gate, credentials, tokens, data, attachments, integrated, origins }
}

function originOf(host: string, address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the sandbox listens on no port')
  // The wildcard addresses can be listened on, but not be asked.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${address.port}`
}
