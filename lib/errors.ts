/** The errors. Each is a `SmartRecruitersError`, made here, in the caller's realm and with the caller's stack. */

import type {
  NativeError,
  NativeErrorCode,
  NativeIntegrationReason,
  NativeNetworkKind,
  NativePhase,
  NativeReauthorizationReason,
  NativeWebhookRefusal,
} from '../index.js'
import { headerPairs } from './headers.js'
import { helpOn } from './help.js'
import { bare } from './members.js'
import { native } from './native.js'
import { fromCaller, withoutFrames } from './stack.js'

// `Exclude` with `never` changes nothing but the name: editors would otherwise show the names of the addon's types.

/** The code of an error: stable between versions, for use in programs. */
export type ErrorCode = Exclude<NativeErrorCode, never>

/** Why a customer cannot be connected: see {@link AlreadyIntegratedError.reason}. */
export type IntegrationReason = Exclude<NativeIntegrationReason, never>

/** Where the network failed: see {@link NetworkError.kind}. */
export type NetworkKind = Exclude<NativeNetworkKind, never>

/** What a call was doing when its deadline passed: see {@link TimeoutError.phase}. */
export type TimeoutPhase = Exclude<NativePhase, never>

/** Why a grant has ended: see {@link ReauthorizationRequiredError.reason}. */
export type ReauthorizationReason = Exclude<NativeReauthorizationReason, never>

/** Why a webhook request was refused: see {@link WebhookError.reason}. */
export type WebhookRefusal = Exclude<NativeWebhookRefusal, never>

/** One entry of the list `errors` in an error answer of the API. */
export interface ErrorDetail {
  /** The code of the entry. */
  code?: string | undefined
  /** The message of the entry. */
  message?: string | undefined
  /** The field of the request that the entry is about: SmartRecruiters calls it `dataPath`. */
  field?: string | undefined
}

/** The contents of an error, as the addon returns them. */
export interface ErrorRecord extends NativeError {}

/** The contents of an error's cause, as the addon returns them. */
type Cause = ErrorRecord['causes'][number]

/** The method and the path of a call, as the caller wrote them, without the query. */
export interface CallContext {
  method?: string
  path?: string
}

/**
 * The base class of all errors of this package. No error contains a key, secret, authorization code or token.
 *
 * @example
 * try {
 *   await sr.get('/jobs')
 * } catch (error) {
 *   if (error instanceof SmartRecruitersError) console.error(error.code, error.message)
 * }
 */
export class SmartRecruitersError extends Error {
  /** The code of the error: stable between versions, for use in programs. The message is for people, and may change. */
  readonly code: ErrorCode
  /** The HTTP method of the call that failed; absent if the error does not belong to a call. */
  declare readonly method?: string | undefined
  /** The path of the call that failed, as the caller wrote it, without the query. */
  declare readonly path?: string | undefined

  constructor(record: ErrorRecord, context: CallContext = {}) {
    if (typeof record !== 'object' || !isError(record)) {
      throw new TypeError(`${new.target.name} cannot be constructed; it is thrown when a call fails`)
    }
    super(record.message, causeOf(record.causes))
    this.code = record.code
    if (context.method !== undefined) this.method = context.method
    if (context.path !== undefined) this.path = context.path
  }

  /** The address of a page about this error code: what happened, why, and what to do. */
  get help(): string {
    return helpOn(this.code)
  }

  /**
   * Returns the error as an object for logs, with its name and message, which `JSON.stringify` omits for an `Error`.
   */
  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this)
  }
}

/** An option or argument is missing, unknown or malformed. Nothing was sent. */
export class ConfigurationError extends SmartRecruitersError {
  /** The option or argument that is wrong, such as `baseUrl` or `params.id`. */
  readonly field: string

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.field = record.field ?? ''
  }
}

/**
 * The request queue cannot take the call: too many calls are waiting for the endpoint, or the call would not get its
 * turn before its deadline. Nothing was sent.
 */
export class QueueFullError extends SmartRecruitersError {
  /**
   * The earliest time at which the call would have got its turn, if that is after its deadline; `undefined` if too many
   * calls are waiting.
   */
  readonly turnAt: Date | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.turnAt = record.turnIn === undefined ? undefined : new Date(Date.now() + record.turnIn)
  }
}

/**
 * The API returned an unsuccessful answer: the status is not 2xx. The message begins with the status, method and path,
 * followed by the server's own message: `404 GET /jobs/1: Not found`.
 */
export class ApiError extends SmartRecruitersError {
  /** The HTTP status of the answer. */
  readonly status: number
  /** The error code of SmartRecruiters in the answer, such as `PERMISSION_DENIED`. */
  readonly vendorCode: string | undefined
  /** The list `errors` of the answer, or the equivalent of other servers: at most 50 entries. */
  readonly errors: readonly ErrorDetail[]
  /** The id that SmartRecruiters gave the request, for its support. */
  readonly requestId: string | undefined
  /** The headers of the answer, without cookies. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * The body of the answer as text: at most 16 KiB, with the credential redacted where the server quotes it. Neither
   * `util.inspect` nor `JSON.stringify` shows it, since it may contain personal data that must not end up in logs.
   */
  declare readonly body: string

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    Object.defineProperty(this, 'body', { value: record.body ?? '', configurable: true, writable: true })
    this.status = record.status ?? 0
    this.vendorCode = record.vendorCode
    this.errors = record.errors ?? []
    this.requestId = record.requestId
    this.headers = Object.fromEntries(new Headers(headerPairs(record.headers ?? '')))
  }
}

/**
 * The API answered 400 or 422: the request is malformed or fails a validation. `errors` says which fields are wrong.
 */
export class BadRequestError extends ApiError {}
/** The API answered 401: the credential is not accepted, or, on some routes of SmartRecruiters, lacks a permission. */
export class AuthenticationError extends ApiError {}
/**
 * The API answered 403: the credential lacks a scope, or its role or access group forbids the call. The message says
 * which, as far as that is known, and what to do about it.
 */
export class PermissionError extends ApiError {
  /**
   * The scopes that the operation needs. Of alternatives, this is the narrowest; the message names them all.
   * `undefined` if SmartRecruiters does not document them, and for an API key, which has no scopes.
   */
  readonly requiredScopes: readonly string[] | undefined
  /** The scopes of the access token, at most 200. `undefined` if they are not known. */
  readonly grantedScopes: readonly string[] | undefined
  /**
   * The required scopes that the access token lacks. If the list is empty, the role or access group forbids the call.
   * `undefined` if the required or the granted scopes are not known.
   */
  readonly missingScopes: readonly string[] | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.requiredScopes = record.requiredScopes
    this.grantedScopes = record.grantedScopes
    this.missingScopes = record.missingScopes
  }
}
/** The API answered 404: the resource does not exist, or this credential may not see it. */
export class NotFoundError extends ApiError {}
/** The API answered 409: the request conflicts with the current state of the resource. */
export class ConflictError extends ApiError {}
/**
 * The API answered 409 to `partner.connect()`: SmartRecruiters issues a customer's credentials only once, and has
 * issued them before, but they are not in the store.
 */
export class AlreadyIntegratedError extends ConflictError {
  /** The customer's company id at SmartRecruiters. */
  readonly companyId: string
  /**
   * Why the store lacks the credentials.
   *
   * - `issuedElsewhere`: they were issued to another system or stored in another store; pass them to
   * `partner.import()`.
   * - `responseLost`: the answer to an earlier `connect()` was lost, and the credentials with it.
   * - `disconnected`: they were removed from this store by `partner.disconnect()`.
   *
   * If the credentials are lost, ask SmartRecruiters to reset the integration, and call `connect()` again.
   */
  readonly reason: IntegrationReason | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.companyId = record.companyId ?? ''
    this.reason = record.integrationReason
  }
}
/** The API answered 429, after all retries: too many requests in one second, or at once. */
export class RateLimitError extends ApiError {}
/** The API answered with a 5xx status, after all retries: the server failed. */
export class ServerError extends ApiError {}

/** The token exchange failed, so there is no access token for the call. */
export class TokenError extends SmartRecruitersError {
  /**
   * The OAuth error code, if the server gave one, such as `invalid_client` or `access_denied` (RFC 6749 sections 5.2
   * and 4.1.2.1).
   */
  readonly error: string | undefined
  /**
   * The server's own description of the error, at most 300 characters without secrets: its `error_description`,
   * `message` or text.
   */
  readonly errorDescription: string | undefined
  /** The HTTP status of the token endpoint's answer; `undefined` if there was no answer. */
  readonly status: number | undefined
  /** The id that the server gave the token request, for its support. */
  readonly requestId: string | undefined
  /**
   * The headers of the token endpoint's answer, without those that may contain secrets. Empty if there was no answer.
   */
  readonly headers: Readonly<Record<string, string>>
  /**
   * The time that the server asked clients to wait (`Retry-After` of a 429 or 503), in milliseconds, at most an hour.
   * The client does not send another token request before it has passed.
   */
  readonly retryAfter: number | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.error = record.oauthError
    this.errorDescription = record.oauthErrorDescription
    this.status = record.status
    this.requestId = record.requestId
    this.headers = Object.fromEntries(new Headers(headerPairs(record.headers ?? '')))
    this.retryAfter = record.retryAfter
  }
}

/** The grant has ended: the customer has to authorize the app again. */
export class ReauthorizationRequiredError extends TokenError {
  /** The grant's id in the app's store. */
  readonly grantId: string
  /**
   * Why the grant has ended.
   *
   * - `revokedOrExpired`: the refresh token was revoked, or was not used for 28 days.
   * - `responseLost`: the answer to an earlier token exchange was lost, and the next refresh token with it.
   * - `forgotten`: `app.forget()` removed the grant.
   * - `exported`: `app.export()` moved the grant; it can be used where it was imported.
   */
  readonly reason: ReauthorizationReason | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.grantId = record.grantId ?? ''
    this.reason = record.reason
  }
}

/** The app's store has no grant with this id. `app.exchange()` and `app.import()` create grants. */
export class UnknownGrantError extends TokenError {
  /** The id of the missing grant. */
  readonly grantId: string

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.grantId = record.grantId ?? ''
  }
}

/** An error of a request that got no complete answer. It says how far the request came. */
abstract class UnansweredError extends SmartRecruitersError {
  /**
   * Whether the API may have processed the request. `false` if no byte of it was sent, or if an HTTP/2 server says that
   * it did not process it (`GOAWAY` or `REFUSED_STREAM`, RFC 9113 section 8.7).
   */
  readonly sent: boolean
  /** The host to which the request was sent, or was about to be sent. */
  readonly host: string | undefined
  /** The port of `host`. */
  readonly port: number | undefined
  /** The URL of the proxy between this process and `host`, if any, without user and password. */
  readonly proxy: string | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.sent = record.sent ?? false
    this.host = record.host
    this.port = record.port
    this.proxy = record.proxy
  }
}

/**
 * The network failed before a complete answer arrived. `cause.code` is Node's name for the reason, such as
 * `ECONNREFUSED` or `CERT_HAS_EXPIRED`.
 */
export class NetworkError extends UnansweredError {
  /**
   * Where the network failed.
   *
   * - `dns`: the host name has no address.
   * - `connect`: no connection could be made.
   * - `tls`: no secure connection could be made.
   * - `reset`: the connection ended before the answer was complete.
   * - `protocol`: the answer is not valid HTTP.
   */
  readonly kind: NetworkKind | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.kind = record.kind
  }
}

/** The deadline of the call passed, which its `timeout` option sets. */
export class TimeoutError extends UnansweredError {
  /**
   * What the call was doing when the deadline passed.
   *
   * - `queue`: it was waiting for its turn within the rate limits, or for a free connection.
   * - `token`: it was waiting for an access token.
   * - `connect`: it was connecting to the host.
   * - `response`: it was sending the request, or waiting for the headers of the answer.
   * - `body`: it was reading the body of the answer.
   * - `retry`: it was waiting before a retry.
   */
  readonly phase: TimeoutPhase | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.phase = record.phase
  }
}

/** The store failed, or does not have the credentials of a customer that a call uses. */
export class StoreError extends SmartRecruitersError {}

/** A webhook request was refused. Nothing of it was stored. */
export class WebhookError extends SmartRecruitersError {
  /**
   * Why the request was refused.
   *
   * - `noKey`: no secret key is known yet; give `secrets`, or call `subscribe()`.
   * - `missingSignature`, `tooManySignatures`: SmartRecruiters did not send it so.
   * - `noMatch`: it was forged or changed, its key is not among `secrets`, or its body was parsed and written again.
   * - `tooOld`, `fromFuture`, `malformedTimestamp`: the time of its signature is not within `tolerance`.
   * - `malformedHeader`, `malformedBody`: a header is ambiguous or not ASCII, or the body is not a JSON object.
   * - `unauthorized`: it lacks what `callbackAuthentication` says.
   * - `bodyTooLarge`, `bodyTooSlow`: the body is longer than 1 MiB, or did not arrive within 5 seconds.
   * - `bodyConsumed`: a body parser came before the handler.
   */
  readonly reason: WebhookRefusal

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.reason = record.webhookReason ?? 'noMatch'
  }
}

type ErrorClass = new (record: ErrorRecord, context?: CallContext) => SmartRecruitersError

// Exhaustive: the compiler fails here when the core has a new code.
const CLASSES: Record<ErrorCode, ErrorClass> = {
  CONFIGURATION: ConfigurationError,
  CLOSED: SmartRecruitersError,
  QUEUE_FULL: QueueFullError,
  BAD_REQUEST: BadRequestError,
  AUTHENTICATION: AuthenticationError,
  PERMISSION: PermissionError,
  NOT_FOUND: NotFoundError,
  CONFLICT: ConflictError,
  RATE_LIMIT: RateLimitError,
  SERVER: ServerError,
  UNEXPECTED_STATUS: ApiError,
  INVALID_RESPONSE: SmartRecruitersError,
  REDIRECT: SmartRecruitersError,
  PAGINATION: SmartRecruitersError,
  BODY_TOO_LARGE: SmartRecruitersError,
  BODY_INTERRUPTED: SmartRecruitersError,
  NETWORK: NetworkError,
  TIMEOUT: TimeoutError,
  TOKEN_REFUSED: TokenError,
  TOKEN_UNAVAILABLE: TokenError,
  TOKEN_INVALID: TokenError,
  AUTHORIZATION_DENIED: TokenError,
  CALLBACK_REFUSED: TokenError,
  REAUTHORIZATION_REQUIRED: ReauthorizationRequiredError,
  UNKNOWN_GRANT: UnknownGrantError,
  ALREADY_INTEGRATED: AlreadyIntegratedError,
  STORE: StoreError,
  WEBHOOK_REFUSED: WebhookError,
  INTERNAL: SmartRecruitersError,
}

// On the prototypes, as for `Error`: an own property would be printed with every error.
for (const Class of [...new Set([SmartRecruitersError, TokenError, ApiError, ...Object.values(CLASSES)])]) {
  Object.defineProperty(Class.prototype, 'name', { value: Class.name, configurable: true, writable: true })
}

/** Makes the error that a record describes. */
export function toError(record: ErrorRecord, context: CallContext = {}): SmartRecruitersError {
  return fromCaller(() => new CLASSES[record.code](bare(record), bare(context)))
}

/** Makes a `ConfigurationError` about `field`. `problem` says what would be right, and must not contain the value. */
export function configurationError(field: string, problem: string): ConfigurationError {
  const message = `${field}: ${problem}`
  return toError({ code: 'CONFIGURATION', message, causes: [], field }) as ConfigurationError
}

/** Makes the error of a webhook request that the face refuses. */
export function webhookError(reason: WebhookRefusal): WebhookError {
  return toError(native.webhookRefusal(reason)) as WebhookError
}

/** Returns the result of a synchronous native function, or throws its error. */
export function unwrap<T extends object>(result: T | NativeError): T {
  if (isError(result)) throw toError(result)
  return result
}

function isError(result: object): result is NativeError {
  // Only an own property counts: anyone can put one on `Object.prototype`.
  return Object.hasOwn(result, 'causes')
}

function causeOf(causes: Cause[]): ErrorOptions | undefined {
  const cause = causes.reduceRight<Error | undefined>((inner, record) => {
    const { message, code } = bare(record)
    // It failed outside JavaScript: the error that it caused has the caller's frames.
    const error = withoutFrames(new Error(message, inner && { cause: inner }))
    return Object.assign(error, code === undefined ? {} : { code })
  }, undefined)
  return cause && { cause }
}
