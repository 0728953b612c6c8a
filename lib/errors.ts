/** Every error is a `SmartRecruitersError`, made here, in the caller's realm and with the caller's stack. */

import type {
  NativeError,
  NativeErrorCode,
  NativeIntegrationReason,
  NativeNetworkKind,
  NativePhase,
  NativeReauthorizationReason,
} from '../index.js'
import { fromCaller } from './stack.js'

// The addon's unions, which editors would show by the names that they have there; an `Exclude` of nothing has its own.

/** The stable name of an error, for programs. */
export type ErrorCode = Exclude<NativeErrorCode, never>

/** Why a customer cannot be connected. */
export type IntegrationReason = Exclude<NativeIntegrationReason, never>

/** Where the network failed. */
export type NetworkKind = Exclude<NativeNetworkKind, never>

/** What a call was doing when its deadline passed. */
export type TimeoutPhase = Exclude<NativePhase, never>

/** Why a grant is over. */
export type ReauthorizationReason = Exclude<NativeReauthorizationReason, never>

/** One entry of the vendor's `errors[]`. */
export interface ErrorDetail {
  /** The entry's code. */
  code?: string | undefined
  /** The entry's message. */
  message?: string | undefined
  /** The field of the request that it is about, if it names one: the vendor's `dataPath`. */
  field?: string | undefined
}

/** What an error is made of, as the addon gives it. */
export interface ErrorRecord extends NativeError {}

/** An error underneath another, as the core tells it. */
type Cause = ErrorRecord['causes'][number]

/** The call that failed: its method and its path, as the caller wrote them, without a query. */
export interface CallContext {
  method?: string
  path?: string
}

/** The base of all errors of this package. Never holds a key, secret, code or token. */
export class SmartRecruitersError extends Error {
  /** The stable name, for programs; the message is for people. */
  readonly code: ErrorCode
  /** The method of the call that failed. */
  declare readonly method?: string | undefined
  /** The path of the call that failed, as the caller wrote it, without its query. */
  declare readonly path?: string | undefined

  constructor(record: ErrorRecord, context: CallContext = {}) {
    if (typeof record !== 'object' || !isError(record)) {
      throw new TypeError(`${new.target.name} is not made by \`new\`: the package makes it when a call fails`)
    }
    super(record.message, causeOf(record.causes))
    this.code = record.code
    if (context.method !== undefined) this.method = context.method
    if (context.path !== undefined) this.path = context.path
  }

  /** The error as logs want it: `JSON.stringify` of a plain `Error` is `{}`. */
  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this)
  }
}

/** An option or argument is wrong; nothing was sent. */
export class ConfigurationError extends SmartRecruitersError {
  /** What is wrong, as the caller wrote it: `baseUrl`, `params.id`. */
  readonly field: string

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.field = record.field ?? ''
  }
}

/**
 * Too many calls wait for an endpoint, or the call would not get its turn within its deadline; nothing was sent.
 */
export class QueueFullError extends SmartRecruitersError {
  /** When the call would have got its turn, at the earliest, if its deadline was before that. */
  readonly turnAt: Date | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.turnAt = record.turnIn === undefined ? undefined : new Date(Date.now() + record.turnIn)
  }
}

/**
 * The API answered, but not with success. The message begins with status, method and path, and has the server's words:
 * `404 GET /jobs/1: Not found`.
 */
export class ApiError extends SmartRecruitersError {
  /** The HTTP status. */
  readonly status: number
  /** The vendor's code, such as `PERMISSION_DENIED`. */
  readonly vendorCode: string | undefined
  /** The vendor's `errors[]`, or what other servers have in its place: at most 50. */
  readonly errors: readonly ErrorDetail[]
  /** The vendor's id of the request, to quote to support. */
  readonly requestId: string | undefined
  /** The answer's headers, without cookies. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * The answer's body as text, at most 16 KiB of it, without what it quotes of the credential. Neither `util.inspect` nor
   * `JSON.stringify` show it: it may hold what you sent about a person, which has no place in a log.
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

/** 400 or 422: the request is wrong. */
export class BadRequestError extends ApiError {}
/** 401: the credential is not accepted; on some routes of the vendor, a permission is missing. */
export class AuthenticationError extends ApiError {}
/** 403: the credential lacks a scope, or its role a right. */
export class PermissionError extends ApiError {}
/** 404: there is no such thing, or this credential may not see it. */
export class NotFoundError extends ApiError {}
/** 409: the request conflicts with what is there. */
export class ConflictError extends ApiError {}
/**
 * 409 to `partner.connect()`: SmartRecruiters has issued the customer's credentials before, and issues them once; they
 * are not in the store.
 */
export class AlreadyIntegratedError extends ConflictError {
  /** The customer's company id. */
  readonly companyId: string
  /**
   * `issuedElsewhere`: they were issued to somebody else, or to another store: give them to `partner.import()`.
   * `responseLost`: the answer to an earlier `connect()` was lost, and they with it.
   * `disconnected`: they were here until `partner.disconnect()`.
   *
   * Where nobody has them, ask SmartRecruiters to reset the integration, and connect again.
   */
  readonly reason: IntegrationReason | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.companyId = record.companyId ?? ''
    this.reason = record.integrationReason
  }
}
/** 429: too many requests, in a second or at once. */
export class RateLimitError extends ApiError {}
/** 5xx: the API failed. */
export class ServerError extends ApiError {}

/** No access token: the token exchange failed. */
export class TokenError extends SmartRecruitersError {
  /** The error code of RFC 6749 section 5.2 or 4.1.2.1, if the server gave one: `invalid_client`, `access_denied`. */
  readonly error: string | undefined
  /** The server's own words, at most 300 characters: its `error_description`, `message` or text. Quotes no secret. */
  readonly errorDescription: string | undefined
  /** The HTTP status of the token endpoint's answer, if there was one. */
  readonly status: number | undefined
  /** The server's id of the request, to quote to support. */
  readonly requestId: string | undefined
  /** The headers of the token endpoint's answer, without those that may hold secrets. Empty if there was no answer. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * How long the server asks to wait before it is asked again (`Retry-After` of a 429 or 503), in milliseconds, at most
   * an hour. It is not asked before.
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

/** The grant is over: the customer has to authorize again. */
export class ReauthorizationRequiredError extends TokenError {
  /** The grant's id in the store. */
  readonly grantId: string
  /**
   * `revokedOrExpired`: the refresh token was revoked, or 28 days passed without use.
   * `responseLost`: the answer to an earlier exchange was lost, and with it the next refresh token.
   * `forgotten`: by `app.forget()`.
   * `exported`: by `app.export()`; whoever imported it has it now.
   */
  readonly reason: ReauthorizationReason | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.grantId = record.grantId ?? ''
    this.reason = record.reason
  }
}

/** The app's store has no grant of this id: `exchange()` and `import()` make one. */
export class UnknownGrantError extends TokenError {
  /** The id that was asked for. */
  readonly grantId: string

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.grantId = record.grantId ?? ''
  }
}

/** How far a request came that got no answer. */
abstract class UnansweredError extends SmartRecruitersError {
  /** Whether a byte of the request may have left: if not, the API has certainly not processed it. */
  readonly sent: boolean
  /** The host that the request went to, or was to go to. */
  readonly host: string | undefined
  /** Its port. */
  readonly port: number | undefined
  /** The proxy on the way there, if there is one, without user and password. */
  readonly proxy: string | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.sent = record.sent ?? false
    this.host = record.host
    this.port = record.port
    this.proxy = record.proxy
  }
}

/** No answer, because of the network. `cause.code` is what Node calls the reason: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
export class NetworkError extends UnansweredError {
  /** Where it failed: `dns`, `connect`, `tls`, `reset` or `protocol`. */
  readonly kind: NetworkKind | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.kind = record.kind
  }
}

/** The call's deadline passed. */
export class TimeoutError extends UnansweredError {
  /** What the call was doing: `queue`, `token`, `connect`, `response`, `body` or `retry`. */
  readonly phase: TimeoutPhase | undefined

  constructor(record: ErrorRecord, context?: CallContext) {
    super(record, context)
    this.phase = record.phase
  }
}

/** The store could not be used, or lacks a customer's credentials. */
export class StoreError extends SmartRecruitersError {}

type ErrorClass = new (record: ErrorRecord, context?: CallContext) => SmartRecruitersError

// Exhaustive: a new code of the core stops the compiler here.
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
  INTERNAL: SmartRecruitersError,
}

// On the prototypes, where `Error` has it: an own property would show in every print.
for (const Class of [...new Set([SmartRecruitersError, TokenError, ApiError, ...Object.values(CLASSES)])]) {
  Object.defineProperty(Class.prototype, 'name', { value: Class.name, configurable: true, writable: true })
}

/** Makes the error of a record. */
export function toError(record: ErrorRecord, context?: CallContext): SmartRecruitersError {
  return fromCaller(() => new CLASSES[record.code](record, context))
}

/** Makes a `ConfigurationError` about `field`. `problem` says what would be right, and never the value. */
export function configurationError(field: string, problem: string): ConfigurationError {
  const message = `${field}: ${problem}`
  return fromCaller(() => new ConfigurationError({ code: 'CONFIGURATION', message, causes: [], field }))
}

/** What a synchronous native function gave, or its error. */
export function unwrap<T extends object>(result: T | NativeError): T {
  if (isError(result)) throw toError(result)
  return result
}

function isError(result: object): result is NativeError {
  // Its own: what others put on `Object.prototype` makes no result an error.
  return Object.hasOwn(result, 'causes')
}

/** Header lines as pairs, for `new Headers()`. */
export function headerPairs(lines: string): [string, string][] {
  return lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    })
}

function causeOf(causes: Cause[]): ErrorOptions | undefined {
  const cause = causes.reduceRight<Error | undefined>((inner, { message, code }) => {
    const error = Object.assign(new Error(message, inner && { cause: inner }), code === undefined ? {} : { code })
    // It failed outside JavaScript: the frames are those of the error that it is the cause of.
    Object.defineProperty(error, 'stack', { value: `Error: ${message}`, configurable: true, writable: true })
    return error
  }, undefined)
  return cause && { cause }
}
