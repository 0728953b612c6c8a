/// <reference lib="esnext.disposable" preserve="true" />
/** The API client: its options, its methods, and the steps of a call in JavaScript. */

import { EventEmitter } from 'node:events'
import type { NativeAnswer, NativeClient, NativeDelivery, NativeReport, NativeToken } from '../index.js'
import { AccessToken } from './access-token.js'
import type { OperationName } from './api.js'
import { type BodySource, gathered, type Outgoing, Upload } from './body.js'
import { call } from './calls.js'
import { CONNECTION_OPTIONS, type ConnectionOptions, connection } from './connection.js'
import { ApiKey, BearerToken, ClientCredentials, type Credential, Customer, Grant } from './credentials.js'
import { type ApiOptions, api, variable } from './environment.js'
import { type CallContext, configurationError, SmartRecruitersError, toError, unwrap } from './errors.js'
import { turn } from './event-loop.js'
import { WithEvents } from './events.js'
import { settled } from './exit.js'
import { fetchCall } from './fetch.js'
import { credentialOf, MADE_HERE } from './handles.js'
import { type EndpointLimits, type LimitOptions, limits } from './limits.js'
import { native } from './native.js'
import { type PaginateOptions, type Paginator, paginate } from './paginate.js'
import {
  addContentType,
  type FlatRequest,
  flatRequest,
  type RequestOptions,
  requestOptions,
  statedLength,
} from './request.js'
import { toResponse } from './response.js'
import { Answer, type ResponsePromise, responsePromise } from './response-promise.js'
import { causedBy, withCallersStack } from './stack.js'
import { type CallTrace, startTrace } from './telemetry/call-trace.js'
import { CLIENT_EVENTS, ClientEventSink, type ClientEvents } from './telemetry/client-events.js'
import { ClientTelemetry } from './telemetry/client-telemetry.js'
import { logAsEnvironmentSays } from './telemetry/environment-logger.js'
import { type Logger, type LogLevel, loggerSink } from './telemetry/logger.js'
import { type TelemetryOptions, telemetryOptions } from './telemetry/options.js'
import type {
  AnswerOf,
  CallArguments,
  FreeArguments,
  ItemOf,
  KnownArguments,
  KnownList,
  KnownMethod,
  KnownPath,
  NoArguments,
} from './typed-calls.js'
import { bare, integer, milliseconds, optionalSignal, optionsObject, reading, record, string } from './validate.js'

/** Options of the {@link SmartRecruiters} constructor. */
export interface ClientOptions extends ConnectionOptions, ApiOptions {
  /**
   * What the client authenticates with: an {@link ApiKey}, {@link BearerToken}, {@link ClientCredentials},
   * {@link Grant} or {@link Customer}.
   */
  credential: Credential
  /**
   * The deadline of a whole call in milliseconds, retries and waiting included: 1 to 2,147,483,647. A call that misses
   * it rejects with a {@link TimeoutError}. Default: 128,000, which SmartRecruiters recommends.
   */
  timeout?: number | undefined
  /**
   * The maximum number of retries of one call, 0 to 10. Default: 3.
   *
   * A request is retried when the server certainly did not process it (no connection, 429, 503 with `Retry-After`). If
   * the server may have processed it (502, 503, 504, a lost connection), it is retried only when it is idempotent: see
   * {@link RequestOptions.idempotent}.
   */
  retries?: number | undefined
  /**
   * The maximum size of an answer that is read into memory, in bytes after decoding. A longer answer fails the call
   * with code `BODY_TOO_LARGE`; stream it with {@link SmartRecruiters.fetch} or `.asResponse()` instead. Default: 64
   * MiB.
   */
  maxBodySize?: number | undefined
  /**
   * How the client keeps to the API's rate limits. All clients of a process that use the same credential share them;
   * where their options differ, the lowest limit applies. `false` turns pacing off. Default: the limits that
   * SmartRecruiters documents.
   */
  limits?: LimitOptions | false | undefined
  /**
   * A logger: one of pino or winston, `console`, or any object with the methods `error`, `warn`, `info` and `debug`. It
   * gets a line for each call, retry, long wait and new token; no line holds a secret, or a value of a query. Default:
   * none, but the variable `SMARTRECRUITERS_LOG` turns on a log to the standard error.
   */
  logger?: Logger | undefined
  /** Which lines the logger gets: those of this level, and of all that are more severe. Default: `info`. */
  logLevel?: LogLevel | undefined
  /** What spans and the records of diagnostics channels show. */
  telemetry?: TelemetryOptions | undefined
}

/** Options of {@link SmartRecruiters.token}. */
export interface TokenOptions {
  /** The maximum time to wait for the token, in milliseconds. Default: the client's `timeout`. */
  timeout?: number | undefined
  /** Stops waiting when it is aborted: the call rejects with the signal's reason. The token exchange continues. */
  signal?: AbortSignal | undefined
}

const OPTIONS = [
  'credential',
  'environment',
  'baseUrl',
  'timeout',
  'retries',
  'maxBodySize',
  'limits',
  'logger',
  'logLevel',
  'telemetry',
  ...CONNECTION_OPTIONS,
] as const
/** Options that other clients have for a credential, and what to give instead. */
const HINTS = {
  apiKey: 'give `credential: new ApiKey(…)`',
  token: 'give `credential: new BearerToken(…)`',
  accessToken: 'give `credential: new BearerToken(…)`',
  clientId: 'give `credential: new ClientCredentials(…)`',
  clientSecret: 'give `credential: new ClientCredentials(…)`',
}
const TIMEOUT = 128_000
const RETRIES = 3
const MAX_BODY_SIZE = 64 * 1024 * 1024

/** The credentials of clients. A client keeps its credential from collection, and with it the listeners of its events. */
const inUse = new WeakMap<object, Credential>()

/** The argument from which `withCredential` constructs a client, in place of options. */
class Derived {
  constructor(
    readonly native: NativeClient,
    readonly timeout: number,
    readonly telemetry: ClientTelemetry,
    readonly credential: Credential,
  ) {}
}

/**
 * A client of the SmartRecruiters API with one credential. It obtains and renews access tokens, keeps to the rate
 * limits, retries what is safe to retry, and may be used by any number of calls at once. Make one per credential and
 * keep it; use {@link SmartRecruiters.withCredential} for further credentials.
 *
 * @example
 * const sr = new SmartRecruiters({ credential: new ApiKey(key) })
 * const jobs = await sr.get('/jobs', { query: { limit: 10, sort: 'job_id' } })
 */
export class SmartRecruiters extends WithEvents<ClientEvents> {
  readonly #native: NativeClient
  readonly #timeout: number
  readonly #telemetry: ClientTelemetry
  #closing = false
  /** The number of calls whose bodies are being gathered: the core does not know these calls yet. */
  #gathering = 0

  /**
   * Makes a client. Nothing is sent until the first call.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const sr = new SmartRecruiters({ credential: new ApiKey(key) })
   * const jobs = await sr.get('/jobs', { query: { limit: 10, sort: 'job_id' } })
   */
  constructor(options: ClientOptions)
  constructor(options: ClientOptions | Derived) {
    const events = new EventEmitter<ClientEvents>()
    super(events, CLIENT_EVENTS)
    // Calls are observed for events only once somebody listens.
    const first: EventEmitter = events
    first.once('newListener', () => this.#telemetry.add(new ClientEventSink(events)))
    const derived = reading('SmartRecruiters', () => (options instanceof Derived ? options : undefined))
    if (derived !== undefined) {
      this.#native = derived.native
      this.#timeout = derived.timeout
      this.#telemetry = derived.telemetry
      inUse.set(this, derived.credential)
      return
    }
    const known = optionsObject('SmartRecruiters', options, OPTIONS, HINTS)
    this.#timeout = milliseconds('timeout', known.timeout, TIMEOUT)
    const { options: wire, proxyUrl, key } = connection(known)
    const pacing = limits(known.limits)
    const { queryValues } = telemetryOptions(known.telemetry)
    const logger = loggerSink(known.logger, known.logLevel)
    logAsEnvironmentSays()
    this.#native = unwrap(
      native.createClient(
        credentialOf('credential', known.credential),
        bare({
          ...apiOf(known),
          retries: integer('retries', known.retries, 0, 10, RETRIES),
          maxBodySize: integer('maxBodySize', known.maxBodySize, 1, 2 ** 32 - 1, MAX_BODY_SIZE),
          connection: wire,
          ...(pacing.options && { limits: pacing.options }),
        }),
        proxyUrl,
        key,
        pacing.shared,
      ),
    )
    this.#telemetry = new ClientTelemetry(queryValues, logger, this.#native.credential)
    inUse.set(this, known.credential as Credential)
  }

  /**
   * Makes a client with the credential that the environment variables hold: `SMARTRECRUITERS_API_KEY`, or
   * `SMARTRECRUITERS_ACCESS_TOKEN`, or `SMARTRECRUITERS_CLIENT_ID` with `SMARTRECRUITERS_CLIENT_SECRET` (and
   * `SMARTRECRUITERS_TOKEN_URL`, if the token endpoint is not the default).
   * @throws {ConfigurationError} if the variables hold no credential, half of one, or more than one.
   * @example
   * const sr = SmartRecruiters.fromEnv()
   */
  static fromEnv(options: Omit<ClientOptions, 'credential'> = {}): SmartRecruiters {
    return clientOf({ ...record('fromEnv', options), credential: credentialFromEnv() })
  }

  /** The URL of the API root, without a trailing slash, such as `https://api.smartrecruiters.com`. */
  get baseUrl(): string {
    return this.#native.baseUrl
  }

  /**
   * Sends a `GET` request to a path that the types do not have, or with a type of your own for the answer. {@link
   * request} describes the result and the errors.
   */
  get<T = unknown, Path extends string = string>(path: Path, ...options: FreeArguments<'GET', Path>): ResponsePromise<T>
  /** @hidden */
  get(path: KnownPath<'GET'>, ...none: NoArguments): ResponsePromise<never>
  /**
   * Sends a `GET` request: reads a resource. {@link request} describes the result and the errors.
   * @example
   * const job = await sr.get('/jobs/{id}', { params: { id } })
   */
  get<Path extends string, Method extends 'GET'>(
    path: Path,
    ...options: KnownArguments<'GET', Path>
  ): ResponsePromise<AnswerOf<Method, Path>>
  get<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('GET', path, options)
  }

  /**
   * Sends a `POST` request to a path that the types do not have, or with a type of your own for the answer. {@link
   * request} describes the result and the errors.
   */
  post<T = unknown, Path extends string = string>(
    path: Path,
    ...options: FreeArguments<'POST', Path>
  ): ResponsePromise<T>
  /** @hidden */
  post(path: KnownPath<'POST'>, ...none: NoArguments): ResponsePromise<never>
  /**
   * Sends a `POST` request: creates a resource or starts an action. {@link request} describes the result and the
   * errors. A `POST` whose outcome is unknown is retried only with `idempotent: true`.
   * @example
   * const created = await sr.post('/candidates', { json: { firstName, lastName, email } })
   */
  post<Path extends string, Method extends 'POST'>(
    path: Path,
    ...options: KnownArguments<'POST', Path>
  ): ResponsePromise<AnswerOf<Method, Path>>
  post<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('POST', path, options)
  }

  /**
   * Sends a `PUT` request to a path that the types do not have, or with a type of your own for the answer. {@link
   * request} describes the result and the errors.
   */
  put<T = unknown, Path extends string = string>(path: Path, ...options: FreeArguments<'PUT', Path>): ResponsePromise<T>
  /** @hidden */
  put(path: KnownPath<'PUT'>, ...none: NoArguments): ResponsePromise<never>
  /**
   * Sends a `PUT` request: replaces a resource. {@link request} describes the result and the errors.
   * @example
   * await sr.put('/jobs/{id}/status', { params: { id }, json: { status: 'SOURCING' } })
   */
  put<Path extends string, Method extends 'PUT'>(
    path: Path,
    ...options: KnownArguments<'PUT', Path>
  ): ResponsePromise<AnswerOf<Method, Path>>
  put<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('PUT', path, options)
  }

  /**
   * Sends a `PATCH` request to a path that the types do not have, or with a type of your own for the answer. {@link
   * request} describes the result and the errors.
   */
  patch<T = unknown, Path extends string = string>(
    path: Path,
    ...options: FreeArguments<'PATCH', Path>
  ): ResponsePromise<T>
  /** @hidden */
  patch(path: KnownPath<'PATCH'>, ...none: NoArguments): ResponsePromise<never>
  /**
   * Sends a `PATCH` request: changes a part of a resource. {@link request} describes the result and the errors.
   * Where the API takes a JSON Patch (RFC 6902), `json` is sent as `application/json-patch+json`.
   * @example
   * await sr.patch('/candidates/{id}', { params: { id }, json: { email: 'new@example.com' } })
   */
  patch<Path extends string, Method extends 'PATCH'>(
    path: Path,
    ...options: KnownArguments<'PATCH', Path>
  ): ResponsePromise<AnswerOf<Method, Path>>
  patch<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('PATCH', path, options)
  }

  /**
   * Sends a `DELETE` request to a path that the types do not have, or with a type of your own for the answer. {@link
   * request} describes the result and the errors.
   */
  delete<T = unknown, Path extends string = string>(
    path: Path,
    ...options: FreeArguments<'DELETE', Path>
  ): ResponsePromise<T>
  /** @hidden */
  delete(path: KnownPath<'DELETE'>, ...none: NoArguments): ResponsePromise<never>
  /**
   * Sends a `DELETE` request: removes a resource. {@link request} describes the result and the errors.
   * @example
   * await sr.delete('/candidates/{id}', { params: { id } })
   */
  delete<Path extends string, Method extends 'DELETE'>(
    path: Path,
    ...options: KnownArguments<'DELETE', Path>
  ): ResponsePromise<AnswerOf<Method, Path>>
  delete<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('DELETE', path, options)
  }

  /** @hidden */
  head(path: KnownPath<'GET'>, ...none: NoArguments): ResponsePromise<undefined>
  /**
   * Sends a `HEAD` request: reads only the headers of the answer, which `.asResponse()` gives. {@link request}
   * describes the errors.
   * @example
   * const { headers } = await sr.head('/jobs').asResponse()
   */
  head<Path extends string>(path: Path, ...options: CallArguments<'GET', Path>): ResponsePromise<undefined>
  head(path: string, options?: RequestOptions): ResponsePromise<undefined> {
    return this.#ask('HEAD', path, options)
  }

  /** Sends a request to a path that the types do not have, or with a type of your own for the answer. */
  request<T = unknown, Method extends string = string, Path extends string = string>(
    method: Method,
    path: Path,
    ...options: FreeArguments<Method, Path>
  ): ResponsePromise<T>
  /** @hidden */
  request(method: KnownMethod, path: KnownPath<KnownMethod>, ...none: NoArguments): ResponsePromise<never>
  /**
   * Sends a request and resolves with the data of the answer: parsed JSON, text, bytes (`Uint8Array`), or `undefined`
   * if the body is empty. `.withResponse()` resolves with the `Response` too, `.asResponse()` with the `Response`
   * alone.
   *
   * `path` is relative to the API root, and may contain placeholders such as `{id}` whose values are in `params`. A
   * complete URL is accepted if it is on the origin of the API root.
   *
   * In TypeScript, a method and a path that the API has decide the types of `params`, `query` and the body, and of the
   * data. The names of placeholders are free. For other paths, annotate the variable: `const item: Item = await
   * request('GET', path)`. With a type argument, `request<Item>(…)`, any path has that type, and its options are not
   * checked against the API.
   * @example
   * const job = await sr.request('GET', '/jobs/{id}', { params: { id } })
   * @throws {ApiError} if the status is not 2xx: one of its subclasses, such as {@link NotFoundError}.
   * @throws {TokenError} if no access token can be obtained.
   * @throws {NetworkError | TimeoutError} if no complete answer arrives.
   * @throws {QueueFullError} if the call cannot get its turn within the rate limits before its deadline.
   * @throws {ConfigurationError} if an argument is wrong; nothing is sent.
   */
  request<Method extends string, Path extends string>(
    method: Method,
    path: Path,
    ...options: KnownArguments<Method, Path>
  ): ResponsePromise<AnswerOf<Method, Path>>
  request<T>(method: string, path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask(method, path, options)
  }

  /** Reads a list whose path the types do not have, or with a type of your own for its items. */
  paginate<Item = unknown, Path extends string = string>(
    path: Path,
    ...options: FreeArguments<'paginate', Path, PaginateOptions>
  ): Paginator<Item>
  /** @hidden */
  paginate(path: KnownList, ...none: NoArguments): Paginator<never>
  /**
   * Reads a list to its end, item by item and in order, requesting each page once. The client knows how every list of
   * SmartRecruiters is paged, and detects it for other lists. A page has 100 items unless the query says otherwise. The
   * next pages are requested while you work on the current one; leaving the loop cancels those requests.
   *
   * Nothing is requested before you ask for the first item. To continue later, or after a crash, store `cursor` and
   * pass it as `from`.
   * @example
   * const jobs = sr.paginate('/jobs')
   * for await (const job of jobs) await save(job, jobs.cursor)
   * @throws {ConfigurationError} if an argument is wrong, or `from` is the cursor of another list.
   * @throws {SmartRecruitersError} while the list is read: as {@link request} throws, and with code `PAGINATION` if the
   * next page cannot be determined.
   */
  paginate<Path extends string, Call extends 'paginate'>(
    path: Path,
    ...options: KnownArguments<Call, Path, PaginateOptions>
  ): Paginator<ItemOf<Path>>
  paginate<Item>(path: string, options: PaginateOptions = {}): Paginator<Item> {
    this.#refuseIfClosing()
    return paginate(this.#native, string('path', path), options, this.#timeout, this.#telemetry)
  }

  /**
   * An authenticating replacement for the platform's `fetch`, for openapi-fetch, ky and similar clients. It is bound to
   * this client, so that it can be passed as a value.
   *
   * Paths are relative to the API root; complete URLs must be on its origin. The promise resolves when the headers of
   * the answer have arrived, whatever the status. It rejects as `fetch` does: with a `TypeError` whose `cause` is a
   * {@link SmartRecruitersError}, or with the signal's reason.
   * @example
   * const api = createClient<paths>({ baseUrl: sr.baseUrl, fetch: sr.fetch }) // openapi-fetch
   */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    try {
      this.#refuseIfClosing()
      const { request, body, signal, url } = fetchCall(input, init, this.baseUrl)
      addContentType(request, body)
      const flat = bare({ ...request, timeout: this.#timeout })
      const trace = this.#trace(flat, body)
      const answer = await this.#call(flat, body, 'fetch', signal, trace)
      return toResponse(answer, url, signal, contextOf(request), trace && (error => trace.bodyEnded(error)))
    } catch (error) {
      if (error instanceof SmartRecruitersError) throw causedBy('fetch failed', error)
      // The platform's own error for a request that it refuses.
      throw error instanceof TypeError ? withCallersStack(error) : error
    }
  }

  /**
   * Makes a client with another credential that shares this client's connections and options. Thousands of customers
   * can share one client in this way.
   * @throws {ConfigurationError} if `credential` is not a credential.
   * @example
   * const acme = sr.withCredential(app.grant('acme'))
   */
  withCredential(credential: Credential): SmartRecruiters {
    const derived = unwrap(this.#native.withCredential(credentialOf('credential', credential)))
    const telemetry = this.#telemetry.with(derived.credential)
    return clientOf(new Derived(derived, this.#timeout, telemetry, credential) as unknown as ClientOptions)
  }

  /**
   * Resolves with the current access token, which is obtained or renewed first if necessary, or with `undefined` for an
   * API key or bearer token. When `timeout` passes or `signal` is aborted during a token exchange, the exchange
   * continues, and the next call uses its token.
   * @throws {TokenError} if no access token can be obtained.
   * @throws {TimeoutError} with phase `token`, if there is no access token within `timeout`.
   * @throws {ConfigurationError} if an option is unknown or malformed.
   * @example
   * const token = await sr.token()
   * const authorization = `Bearer ${token?.accessToken}`
   */
  async token(options: TokenOptions = {}): Promise<AccessToken | undefined> {
    const known = optionsObject('token', options, ['timeout', 'signal'])
    const timeout = milliseconds('timeout', known.timeout, this.#timeout)
    const signal = optionalSignal('signal', known.signal)
    const token = await call<NativeToken | undefined | null>(
      (completions, callId) => this.#native.token(completions, callId, timeout),
      {},
      signal,
    )
    // An API key or bearer token has none.
    if (token == null) return undefined
    return new AccessToken(token.accessToken, token.expiresAt, token.scopes, MADE_HERE)
  }

  /**
   * Resolves with whether the scopes of the credential allow an operation: `true`, `false`, or `undefined` if that is
   * not known. It is not known for API keys and bearer tokens, for a token whose scopes the server did not name, and for
   * operations that SmartRecruiters documents no scopes for. A call may still be refused where the result is `true`:
   * the role and access group of the credential decide, too.
   *
   * `operation` is a method and a path, such as `GET /jobs/{id}`; the names of parameters make no difference. Nothing is
   * sent to the API. An access token is obtained or renewed first if necessary, as {@link token} does.
   * @throws {TokenError} if no access token can be obtained.
   * @throws {ConfigurationError} if `operation` is not a method and a path, or an option is unknown or malformed.
   * @example
   * if ((await sr.can('PATCH /candidates/{id}')) === false) hideTheEditor()
   */
  async can(operation: OperationName | (string & {}), options: TokenOptions = {}): Promise<boolean | undefined> {
    const name = string('operation', operation)
    const known = optionsObject('can', options, ['timeout', 'signal'])
    const timeout = milliseconds('timeout', known.timeout, this.#timeout)
    const signal = optionalSignal('signal', known.signal)
    const allowed = await call<boolean | undefined | null>(
      (completions, callId) => this.#native.can(completions, callId, name, timeout),
      {},
      signal,
    )
    return allowed ?? undefined
  }

  /**
   * Returns how much of the rate limits is in use, for each endpoint that this process has called with this credential:
   * `used` of `perSecond` requests that the server may count in its current second, `inFlight` of `concurrent` requests
   * at once, the calls `waiting` for their turn, the `longestWait` so far in milliseconds, and the number of answers
   * with status 429. The list is empty with `limits: false`.
   */
  limits(): EndpointLimits[] {
    return this.#native.limits()
  }

  /**
   * Closes the client: further calls fail with code `CLOSED`, and the promise resolves when the calls in flight have
   * ended. It does not wait for bodies of answers that are still being read, and does not interrupt them.
   */
  async close(): Promise<void> {
    this.#closing = true
    // Calls of this turn are still accepted: they start at its end, or when their bodies are gathered.
    await undefined
    while (this.#gathering > 0) await turn()
    await call<undefined>((completions, callId) => this.#native.close(completions, callId), {})
    this.#telemetry.end()
  }

  /**
   * Resolves when this process has no one-time exchange in flight: no renewal of a grant, no exchange of an
   * authorization code, no request for a customer's credentials. It also waits for exchanges that start in the
   * meantime, and works after {@link close}.
   *
   * Pass the promise to `waitUntil` of a serverless platform, so that the process is not frozen during an exchange that
   * a call has started in the background.
   * @example
   * context.waitUntil(sr.settled())
   */
  settled(): Promise<void> {
    return settled()
  }

  /** Closes the client at the end of an `await using` block, as {@link close} does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #ask<T>(method: string, path: string, options: RequestOptions | undefined): ResponsePromise<T> {
    const answer = new Answer()
    return responsePromise(this.#send<T>(answer, method, path, options), answer)
  }

  async #send<T>(answer: Answer, method: string, path: string, options: RequestOptions | undefined): Promise<T> {
    this.#refuseIfClosing()
    const verb = string('method', method).toUpperCase()
    const known = requestOptions(options)
    const signal = optionalSignal('signal', known.signal)
    // Last, because it starts to read the body.
    const { request, body } = flatRequest(verb, string('path', path), known, this.#timeout)
    const trace = this.#trace(request, body)
    answer.ended = trace && (error => trace.bodyEnded(error))
    answer.signal = signal
    answer.context = contextOf(request)
    answer.url = () => unwrap(this.#native.url(request.path, request.params, request.query)).url
    // `.asResponse()` must be called in this turn: from its end on, the answer is requested as a whole.
    await undefined
    answer.native = await this.#call(request, body, answer.raw ? 'open' : 'whole', signal, trace)
    return answer.data() as T
  }

  #refuseIfClosing(): void {
    if (this.#closing) throw toError({ code: 'CLOSED', message: 'the client is closed; make a new one', causes: [] })
  }

  /** Starts to trace a call, if anything observes it. It must be called in the turn and the context of the caller. */
  #trace(request: FlatRequest, body: Outgoing): CallTrace | undefined {
    if (!this.#telemetry.isObserved()) return undefined
    const { whole } = body
    const length = whole === undefined ? body.length : Buffer.byteLength(whole)
    return startTrace(this.#telemetry, this.#native, request, length)
  }

  #call(
    request: FlatRequest,
    body: Outgoing,
    delivery: NativeDelivery,
    signal: AbortSignal | undefined,
    trace: CallTrace | undefined,
  ): Promise<NativeAnswer> {
    return trace ? this.#traced(request, body, delivery, signal, trace) : this.#deliver(request, body, delivery, signal)
  }

  async #traced(
    request: FlatRequest,
    body: Outgoing,
    delivery: NativeDelivery,
    signal: AbortSignal | undefined,
    trace: CallTrace,
  ): Promise<NativeAnswer> {
    try {
      const answer = await this.#deliver(trace.sent(request), body, delivery, signal, report => trace.report(report))
      trace.answered(answer.status)
      if (delivery === 'whole') trace.bodyEnded()
      return answer
    } catch (error) {
      trace.failed(error)
      throw error
    }
  }

  // Not an async function: each takes a promise and a turn of the microtask queue, and most calls stream nothing.
  #deliver(
    request: FlatRequest,
    body: Outgoing,
    delivery: NativeDelivery,
    signal: AbortSignal | undefined,
    observe?: (report: NativeReport) => void,
  ): Promise<NativeAnswer> {
    const { parts, whole } = body
    return parts
      ? this.#stream(request, body, parts, delivery, signal, observe)
      : this.#start(request, whole, delivery, signal, observe)
  }

  async #stream(
    request: FlatRequest,
    body: Outgoing,
    parts: BodySource,
    delivery: NativeDelivery,
    signal: AbortSignal | undefined,
    observe: ((report: NativeReport) => void) | undefined,
  ): Promise<NativeAnswer> {
    refuseIfAborted(signal, parts)
    const { whole, rest } = await this.#gathered(parts, body.waits)
    refuseIfAborted(signal, rest)
    const sent = rest && new Upload(rest, body.length ?? statedLength(request))
    try {
      return await this.#start(request, whole, delivery, signal, observe, sent)
    } catch (error) {
      // Not on the signal's reason, which may be the very same error.
      if (sent?.failure !== undefined && error instanceof SmartRecruitersError) error.cause = sent.failure
      sent?.stop(error)
      throw error
    }
  }

  #start(
    request: FlatRequest,
    whole: string | Uint8Array | undefined,
    delivery: NativeDelivery,
    signal: AbortSignal | undefined,
    observe?: (report: NativeReport) => void,
    sent?: Upload,
  ): Promise<NativeAnswer> {
    return call<NativeAnswer>(
      (completions, callId) =>
        this.#native.send(
          completions,
          callId,
          request.method,
          request.path,
          request.timeout,
          delivery,
          request.params,
          request.query,
          request.headers,
          whole,
          sent?.native,
          request.redirect,
          request.idempotent,
          request.batch,
          observe !== undefined,
        ),
      contextOf(request),
      signal,
      observe,
    )
  }

  async #gathered(parts: BodySource, waits: boolean | undefined): Promise<{ whole?: Uint8Array; rest?: BodySource }> {
    this.#gathering++
    try {
      return await gathered(parts, waits)
    } finally {
      this.#gathering--
    }
  }
}

function refuseIfAborted(signal: AbortSignal | undefined, body: BodySource | undefined): void {
  if (signal?.aborted !== true) return
  body?.stop(signal.reason)
  throw signal.reason
}

/**
 * Which API the client uses. A grant or customer uses its app's API, so the environment variables do not apply to it.
 */
function apiOf(known: Record<'credential' | 'environment' | 'baseUrl', unknown>): ReturnType<typeof api> {
  const isOfAnApp = known.credential instanceof Grant || known.credential instanceof Customer
  return isOfAnApp && known.environment === undefined && known.baseUrl === undefined ? {} : api(known)
}

function credentialFromEnv(): Credential {
  const apiKey = variable('SMARTRECRUITERS_API_KEY')
  const accessToken = variable('SMARTRECRUITERS_ACCESS_TOKEN')
  const clientId = variable('SMARTRECRUITERS_CLIENT_ID')
  const clientSecret = variable('SMARTRECRUITERS_CLIENT_SECRET')
  const tokenUrl = variable('SMARTRECRUITERS_TOKEN_URL')
  const found = Object.entries({
    SMARTRECRUITERS_API_KEY: apiKey,
    SMARTRECRUITERS_ACCESS_TOKEN: accessToken,
    SMARTRECRUITERS_CLIENT_ID: clientId ?? clientSecret,
  }).filter(([, value]) => value)
  if (found.length > 1) {
    const names = found.map(([name]) => name).join(' and ')
    const how = found.length === 2 ? 'both' : 'all'
    throw configurationError('environment', `${names} are ${how} set; unset all but the one to use`)
  }
  if (apiKey) return new ApiKey(apiKey)
  if (accessToken) return new BearerToken(accessToken)
  if (clientId && clientSecret) {
    return new ClientCredentials({ clientId, clientSecret, ...(tokenUrl && { tokenUrl }) })
  }
  const missing = clientId ? 'SMARTRECRUITERS_CLIENT_SECRET' : clientSecret ? 'SMARTRECRUITERS_CLIENT_ID' : undefined
  throw configurationError(
    'environment',
    missing
      ? `${missing} is not set, but the other half of the client credentials is; set both, or neither`
      : 'no credential is set; set SMARTRECRUITERS_API_KEY, or SMARTRECRUITERS_ACCESS_TOKEN, or both SMARTRECRUITERS_CLIENT_ID and SMARTRECRUITERS_CLIENT_SECRET',
  )
}

/** Makes a client for the class itself. If the class named itself, esbuild would give it another name. */
function clientOf(options: ClientOptions): SmartRecruiters {
  return new SmartRecruiters(options)
}

/** What errors say about a call. The query is left out: it may hold personal data, which must not end up in logs. */
function contextOf({ method, path }: Pick<FlatRequest, 'method' | 'path'>): CallContext {
  const query = path.indexOf('?')
  return { method, path: query < 0 ? path : path.slice(0, query) }
}
