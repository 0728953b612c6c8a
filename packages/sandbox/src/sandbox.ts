import type { ArrivedRequest } from './arrivals.js'
import type { Counters } from './counters.js'
import type { RecordedExchange } from './exchange-log.js'
import type { Fault, FaultSpec } from './faults.js'
import type { ConsentOptions } from './oauth/consent.js'
import type { Route, RouteHandler, RouteMethod } from './own-routes.js'
import type { ApiKeyCredential, ApiKeyOptions, ClientCredential, ClientOptions } from './state/credentials.js'
import type { IssuedGrant } from './state/tokens.js'
import type { EmitOptions, WebhookDelivery } from './webhooks/sender.js'

/**
 * A running sandbox, made by {@link startSandbox}. Its credentials have labels, under which counters and requests show
 * them.
 */
export interface Sandbox extends AsyncDisposable {
  /** The origin of the API, such as `http://127.0.0.1:41234`: the `baseUrl` for clients. */
  readonly baseUrl: string
  /** The URL of the consent page, where users authorize an app. */
  readonly authorizeUrl: string
  /** The URL of the token endpoint. */
  readonly tokenUrl: string
  /** The origin of the file storage to which downloads redirect. It must not receive credentials. */
  readonly foreignUrl: string
  /** A customer's API key with all scopes. Its label is `apiKey`. */
  readonly apiKey: string
  /** A partner's API key: `pp-` and 61 more characters. Its label is `partnerApiKey`. */
  readonly partnerApiKey: string
  /** An OAuth client for the client credentials grant, with all scopes. Its label is `client`. */
  readonly client: ClientCredential
  /**
   * An OAuth client for the authorization code grant, with all scopes. Its label is `app`; its grants have the labels
   * `app/grant-1`, `app/grant-2` and so on.
   */
  readonly app: ClientCredential
  /** A partner's master client, for the client credentials grant. Its label is `partner`. */
  readonly partner: ClientCredential
  /** Makes another API key. Throws a TypeError if an option is wrong. */
  addApiKey(options?: ApiKeyOptions): ApiKeyCredential
  /** Makes another OAuth client. Throws a TypeError if an option is wrong. */
  addClient(options?: ClientOptions): ClientCredential
  /** Returns all credentials of the sandbox. */
  credentials(): { apiKeys: ApiKeyCredential[]; clients: ClientCredential[] }
  /**
   * Opens the consent page and presses Allow or Deny, as a user's browser would. Resolves with the callback: the URL to
   * which the browser is redirected.
   */
  consent(options: ConsentOptions): Promise<string>
  /** Does the same as {@link Sandbox.consent} for an authorization URL that your own code has made. */
  consentTo(authorizationUrl: string, options?: { deny?: boolean | undefined }): Promise<string>
  /** Makes `count` grants of {@link Sandbox.app} without a consent page, such as for a large customer base. */
  issueGrants(count: number): IssuedGrant[]
  /**
   * Expires every access token that was issued so far, to all credentials or to the one with this label: from now on
   * the answer is 401. Refresh tokens stay valid.
   */
  expireAccessTokens(label?: string): void
  /** Moves the clock of tokens and codes forward by `seconds`. The clock of the limits is not changed. */
  advanceTime(seconds: number): void
  /**
   * Sends an event to every active subscription that asks for it, and resolves with what came of it; with an empty list
   * if there is no such subscription. The event links to a record of the sandbox, as {@link EmitOptions.link} says. A
   * delivery that was not answered with 202 within 5 seconds is repeated by {@link Sandbox.repeatWebhooks}, up to 10
   * times.
   */
  emit(name: string, payload: object, options?: EmitOptions): Promise<WebhookDelivery[]>
  /**
   * Repeats the deliveries that have failed and are due by now: after {@link Sandbox.advanceTime}, also those of the time
   * that was skipped. A subscription is suspended when the last repetition fails.
   */
  repeatWebhooks(): Promise<WebhookDelivery[]>
  /** Resets the integration of a company, as SmartRecruiters' support would: its credentials can be issued again. */
  resetIntegration(companyId: string): void
  /** Returns what the sandbox has counted so far. */
  counters(): Counters
  /**
   * Lists every form that reached the token endpoint, in order: the refresh token it presented, and what was issued.
   */
  exchanges(): RecordedExchange[]
  /** Resets the counters, and forgets the recorded exchanges and requests. */
  resetCounters(): void
  /** Sets a fault. Throws a TypeError that names what is wrong with it. */
  fault(fault: FaultSpec): Fault
  /** Lists the faults that are set, including those that are used up. */
  faults(): { id: number; hits: number; spec: FaultSpec }[]
  /** Clears all faults, and releases the requests that they hold. */
  clearFaults(): void
  /**
   * Adds a route of your own, or replaces one of the sandbox: `route('GET', '/jobs/{id}', handler)`. The route that was
   * added last takes precedence. It is a part of the API: it requires a credential, has limits, and is subject to
   * faults. Throws a TypeError that names what is wrong.
   */
  route<const Path extends string>(method: RouteMethod, path: Path, handler: RouteHandler<Path>): Route
  /** Lists the latest 1,000 requests in the order of their arrival, with their bodies up to 64 KiB each. */
  requests(): ArrivedRequest[]
  /**
   * Resolves with the next request that matches `predicate`, when it arrives and before it is answered. Rejects when
   * the sandbox closes.
   */
  nextRequest(predicate?: (request: ArrivedRequest) => boolean): Promise<ArrivedRequest>
  /** Stops both servers and closes every connection at once. */
  close(): Promise<void>
}
