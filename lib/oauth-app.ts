/** OAuth 2.0 authorization code (RFC 6749 section 4.1): customers give an app permission, and it keeps their grants. */

import { EventEmitter } from 'node:events'
import type { NativeEvent, NativeKeepAliveProgress, NativeOAuthApp } from '../index.js'
import { call } from './calls.js'
import { CONNECTION_OPTIONS, type ConnectionOptions, connection } from './connection.js'
import { Grant } from './credentials.js'
import {
  configurationError,
  type ReauthorizationRequiredError,
  type SmartRecruitersError,
  toError,
  unwrap,
} from './errors.js'
import { awaitExchangesAtExit } from './exit.js'
import { setCredential } from './handles.js'
import { native } from './native.js'
import { isA } from './platform.js'
import { type AnyStore, encryptionKeys, MemoryStore, storeOf } from './stores.js'
import {
  boolean,
  given,
  integer,
  milliseconds,
  optionalChoice,
  optionalDate,
  optionalSignal,
  optionalString,
  optionalUrl,
  optionsObject,
  string,
  strings,
} from './validate.js'

/** Options of {@link OAuthApp}. */
export interface OAuthAppOptions extends ConnectionOptions {
  /** The client id. */
  clientId: string
  /** The client secret. */
  clientSecret: string
  /** One of the app's registered redirect URIs, letter for letter. https, or http on localhost. */
  redirectUri: string
  /** The scopes to ask for. Default: none is sent, and the vendor gives those that the app is registered with. */
  scopes?: readonly string[]
  /** Where grants live. Default: a {@link MemoryStore}, which loses them when the process ends. */
  store?: AnyStore
  /**
   * What seals the records of a durable store (AES-256-GCM): 32 random bytes in Base64 or hex, as
   * `openssl rand -base64 32` prints them. A list replaces a key: the first seals, all open. `false`: tokens are
   * stored in the clear. Needed with a durable store.
   */
  encryptionKey?: string | readonly string[] | false
  /**
   * How long the end of the process waits for an exchange in flight, in milliseconds. Default: 5000.
   */
  exitTimeout?: number
  /** The vendor's environment. Default: `production`. */
  environment?: 'production' | 'sandbox'
  /** Another API root, with authorization and token endpoint below it: a local sandbox. */
  baseUrl?: string | URL
  /** Where users authorize. Default: the environment's; the vendor documents none for its sandbox. */
  authorizeUrl?: string | URL
  /** The token endpoint. Default: `/identity/oauth/token` below the API root. */
  tokenUrl?: string | URL
  /** How client id and secret are sent: in the form (`body`), or as HTTP Basic. Default: `body`. */
  clientAuth?: 'body' | 'basic'
  /** PKCE (RFC 7636). The vendor documents no support. Default: none. */
  pkce?: 'S256'
  /** The issuer that callbacks must name as `iss` (RFC 9207), where the server promises to. Default: not checked. */
  issuer?: string
  /** Whether authorization requests have `response_type=code`, which the vendor's examples lack. Default: true. */
  sendResponseType?: boolean
  /** Whether the code's exchange repeats the redirect URI, which the vendor's form lacks. Default: true. */
  sendRedirectUri?: boolean
}

/** An authorization request. */
export interface AuthorizationRequest {
  /** Where to send the user's browser. */
  url: string
  /** 256 random bits. Keep it in the user's session, and give it to {@link OAuthApp.exchange}. */
  state: string
}

/** A grant that another system obtained. */
export interface GrantImport {
  /** The id to store it under. */
  id: string
  /** Its refresh token. It works once: nobody else may use it from now on. */
  refreshToken: string
  /** When it was issued; a Date, or milliseconds since the Unix epoch. Default: now. */
  refreshTokenIssuedAt?: Date | number
  /** An access token that may still be good. Needs `expiresAt`. */
  accessToken?: string
  /** When the access token expires; a Date, or milliseconds since the Unix epoch. */
  expiresAt?: Date | number
  /** Its scopes, as far as they are known. */
  scopes?: readonly string[]
}

const OPTIONS = [
  'clientId',
  'clientSecret',
  'redirectUri',
  'scopes',
  'store',
  'encryptionKey',
  'exitTimeout',
  'environment',
  'baseUrl',
  'authorizeUrl',
  'tokenUrl',
  'clientAuth',
  'pkce',
  'issuer',
  'sendResponseType',
  'sendRedirectUri',
  ...CONNECTION_OPTIONS,
] as const

/** Options of {@link OAuthApp.keepAlive}. */
export interface KeepAliveOptions {
  /** Renew grants that were not renewed for so many milliseconds; less than 28 days. Default: 14 days. */
  idle?: number
  /** How many exchanges to begin in a second at most. Default: 5. */
  perSecond?: number
  /** Hears how far it is, after each grant. */
  onProgress?: (progress: KeepAliveProgress) => void
  /** Stops the pass; what it leaves is due in the next. Exchanges that have begun go on. */
  signal?: AbortSignal
}

/** How far a pass of keep-alive is. */
export interface KeepAliveProgress {
  /** Grants that it renewed. */
  renewed: number
  /** Grants that somebody else renewed meanwhile, or is renewing. */
  skipped: number
  /** Grants that could not be renewed: they ended, or their turn comes again in the next pass. */
  failed: number
  /** Grants that are known to be due still, of at most 1,000 that are looked up at once. */
  remaining: number
}

/** The events of {@link OAuthApp}, each of what this process did. */
export interface OAuthAppEvents {
  /** A grant's tokens were renewed and stored. */
  renewed: [{ grantId: string }]
  /** They were not, for now, and are tried again when they are needed; or they could not be stored yet. */
  renewalFailed: [{ grantId: string; error: SmartRecruitersError }]
  /** A grant has ended: the customer has to authorize again. */
  reauthorizationRequired: [{ grantId: string; reason: ReauthorizationRequiredError['reason'] }]
  /** Keep-alive could not renew a grant whose refresh token dies in less than 7, 3 or 1 `days`. */
  expiring: [{ grantId: string; expiresAt: Date; days: number }]
}

const DAY = 24 * 60 * 60 * 1000

/** An app registered with SmartRecruiters for the authorization code grant. */
export class OAuthApp {
  /** The client id. */
  readonly clientId: string
  readonly #native: NativeOAuthApp
  readonly #events = new EventEmitter<OAuthAppEvents>()

  /** @throws {ConfigurationError} if an option is missing, unknown or malformed. */
  constructor(options: OAuthAppOptions) {
    const known = optionsObject('OAuthApp', options, OPTIONS)
    this.clientId = string('clientId', known.clientId)
    const { options: wire, proxyUrl, key } = connection(known)
    const exitTimeout = milliseconds('exitTimeout', known.exitTimeout, 5000)
    this.#native = unwrap(
      native.createOauthApp(
        {
          connection: wire,
          clientId: this.clientId,
          redirectUri: string('redirectUri', known.redirectUri),
          scopes: strings('scopes', known.scopes),
          pkce: optionalChoice('pkce', known.pkce, ['S256']) !== undefined,
          sendResponseType: boolean('sendResponseType', known.sendResponseType, true),
          sendRedirectUri: boolean('sendRedirectUri', known.sendRedirectUri, true),
          ...given({
            environment: optionalChoice('environment', known.environment, ['production', 'sandbox']),
            baseUrl: optionalUrl('baseUrl', known.baseUrl),
            authorizeUrl: optionalUrl('authorizeUrl', known.authorizeUrl),
            tokenUrl: optionalUrl('tokenUrl', known.tokenUrl),
            clientAuth: optionalChoice('clientAuth', known.clientAuth, ['body', 'basic']),
            issuer: optionalString('issuer', known.issuer),
          }),
        },
        string('clientSecret', known.clientSecret),
        storeOf('store', known.store ?? new MemoryStore()),
        encryptionKeys(known.encryptionKey),
        listener(this.#events),
        proxyUrl,
        key,
      ),
    )
    awaitExchangesAtExit(exitTimeout)
  }

  /** Calls `listener` at each event of this name. What it throws is an uncaught exception. */
  on<Name extends keyof OAuthAppEvents>(name: Name, listener: (...event: OAuthAppEvents[Name]) => void): this {
    this.#events.on(name, listener as never)
    return this
  }

  /** Calls `listener` no more. */
  off<Name extends keyof OAuthAppEvents>(name: Name, listener: (...event: OAuthAppEvents[Name]) => void): this {
    this.#events.off(name, listener as never)
    return this
  }

  /**
   * Makes an authorization request for one user: send the browser to `url`, keep `state` in the user's session.
   * @throws {ConfigurationError} if a scope is malformed, or there is no `authorizeUrl`.
   */
  authorizationUrl(options: { scopes?: readonly string[] } = {}): AuthorizationRequest {
    const known = optionsObject('authorizationUrl', options, ['scopes'])
    return unwrap(this.#native.authorizationUrl(strings('scopes', known.scopes)))
  }

  /**
   * Turns the URL that the browser came back with into a grant, and stores it.
   *
   * `callbackUrl` may be whole, or the path and query that a server sees. `state` is the one that
   * {@link authorizationUrl} gave for this user. `id` names the grant in the store, in place of one of the same id;
   * default: a new random one.
   * @throws {TokenError} if the user refused, the callback is not of this request, or the exchange failed.
   */
  async exchange(callbackUrl: string | URL, options: { state: string; id?: string }): Promise<Grant> {
    const known = optionsObject('exchange', options, ['state', 'id'])
    const callback = string('callbackUrl', isA('URL', callbackUrl) ? callbackUrl.href : callbackUrl)
    const state = string('state', known.state)
    const id = optionalString('id', known.id)
    const outcome = await call((completions, number) => {
      this.#native.exchange(completions, number, callback, state, id)
    }, {})
    return this.grant(outcome.first as string)
  }

  /**
   * The grant of this id, to give to a client as its credential. Whether there is one shows when it is used.
   * @throws {ConfigurationError} if the id begins with `customer:` or `token:`, as those of other records do.
   */
  grant(id: string): Grant {
    const grant = new Grant(string('id', id))
    setCredential(grant, unwrap(this.#native.grant(grant.id)))
    return grant
  }

  /**
   * Forgets a grant: its tokens leave the store, and whoever uses it then gets a
   * {@link ReauthorizationRequiredError}. It is not revoked at SmartRecruiters, and other processes use an access token
   * that they have until its end.
   */
  async forget(id: string): Promise<void> {
    const known = string('id', id)
    await call((completions, number) => this.#native.forget(completions, number, known), {})
  }

  /**
   * One pass of keep-alive: renews the grants that nobody used, before their refresh tokens die after 28 days. Call it
   * daily. Any number of processes may: each grant is renewed by one of them. It ends early, with some `remaining`,
   * when the token endpoint is down.
   * @throws {StoreError} if the store fails.
   */
  async keepAlive(options: KeepAliveOptions = {}): Promise<KeepAliveProgress> {
    const known = optionsObject('keepAlive', options, ['idle', 'perSecond', 'onProgress', 'signal'])
    const idle = integer('idle', known.idle, 0, 28 * DAY - 1, 14 * DAY)
    const perSecond = integer('perSecond', known.perSecond, 1, 1000, 5)
    const { onProgress } = options
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw configurationError('onProgress', 'must be a function')
    }
    let ended = false
    const tell = (progress: NativeKeepAliveProgress) => {
      if (!ended) onProgress?.(progress)
    }
    try {
      const outcome = await call(
        (completions, number) => this.#native.keepAlive(completions, number, idle, perSecond, tell),
        {},
        optionalSignal('signal', known.signal),
      )
      tell(outcome.first as KeepAliveProgress)
      return outcome.first as KeepAliveProgress
    } finally {
      // It may come later than the result.
      ended = true
    }
  }

  /** Stores a grant that another system obtained, in place of one of the same id. */
  async import(grant: GrantImport): Promise<Grant> {
    const known = optionsObject('import', grant, [
      'id',
      'refreshToken',
      'refreshTokenIssuedAt',
      'accessToken',
      'expiresAt',
      'scopes',
    ])
    const accessToken = optionalString('accessToken', known.accessToken)
    const expiresAt = optionalDate('expiresAt', known.expiresAt)
    if (accessToken !== undefined && expiresAt === undefined) {
      throw configurationError('expiresAt', 'must be given with accessToken')
    }
    const refreshToken = string('refreshToken', known.refreshToken)
    const record = {
      id: string('id', known.id),
      scopes: strings('scopes', known.scopes),
      ...given({
        expiresAt,
        refreshTokenIssuedAt: optionalDate('refreshTokenIssuedAt', known.refreshTokenIssuedAt),
      }),
    }
    await call((completions, number) => {
      this.#native.import(completions, number, record, refreshToken, accessToken)
    }, {})
    return this.grant(record.id)
  }
}

/** Hands the core's events to those who listen. */
function listener(events: EventEmitter<OAuthAppEvents>): (event: NativeEvent) => void {
  return ({ name, grantId, error, reason, expiresAt, days }) => {
    if (name === 'renewed') events.emit('renewed', { grantId })
    else if (name === 'reauthorizationRequired') events.emit('reauthorizationRequired', { grantId, reason })
    else if (error !== undefined) events.emit('renewalFailed', { grantId, error: toError(error, {}) })
    else if (expiresAt !== undefined && days !== undefined) {
      events.emit('expiring', { grantId, expiresAt: new Date(expiresAt), days })
    }
  }
}
