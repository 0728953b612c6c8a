import type { ArrivedRequest } from './arrivals.js'
import type { Counters } from './counters.js'
import type { RecordedExchange } from './exchange-log.js'
import type { Fault, FaultSpec } from './faults.js'
import type { ConsentOptions } from './oauth/consent.js'
import type { Route, RouteHandler, RouteMethod } from './own-routes.js'
import type { ApiKeyCredential, ApiKeyOptions, ClientCredential, ClientOptions } from './state/credentials.js'
import type { IssuedGrant } from './state/tokens.js'

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
