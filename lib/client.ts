/// <reference lib="esnext.disposable" preserve="true" />
/** The client of the SmartRecruiters API. */

import type { NativeClient, NativeDelivery, NativeToken } from '../index.js'
import { AccessToken } from './access-token.js'
import { gathered, type Outgoing, type Source, turn, Upload } from './body.js'
import { call, type Outcome } from './calls.js'
import { CONNECTION_OPTIONS, type ConnectionOptions, connection } from './connection.js'
import { ApiKey, BearerToken, ClientCredentials, type Credential, Customer, Grant } from './credentials.js'
import { type ApiOptions, api, variable } from './environment.js'
import { type CallContext, configurationError, SmartRecruitersError, toError, unwrap } from './errors.js'
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
  type PathArguments,
  type RequestOptions,
  requestOptions,
  statedLength,
} from './request.js'
import { toResponse } from './response.js'
import { Answer, type ResponsePromise, responsePromise } from './response-promise.js'
import { fromCaller, withCallersStack } from './stack.js'
import { bare, integer, milliseconds, optionalSignal, optionsObject, reading, record, string } from './validate.js'

/** Options of {@link SmartRecruiters}. */
export interface ClientOptions extends ConnectionOptions, ApiOptions {
  /** What to authenticate with. */
  credential: Credential
  /** The deadline of a whole call, in milliseconds. Default: 128,000, the vendor's advice. */
  timeout?: number | undefined
  /**
   * The most retries of one call, 0 to 10. Default: 3. Sent again is what was certainly not processed (no connection,
   * 429, 503 with Retry-After), and what may have been (502, 503, 504, a lost connection) only if it is idempotent.
   */
  retries?: number | undefined
  /** The longest answer that is read into memory, in bytes. Default: 64 MiB. Longer ones can be streamed. */
  maxBodySize?: number | undefined
  /**
   * How the client keeps to the rate limits of the API: as documented, unless this says otherwise. All clients of a
   * process with one credential share them; where their options differ, the lowest limit holds. `false`: it does not
   * keep to them.
   */
  limits?: LimitOptions | false | undefined
}

/** Options of {@link SmartRecruiters.token}. */
export interface TokenOptions {
  /** How long to wait for the token, in milliseconds. Default: the client's `timeout`. */
  timeout?: number | undefined
  /** Ends the wait when it is aborted: the call rejects with the signal's reason. */
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
  ...CONNECTION_OPTIONS,
] as const
/** What others call a credential. */
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

/** What `withCredential` constructs a client of, in place of options. */
class Derived {
  constructor(
    readonly native: NativeClient,
    readonly timeout: number,
  ) {}
}

/** Authenticated access to the SmartRecruiters API with one credential. */
export class SmartRecruiters {
  readonly #native: NativeClient
  readonly #timeout: number
  #closing = false
  /** Calls whose bodies are being gathered: made, but not yet known to the core. */
  #gathering = 0

  /**
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const sr = new SmartRecruiters({ credential: new ApiKey(key) })
   * const jobs = await sr.get('/jobs', { query: { limit: 10, sort: 'job_id' } })
   */
  constructor(options: ClientOptions)
  constructor(options: ClientOptions | Derived) {
    const derived = reading('SmartRecruiters', () => (options instanceof Derived ? options : undefined))
    if (derived !== undefined) {
      this.#native = derived.native
      this.#timeout = derived.timeout
      return
    }
    const known = optionsObject('SmartRecruiters', options, OPTIONS, HINTS)
    this.#timeout = milliseconds('timeout', known.timeout, TIMEOUT)
    const { options: wire, proxyUrl, key } = connection(known)
    const pacing = limits(known.limits)
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
  }

  /**
   * A client with the credential of the environment: `SMARTRECRUITERS_API_KEY`, or `SMARTRECRUITERS_ACCESS_TOKEN`, or
   * `SMARTRECRUITERS_CLIENT_ID` and `SMARTRECRUITERS_CLIENT_SECRET` (with `SMARTRECRUITERS_TOKEN_URL`, if it is not
   * the default).
   * @throws {ConfigurationError} if there is no credential, half of one, or more than one.
   */
  static fromEnv(options: Omit<ClientOptions, 'credential'> = {}): SmartRecruiters {
    return new SmartRecruiters({ ...record('fromEnv', options), credential: credentialFromEnv() })
  }

  /** The API root, without a slash at its end. */
  get baseUrl(): string {
    return this.#native.baseUrl
  }

  /**
   * `GET`: reads. See {@link request} for what it resolves with, and what it throws.
   * @example
   * const job: Job = await sr.get('/jobs/{id}', { params: { id } })
   */
  get<T = unknown, Path extends string = string>(path: Path, ...options: PathArguments<Path>): ResponsePromise<T>
  get<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('GET', path, options)
  }

  /**
   * `POST`: creates, or starts something.
   * @example
   * const created: Job = await sr.post('/jobs', { json: { title: 'Engineer' } })
   */
  post<T = unknown, Path extends string = string>(path: Path, ...options: PathArguments<Path>): ResponsePromise<T>
  post<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('POST', path, options)
  }

  /**
   * `PUT`: replaces.
   * @example
   * await sr.put('/jobs/{id}/status', { params: { id }, json: { status: 'SOURCING' } })
   */
  put<T = unknown, Path extends string = string>(path: Path, ...options: PathArguments<Path>): ResponsePromise<T>
  put<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('PUT', path, options)
  }

  /**
   * `PATCH`: changes a part. Some of the vendor's routes take `application/json-patch+json`: say so in `headers`.
   * @example
   * await sr.patch('/candidates/{id}', { params: { id }, json: { email: 'new@example.com' } })
   */
  patch<T = unknown, Path extends string = string>(path: Path, ...options: PathArguments<Path>): ResponsePromise<T>
  patch<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('PATCH', path, options)
  }

  /**
   * `DELETE`: removes.
   * @example
   * await sr.delete('/candidates/{id}', { params: { id } })
   */
  delete<T = unknown, Path extends string = string>(path: Path, ...options: PathArguments<Path>): ResponsePromise<T>
  delete<T>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask('DELETE', path, options)
  }

  /**
   * `HEAD`: an answer's headers, by `.asResponse()`.
   * @example
   * const { headers } = await sr.head('/jobs').asResponse()
   */
  head<Path extends string>(path: Path, ...options: PathArguments<Path>): ResponsePromise<undefined>
  head(path: string, options?: RequestOptions): ResponsePromise<undefined> {
    return this.#ask('HEAD', path, options)
  }

  /**
   * Sends a request and resolves with the answer's data: parsed JSON, text, bytes (`Uint8Array`), or `undefined` if
   * it is empty. `.withResponse()` gives the answer too, `.asResponse()` the answer alone.
   *
   * `path` is relative to the API root, and may hold `{name}`s for `params`; a whole URL must be on the same origin.
   *
   * In TypeScript, give the type of the data to the variable, as in the example: the compiler then also asks for the
   * `{name}`s in `params`. With a type argument, `request<Job>(…)`, it does not know the path.
   * @example
   * const job: Job = await sr.request('GET', '/jobs/{id}', { params: { id } })
   * @throws {ApiError} if the API answers with anything but success, as one of its subclasses.
   * @throws {TokenError} if there is no access token to be had.
   * @throws {NetworkError | TimeoutError} if there is no answer.
   * @throws {ConfigurationError} if an argument is wrong.
   */
  request<T = unknown, Path extends string = string>(
    method: string,
    path: Path,
    ...options: PathArguments<Path>
  ): ResponsePromise<T>
  request<T>(method: string, path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.#ask(method, path, options)
  }

  /**
   * Reads a list to its end, item by item, in order, each of its pages once. It knows how each list of the vendor
   * pages, and finds out for others. Pages are of 100 items, unless the query says otherwise; the next ones are asked
   * for while you work on one. Leaving the loop takes back what was asked for.
   *
   * Nothing is asked for before the first item is. To go on later, or after a crash, give `from` what `cursor` was.
   * @example
   * const jobs = sr.paginate<Job>('/jobs')
   * for await (const job of jobs) await save(job, jobs.cursor)
   * @throws {ConfigurationError} if an argument is wrong, or `from` is of another list; as `get` throws, while it is
   * read; and with code `PAGINATION` if the list cannot be read on.
   */
  paginate<Item = unknown, Path extends string = string>(
    path: Path,
    ...options: PathArguments<Path, PaginateOptions>
  ): Paginator<Item>
  paginate<Item>(path: string, options: PaginateOptions = {}): Paginator<Item> {
    this.#refuseIfClosing()
    return paginate(this.#native, string('path', path), options, this.#timeout)
  }

  /**
   * A drop-in for the platform's `fetch` that authenticates: give it to openapi-fetch, ky and the like. Bound, so that
   * it can be handed around. Paths are relative to the API root; whole URLs must be on its origin. Resolves with every
   * answer, whatever its status, when its headers are there; rejects as `fetch` does, with a `TypeError` whose `cause`
   * is a {@link SmartRecruitersError}, or with the signal's reason.
   */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    try {
      this.#refuseIfClosing()
      const { request, body, signal, url } = fetchCall(input, init, this.baseUrl)
      addContentType(request, body)
      const outcome = await this.#call(bare({ ...request, timeout: this.#timeout }), body, 'fetch', signal)
      return toResponse(outcome, url, signal, contextOf(request))
    } catch (error) {
      if (error instanceof SmartRecruitersError) throw fromCaller(() => new TypeError('fetch failed', { cause: error }))
      // The platform's own, of a request that it refuses.
      throw error instanceof TypeError ? withCallersStack(error) : error
    }
  }

  /** A client of the same API on the same connections with another credential. */
  withCredential(credential: Credential): SmartRecruiters {
    const derived = unwrap(this.#native.withCredential(credentialOf('credential', credential)))
    return new SmartRecruiters(new Derived(derived, this.#timeout) as unknown as ClientOptions)
  }

  /**
   * The access token in use, obtained or renewed if need be; `undefined` for an API key or bearer token. An exchange
   * that takes longer than `timeout`, or that `signal` is aborted during, goes on: the next call finds its token.
   * @throws {TokenError} if there is none to be had.
   * @throws {TimeoutError} with phase `token`, if there is none within `timeout`.
   * @throws {ConfigurationError} if an option is unknown or malformed.
   */
  async token(options: TokenOptions = {}): Promise<AccessToken | undefined> {
    const known = optionsObject('token', options, ['timeout', 'signal'])
    const timeout = milliseconds('timeout', known.timeout, this.#timeout)
    const signal = optionalSignal('signal', known.signal)
    const { first } = await call((completions, id) => this.#native.token(completions, id, timeout), {}, signal)
    const token = first as NativeToken | undefined
    return token && new AccessToken(token.accessToken, token.expiresAt, token.scopes, MADE_HERE)
  }

  /**
   * How far the API's limits are used, for each endpoint that was asked with this credential in this process: `used` of
   * `perSecond` requests that the server may count in its present second, `inFlight` of `concurrent` at once, calls
   * `waiting`, the `longestWait` so far in milliseconds, and answers with 429. Empty with `limits: false`.
   */
  limits(): EndpointLimits[] {
    return this.#native.limits()
  }

  /**
   * Takes no more calls, and resolves when those in flight have ended. Bodies of answers that are still being read are
   * neither waited for nor cut.
   */
  async close(): Promise<void> {
    this.#closing = true
    // Calls of this turn come before it: they start at its end, or when their bodies are gathered.
    await undefined
    while (this.#gathering > 0) await turn()
    await call((completions, id) => this.#native.close(completions, id), {})
  }

  /**
   * Resolves when this process has no exchange in flight that works once: no renewal of a grant, no exchange of an
   * authorization code, no request for a customer's credentials. Exchanges that begin meanwhile are included. Resolves
   * also after {@link close}.
   *
   * A serverless handler passes it to its platform's `waitUntil`, so that the process is not frozen during an exchange
   * that a call has begun in the background.
   */
  settled(): Promise<void> {
    return settled()
  }

  /** The same as {@link close}, for `await using`. */
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
    // Last, since it begins to read the body.
    const { request, body } = flatRequest(verb, string('path', path), known, this.#timeout)
    answer.signal = signal
    answer.context = contextOf(request)
    answer.url = () => unwrap(this.#native.url(request.path, request.params, request.query)).url
    // By the end of this turn the caller has asked for the answer alone, or never will.
    await undefined
    answer.outcome = await this.#call(request, body, answer.raw ? 'open' : 'whole', signal)
    return answer.data() as T
  }

  #refuseIfClosing(): void {
    if (this.#closing) throw toError({ code: 'CLOSED', message: 'the client is closed; make a new one', causes: [] })
  }

  async #call(
    request: FlatRequest,
    body: Outgoing,
    delivery: NativeDelivery,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const { parts } = body
    refuseIfAborted(signal, parts)
    const { whole, rest } = parts ? await this.#gathered(parts, body.waits) : { whole: body.whole, rest: undefined }
    refuseIfAborted(signal, rest)
    const sent = rest && new Upload(rest, body.length ?? statedLength(request))
    try {
      return await call(
        (completions, id) =>
          this.#native.send(
            completions,
            id,
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
          ),
        contextOf(request),
        signal,
      )
    } catch (error) {
      // Not of the signal's own reason, which may be that very failure.
      if (sent?.failure !== undefined && error instanceof SmartRecruitersError) error.cause = sent.failure
      sent?.stop(error)
      throw error
    }
  }

  async #gathered(parts: Source, waits: boolean | undefined): Promise<{ whole?: Uint8Array; rest?: Source }> {
    this.#gathering++
    try {
      return await gathered(parts, waits)
    } finally {
      this.#gathering--
    }
  }
}

function refuseIfAborted(signal: AbortSignal | undefined, body: Source | undefined): void {
  if (signal?.aborted !== true) return
  body?.stop(signal.reason)
  throw signal.reason
}

/** A grant or customer is of its app's API, whatever the environment says. */
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
    throw configurationError('environment', `${names} are all set: keep the one to use`)
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
      ? `${missing} is not set, but the other half of the client credentials is`
      : 'no credential is set: SMARTRECRUITERS_API_KEY, or SMARTRECRUITERS_ACCESS_TOKEN, or SMARTRECRUITERS_CLIENT_ID and SMARTRECRUITERS_CLIENT_SECRET',
  )
}

/** What errors tell of a call. A query may hold personal data, which has no place in an error. */
function contextOf({ method, path }: Pick<FlatRequest, 'method' | 'path'>): CallContext {
  return { method, path: path.split('?', 1)[0] as string }
}
