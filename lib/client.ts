/** The client of the SmartRecruiters API. */

import type { NativeClient, NativeToken } from '../index.js'
import { AccessToken } from './access-token.js'
import { call } from './calls.js'
import { ApiKey, BearerToken, ClientCredentials, type Credential } from './credentials.js'
import { configurationError, unwrap } from './errors.js'
import { credentialOf } from './handles.js'
import { native } from './native.js'
import { nativeRequest, type RequestOptions } from './request.js'
import { Answer, type ResponsePromise, responsePromise } from './response-promise.js'
import { milliseconds, optionalChoice, optionalSignal, optionalUrl, optionsObject, record, string } from './validate.js'

/** Options of {@link SmartRecruiters}. */
export interface ClientOptions {
  /** What to authenticate with. */
  credential: Credential
  /** The vendor's environment. Default: `production`, or a grant's own. */
  environment?: 'production' | 'sandbox'
  /** Another API root: https, or http on loopback. Credentials go to its origin and to no other. */
  baseUrl?: string | URL
  /** The deadline of a whole call, in milliseconds. Default: 128,000, the vendor's advice. */
  timeout?: number
  /** How long connecting may take, in milliseconds. Default: 10,000. */
  connectTimeout?: number
}

const OPTIONS = ['credential', 'environment', 'baseUrl', 'timeout', 'connectTimeout'] as const
const TIMEOUT = 128_000
const CONNECT_TIMEOUT = 10_000

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

  /** @throws {ConfigurationError} if an option is missing, unknown or malformed. */
  constructor(options: ClientOptions)
  constructor(options: ClientOptions | Derived) {
    if (options instanceof Derived) {
      this.#native = options.native
      this.#timeout = options.timeout
      return
    }
    const known = optionsObject('SmartRecruiters', options, OPTIONS)
    this.#timeout = milliseconds('timeout', known.timeout, TIMEOUT)
    this.#native = unwrap(
      native.createClient(
        credentialOf('credential', known.credential),
        optionalChoice('environment', known.environment, ['production', 'sandbox']),
        optionalUrl('baseUrl', known.baseUrl),
        milliseconds('connectTimeout', known.connectTimeout, CONNECT_TIMEOUT),
      ),
    )
  }

  /**
   * A client with the credential of the environment: `SMARTRECRUITERS_API_KEY`, or `SMARTRECRUITERS_ACCESS_TOKEN`, or
   * `SMARTRECRUITERS_CLIENT_ID` and `SMARTRECRUITERS_CLIENT_SECRET` (with `SMARTRECRUITERS_TOKEN_URL`, if it is not
   * the default). `SMARTRECRUITERS_ENVIRONMENT` and `SMARTRECRUITERS_BASE_URL` are options of the same names, which
   * `options` override.
   * @throws {ConfigurationError} if there is no credential, half of one, or more than one.
   */
  static fromEnv(options: Omit<ClientOptions, 'credential'> = {}): SmartRecruiters {
    const environment = process.env.SMARTRECRUITERS_ENVIRONMENT as ClientOptions['environment']
    const baseUrl = process.env.SMARTRECRUITERS_BASE_URL
    return new SmartRecruiters({
      ...(environment && { environment }),
      ...(baseUrl && { baseUrl }),
      ...record('fromEnv', options),
      credential: credentialFromEnv(),
    })
  }

  /** The API root, without a slash at its end. */
  get baseUrl(): string {
    return this.#native.baseUrl
  }

  /** `GET`: reads. */
  get<T = unknown>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.request('GET', path, options)
  }

  /** `POST`: creates, or starts something. */
  post<T = unknown>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.request('POST', path, options)
  }

  /** `PUT`: replaces. */
  put<T = unknown>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.request('PUT', path, options)
  }

  /** `PATCH`: changes a part. Some of the vendor's routes take `application/json-patch+json`: say so in `headers`. */
  patch<T = unknown>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.request('PATCH', path, options)
  }

  /** `DELETE`: removes. */
  delete<T = unknown>(path: string, options?: RequestOptions): ResponsePromise<T> {
    return this.request('DELETE', path, options)
  }

  /** `HEAD`: an answer's headers, by `.asResponse()`. */
  head(path: string, options?: RequestOptions): ResponsePromise<undefined> {
    return this.request('HEAD', path, options)
  }

  /**
   * Sends a request and resolves with the answer's data: parsed JSON, text, bytes (`Uint8Array`), or `undefined` if
   * it is empty. `.withResponse()` gives the answer too, `.asResponse()` the answer alone.
   *
   * `path` is relative to the API root, and may hold `{name}`s for `params`; a whole URL must be on the same origin.
   * @throws {ApiError} if the API answers with anything but success, as one of its subclasses.
   * @throws {TokenError} if there is no access token to be had.
   * @throws {NetworkError | TimeoutError} if there is no answer.
   * @throws {ConfigurationError} if an argument is wrong.
   */
  request<T = unknown>(method: string, path: string, options: RequestOptions = {}): ResponsePromise<T> {
    const answer = new Answer()
    return responsePromise(this.#send<T>(answer, method, path, options), answer)
  }

  /** A client of the same API on the same connections with another credential. */
  withCredential(credential: Credential): SmartRecruiters {
    const derived = unwrap(this.#native.withCredential(credentialOf('credential', credential)))
    return new SmartRecruiters(new Derived(derived, this.#timeout) as unknown as ClientOptions)
  }

  /**
   * The access token in use, obtained or renewed if need be; `undefined` for an API key or bearer token.
   * @throws {TokenError} if there is none to be had.
   */
  async token(): Promise<AccessToken | undefined> {
    const { first } = await call((completions, id) => this.#native.token(completions, id), {})
    const token = first as NativeToken | undefined
    return token && new AccessToken(token.accessToken, token.expiresAt, token.scopes)
  }

  /** Takes no more calls, and resolves when those in flight have ended. */
  async close(): Promise<void> {
    await call((completions, id) => this.#native.close(completions, id), {})
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #send<T>(answer: Answer, method: string, path: string, options: RequestOptions): Promise<T> {
    const verb = string('method', method).toUpperCase()
    const request = nativeRequest(verb, string('path', path), record('options', options), this.#timeout)
    const signal = optionalSignal('signal', options.signal)
    // A query may hold personal data, which has no place in an error.
    const context = { method: verb, path: path.split('?', 1)[0] as string }
    answer.outcome = await call((completions, id) => this.#native.send(completions, id, request), context, signal)
    return (answer.raw ? undefined : answer.data()) as T
  }
}

function credentialFromEnv(): Credential {
  const {
    SMARTRECRUITERS_API_KEY: apiKey,
    SMARTRECRUITERS_ACCESS_TOKEN: accessToken,
    SMARTRECRUITERS_CLIENT_ID: clientId,
    SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
    SMARTRECRUITERS_TOKEN_URL: tokenUrl,
  } = process.env
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
