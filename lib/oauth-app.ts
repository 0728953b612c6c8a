/**
 * Apps that use the authorization code grant (RFC 6749 section 4.1): customers authorize them, and they keep the
 * grants.
 */

import { EventEmitter } from 'node:events'
import type { NativeEvent, NativeOAuthApp } from '../index.js'
import { call } from './calls.js'
import { SmartRecruiters } from './client.js'
import { CONNECTION_OPTIONS, type ConnectionOptions, connection } from './connection.js'
import { Grant } from './credentials.js'
import { type EncryptionKey, encryptionKeys } from './encryption-key.js'
import { type ApiOptions, api } from './environment.js'
import {
  configurationError,
  type ReauthorizationRequiredError,
  type SmartRecruitersError,
  type TokenError,
  toError,
  unwrap,
} from './errors.js'
import { awaitExchangesAtExit, settled } from './exit.js'
import { type GrantInfo, type GrantsOptions, listGrants, metadataOf } from './grants.js'
import { MADE_HERE, setCredential } from './handles.js'
import { native } from './native.js'
import { withProgress } from './progress.js'
import { type AnyStore, MemoryStore, storeOf } from './stores.js'
import {
  bare,
  boolean,
  callback,
  eventName,
  FROM_ENVIRONMENT,
  given,
  integer,
  milliseconds,
  optionalChoice,
  optionalDate,
  optionalString,
  optionalUrl,
  optionsObject,
  record,
  string,
  strings,
} from './validate.js'

/** Options of the {@link OAuthApp} constructor. */
export interface OAuthAppOptions extends ConnectionOptions, ApiOptions {
  /** The app's client id, as SmartRecruiters issued it. */
  clientId: string
  /** The app's client secret, as SmartRecruiters issued it. It never appears in errors or logs. */
  clientSecret: string
  /**
   * One of the redirect URIs that are registered for the app, exactly as registered. It must begin with `https://`, or
   * with `http://` on localhost.
   */
  redirectUri: string
  /**
   * The scopes to request, such as `['jobs_read']`. Default: none are sent, and SmartRecruiters grants the scopes that
   * the app is registered with.
   */
  scopes?: readonly string[] | undefined
  /**
   * Where grants are stored. Default: a {@link MemoryStore}, which loses them when the process ends. Use a durable
   * store in production.
   */
  store?: AnyStore | undefined
  /**
   * The key that encrypts the records of a durable store (AES-256-GCM): 32 random bytes, or their text in Base64 or
   * hex, as `openssl rand -base64 32` prints it. Required with a durable store; `false` stores tokens unencrypted. To
   * replace a key, give a list: the first key encrypts, and each of them decrypts; see {@link OAuthApp.rekey}.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
  /**
   * Whether to renew unused grants in the background, before their refresh tokens expire after 28 days without use.
   * Passes of {@link OAuthApp.keepAlive} then run on their own, the first within a minute, until this thread ends. They
   * do not keep the process alive. Any number of processes and threads may do this: each grant is renewed by one of
   * them. Default: false.
   */
  keepAlive?: boolean | BackgroundKeepAliveOptions | undefined
  /**
   * How long the process waits at its end for a token exchange in flight, in milliseconds. Default: 5000.
   */
  exitTimeout?: number | undefined
  /**
   * The authorization endpoint, where users authorize the app. Default: that of the environment. SmartRecruiters
   * documents none for its sandbox, so it must be given there.
   */
  authorizeUrl?: string | URL | undefined
  /** The token endpoint. Default: `/identity/oauth/token` below the API root. */
  tokenUrl?: string | URL | undefined
  /**
   * How the client id and secret are sent to the token endpoint: in the form (`body`) or as HTTP Basic authentication
   * (RFC 6749 section 2.3.1). Default: `body`, as in the examples of SmartRecruiters.
   */
  clientAuth?: 'body' | 'basic' | undefined
  /** The PKCE method (RFC 7636). SmartRecruiters does not document support for PKCE. Default: no PKCE. */
  pkce?: 'S256' | undefined
  /**
   * The issuer that every callback must name in its `iss` parameter (RFC 9207). Set it only for a server that sends the
   * parameter. Default: not checked.
   */
  issuer?: string | undefined
  /**
   * Whether authorization requests contain `response_type=code`. RFC 6749 section 4.1.1 requires it, but the examples
   * of SmartRecruiters lack it. Default: true.
   */
  sendResponseType?: boolean | undefined
  /**
   * Whether the exchange of the code repeats the redirect URI. RFC 6749 section 4.1.3 requires it, but the documented
   * form of SmartRecruiters lacks it. Default: true.
   */
  sendRedirectUri?: boolean | undefined
}

/** An authorization request for one user, made by {@link OAuthApp.authorizationUrl}. */
export interface AuthorizationRequest {
  /** The URL to redirect the user's browser to. */
  url: string
  /**
   * A random value of 256 bits that ties the callback to this request (RFC 6749 section 10.12). Keep it in the user's
   * session, and pass it to {@link OAuthApp.exchange}.
   */
  state: string
}

/** A grant that another system obtained, for {@link OAuthApp.import}. */
export interface GrantImport {
  /** The id under which to store the grant. */
  id: string
  /** The refresh token of the grant. It works only once, so no other system may use it from now on. */
  refreshToken: string
  /** When the refresh token was issued: a `Date`, or milliseconds since the Unix epoch. Default: now. */
  refreshTokenIssuedAt?: Date | number | undefined
  /** An access token of the grant that may still be valid. It requires `expiresAt`. Default: none. */
  accessToken?: string | undefined
  /** When the access token expires: a `Date`, or milliseconds since the Unix epoch. */
  expiresAt?: Date | number | undefined
  /** The scopes of the grant, as far as they are known. Default: unknown. */
  scopes?: readonly string[] | undefined
  /**
   * Your own notes about the grant, which {@link OAuthApp.grants} lists: names with string values, at most 4 KiB. They
   * are encrypted as tokens are. Default: none.
   */
  metadata?: Readonly<Record<string, string>> | undefined
}

/** Options of {@link OAuthApp.exchange}. */
export interface ExchangeOptions {
  /** The `state` of this user's {@link AuthorizationRequest}, from the user's session. */
  state: string
  /**
   * The id under which to store the grant. A grant that is already stored under this id is replaced. Default: a new
   * random id.
   *
   * To derive the id from the customer, give a function. It is called with a client that uses the new grant, once the
   * tokens are stored under a provisional id: `async sr => (await sr.get('/user-api/v201804/users/me')).id`. If the
   * function fails, `exchange()` fails with its error, and the same callback can be exchanged again.
   */
  id?: string | ((sr: SmartRecruiters) => string | Promise<string>) | undefined
  /**
   * Your own notes about the grant, which {@link OAuthApp.grants} lists: names with string values, at most 4 KiB. They
   * are encrypted as tokens are. Default: none.
   */
  metadata?: Readonly<Record<string, string>> | undefined
}

/** A grant as encrypted text, for {@link OAuthApp.import}. */
export interface SealedGrant {
  /** The text that {@link OAuthApp.export} returned. */
  sealed: string
}

const OPTIONS = [
  'clientId',
  'clientSecret',
  'redirectUri',
  'scopes',
  'store',
  'encryptionKey',
  'keepAlive',
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

/** Options of one pass of keep-alive, in the background or not. */
export interface KeepAlivePassOptions {
  /**
   * The time without renewal, in milliseconds, after which a grant is renewed: less than 28 days. Default: 14 days.
   */
  idle?: number | undefined
  /** The maximum number of token exchanges that the pass starts in one second, 1 to 1000. Default: 5. */
  perSecond?: number | undefined
}

/** Options of keep-alive in the background: {@link OAuthAppOptions.keepAlive}. */
export interface BackgroundKeepAliveOptions extends KeepAlivePassOptions {
  /**
   * The time between the end of one pass and the start of the next, in milliseconds, varied at random by up to a tenth:
   * 1000 or more, less than 28 days. Default: 24 hours.
   */
  every?: number | undefined
}

/** Options of {@link OAuthApp.keepAlive}. */
export interface KeepAliveOptions extends KeepAlivePassOptions {
  /** Called after each grant with the progress of the pass. Default: none. */
  onProgress?: ((progress: KeepAliveProgress) => void) | undefined
  /**
   * Stops the pass when it is aborted: the promise rejects with the signal's reason. Exchanges in flight continue, and
   * the next pass renews the remaining grants.
   */
  signal?: AbortSignal | undefined
}

/** The progress of a pass of keep-alive, and finally its result. */
export interface KeepAliveProgress {
  /** The number of grants that this pass has renewed. */
  renewed: number
  /** The number of grants that another process has renewed in the meantime, or is renewing. */
  skipped: number
  /** The number of grants that could not be renewed: they have ended, or the next pass tries them again. */
  failed: number
  /**
   * The number of grants that are known to be still due. Grants are looked up 1,000 at a time, so there may be more.
   */
  remaining: number
}

/** Options of {@link OAuthApp.rekey}. */
export interface RekeyOptions {
  /** Called after each record with the progress of rekeying. Default: none. */
  onProgress?: ((progress: RekeyProgress) => void) | undefined
  /**
   * Stops rekeying when it is aborted: the promise rejects with the signal's reason. Every record stays encrypted with
   * one of the keys, so rekeying can be started again at any time.
   */
  signal?: AbortSignal | undefined
}

/** The progress of rekeying, and finally its result. */
export interface RekeyProgress {
  /** The number of records that this call has encrypted with the first key. */
  resealed: number
  /** The number of records that were already encrypted with the first key. */
  skipped: number
  /**
   * The number of records that could not be encrypted with the first key. Keep the old key while this is not 0; the
   * event `rekeyFailed` names each record and the reason.
   */
  failed: number
}

/**
 * The events of {@link OAuthApp}, for {@link OAuthApp.on}. They report what this process has done, in whichever of its
 * threads.
 */
export interface OAuthAppEvents {
  /** The tokens of a grant were renewed and stored. */
  renewed: [{ grantId: string }]
  /** The tokens of a grant could not be renewed, or not be stored yet. The next use of the grant tries again. */
  renewalFailed: [{ grantId: string; error: SmartRecruitersError }]
  /**
   * The authorization server refuses the refresh token of a grant, but may accept it later. The client asks again after
   * growing pauses of up to an hour. Emitted once, at the first refusal.
   */
  refused: [{ grantId: string; since: Date; error: TokenError }]
  /** A grant has ended: the customer has to authorize the app again. */
  reauthorizationRequired: [{ grantId: string; reason: ReauthorizationRequiredError['reason'] }]
  /** Keep-alive could not renew a grant whose refresh token expires within `days` days: emitted at 7, 3 and 1. */
  expiring: [{ grantId: string; expiresAt: Date; days: number }]
  /** A background pass of keep-alive failed as a whole, because the store failed. The next pass runs as scheduled. */
  keepAliveFailed: [{ error: SmartRecruitersError }]
  /**
   * The settings of the store can lose grants: it may evict records, or does not write them to its disk. Emitted once,
   * when the app first uses its store. Without a listener it is a process warning with code `SMARTRECRUITERS_STORE`.
   */
  storeWarning: [{ message: string }]
  /** Rekeying could not encrypt a record with the first key. `id` is the record's id, of a grant or of another kind. */
  rekeyFailed: [{ id: string; error: SmartRecruitersError }]
}

const EVENTS = [
  'renewed',
  'renewalFailed',
  'refused',
  'reauthorizationRequired',
  'expiring',
  'keepAliveFailed',
  'storeWarning',
  'rekeyFailed',
] as const satisfies readonly (keyof OAuthAppEvents)[]
const LOST_STATE =
  'the session has lost it, or the login began in another browser; keep the state of `authorizationUrl()` in the ' +
  'session, and let the user begin again'
const DAY = 24 * 60 * 60 * 1000

/**
 * Apps that keep grants alive in the background. This set may be the only reference that keeps them from collection.
 */
const inBackground = new Set<OAuthApp>()

/**
 * An app that is registered with SmartRecruiters for the authorization code grant (RFC 6749 section 4.1). It sends
 * users to authorize it, exchanges the callback for a grant, and keeps each customer's grant in its store, renewed and
 * encrypted.
 *
 * @example
 * const { url, state } = app.authorizationUrl() // redirect to `url`, keep `state` in the session
 * const grant = await app.exchange(request.url, { state: session.state, id: 'acme' }) // at the redirect URI
 * const sr = new SmartRecruiters({ credential: app.grant('acme') }) // from now on
 */
export class OAuthApp {
  /** The app's client id. */
  readonly clientId: string
  readonly #native: NativeOAuthApp
  readonly #events = new EventEmitter<OAuthAppEvents>()
  /** The connection options for the clients that `exchange()` passes to its `id` function. */
  readonly #connection: ConnectionOptions

  /**
   * Makes an app. The store is not opened before it is needed.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const app = new OAuthApp({
   *   clientId,
   *   clientSecret,
   *   redirectUri: 'https://app.example/callback',
   *   store: new SqliteStore({ path: '/var/lib/app/grants.sqlite' }),
   *   encryptionKey, // openssl rand -base64 32
   * })
   */
  constructor(options: OAuthAppOptions) {
    const known = optionsObject('OAuthApp', options, OPTIONS)
    this.clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
    const { options: wire, proxyUrl, key } = connection(known)
    this.#connection = given(
      Object.fromEntries(CONNECTION_OPTIONS.map(name => [name, known[name]])),
    ) as ConnectionOptions
    const exitTimeout = milliseconds('exitTimeout', known.exitTimeout, 5000)
    const keepAlive = backgroundKeepAlive(known.keepAlive)
    this.#native = unwrap(
      native.createOauthApp(
        bare({
          connection: wire,
          clientId: this.clientId,
          redirectUri: string('redirectUri', known.redirectUri, FROM_ENVIRONMENT),
          scopes: strings('scopes', known.scopes),
          pkce: optionalChoice('pkce', known.pkce, ['S256']) !== undefined,
          sendResponseType: boolean('sendResponseType', known.sendResponseType, true),
          sendRedirectUri: boolean('sendRedirectUri', known.sendRedirectUri, true),
          ...api(known),
          ...given({
            authorizeUrl: optionalUrl('authorizeUrl', known.authorizeUrl),
            tokenUrl: optionalUrl('tokenUrl', known.tokenUrl),
            clientAuth: optionalChoice('clientAuth', known.clientAuth, ['body', 'basic']),
            issuer: optionalString('issuer', known.issuer),
          }),
        }),
        string('clientSecret', known.clientSecret, FROM_ENVIRONMENT),
        storeOf('store', known.store ?? new MemoryStore()),
        encryptionKeys(known.encryptionKey),
        listener(this.#events),
        proxyUrl,
        key,
      ),
    )
    if (keepAlive !== undefined) {
      this.#native.keepAliveInBackground(keepAlive.idle, keepAlive.perSecond, keepAlive.every)
      inBackground.add(this)
    }
    awaitExchangesAtExit(exitTimeout)
  }

  /** Calls `listener` for each event of this name. An error that it throws is an uncaught exception of the process. */
  on<Name extends keyof OAuthAppEvents>(name: Name, listener: (...event: OAuthAppEvents[Name]) => void): this {
    this.#events.on(eventName(name, EVENTS), callback(listener) as never)
    return this
  }

  /** Removes a listener that {@link on} added. */
  off<Name extends keyof OAuthAppEvents>(name: Name, listener: (...event: OAuthAppEvents[Name]) => void): this {
    this.#events.off(eventName(name, EVENTS), callback(listener) as never)
    return this
  }

  /**
   * Makes an authorization request for one user: redirect the browser to `url`, and keep `state` in the user's session.
   * `scopes` replaces the app's scopes for this request.
   * @throws {ConfigurationError} if a scope is malformed, or the environment has no default `authorizeUrl`.
   * @example
   * const { url, state } = app.authorizationUrl()
   */
  authorizationUrl(options: { scopes?: readonly string[] | undefined } = {}): AuthorizationRequest {
    const known = optionsObject('authorizationUrl', options, ['scopes'])
    return unwrap(this.#native.authorizationUrl(strings('scopes', known.scopes)))
  }

  /**
   * Exchanges the callback, the URL with which the browser returned to the redirect URI, for a grant, and stores the
   * grant.
   *
   * `callbackUrl` may be complete, or the path and query that a server sees. Its code works only once. When a browser
   * sends the same callback again, no second request is made, and the result is the same grant.
   *
   * If the store fails when the tokens have arrived, writing is retried until it succeeds; the event `renewalFailed`
   * gives the reason. An answer that cannot be used is kept encrypted in the store, and {@link grants} lists its grant
   * as `unread`.
   * @example
   * const grant = await app.exchange(request.url, { state: session.state, id: 'acme' })
   * const sr = new SmartRecruiters({ credential: grant })
   * @throws {TokenError} if the user refused, the callback does not belong to this request, or the exchange failed.
   * @throws {StoreError} if the store cannot be read. Nothing was exchanged then, and the code is still valid.
   */
  async exchange(callbackUrl: string | URL, options: ExchangeOptions): Promise<Grant> {
    const known = optionsObject('exchange', options, ['state', 'id', 'metadata'])
    const callback = string('callbackUrl', optionalUrl('callbackUrl', callbackUrl))
    const state = string('state', known.state, LOST_STATE)
    const whose = typeof known.id === 'function' ? (known.id as (sr: SmartRecruiters) => unknown) : undefined
    const id = whose ? undefined : optionalString('id', known.id)
    const metadata = metadataOf(known.metadata)
    const outcome = await call((completions, number) => {
      this.#native.exchange(completions, number, callback, state, id, metadata)
    }, {})
    const grant = this.grant(outcome.first as string)
    return whose ? this.#moveTo(whose, grant) : grant
  }

  /** Asks the caller's function for the id of a new grant, and moves the grant to that id. */
  async #moveTo(whose: (sr: SmartRecruiters) => unknown, grant: Grant): Promise<Grant> {
    const sr = new SmartRecruiters({ ...this.#connection, credential: grant })
    try {
      const id = string('id', await whose(sr))
      await call((completions, number) => this.#native.rename(completions, number, grant.id, id), {})
      return this.grant(id)
    } finally {
      await sr.close()
    }
  }

  /**
   * Replaces the notes about a grant, which {@link grants} lists as `metadata`: names with string values, at most 4
   * KiB. They are encrypted as tokens are.
   * @throws {UnknownGrantError} if the store has no grant of this id.
   */
  async annotate(id: string, metadata: Readonly<Record<string, string>>): Promise<void> {
    const known = string('id', id)
    const notes = metadataOf(record('metadata', metadata))
    await call((completions, number) => this.#native.annotate(completions, number, known, notes), {})
  }

  /**
   * Returns the grant with this id, to pass to a client as its credential. The store is read when the grant is used: a
   * call then rejects with an {@link UnknownGrantError} if there is no such grant.
   * @throws {ConfigurationError} if the id begins with `customer:` or `token:`, the prefixes of other records.
   * @example
   * const sr = new SmartRecruiters({ credential: app.grant('acme') })
   */
  grant(id: string): Grant {
    const grant = new Grant(string('id', id), MADE_HERE)
    setCredential(grant, unwrap(this.#native.grant(grant.id)))
    return grant
  }

  /**
   * Lists the app's grants without their secrets, in the order in which their refresh tokens expire; grants that have
   * ended come last. The store is read 100 records at a time. A grant that is renewed in the meantime may be listed
   * twice. Forgotten grants are not listed.
   * @throws {StoreError} if a record cannot be read. The error names it: no grant is left out silently.
   * @example
   * for await (const { id, state } of app.grants({ state: 'ended' })) await notify(id)
   */
  grants(options: GrantsOptions = {}): AsyncGenerator<GrantInfo, void, undefined> {
    return listGrants(this.#native, options)
  }

  /**
   * Forgets a grant: removes its tokens from the store. Calls that use the grant then reject with a {@link
   * ReauthorizationRequiredError}.
   *
   * The grant is not revoked at SmartRecruiters, and other processes may use an access token that they hold until it
   * expires. A record without tokens stays in the store for a day, so that a process that has just read the grant
   * cannot write it back; a later pass of {@link keepAlive} removes the record.
   * @throws {StoreError} if the store fails.
   */
  async forget(id: string): Promise<void> {
    const known = string('id', id)
    await call((completions, number) => this.#native.forget(completions, number, known), {})
  }

  /**
   * Resolves when this process has no one-time exchange in flight, for this app or any other: no renewal of a grant, no
   * exchange of an authorization code, no request for a customer's credentials. It also waits for exchanges that start
   * in the meantime.
   *
   * Pass the promise to `waitUntil` of a serverless platform, so that the process is not frozen during an exchange. In
   * a worker thread that has a store of its own, await it before the thread ends.
   */
  settled(): Promise<void> {
    return settled()
  }

  /**
   * Runs one pass of keep-alive: renews the grants that were not used, before their refresh tokens expire after 28
   * days. Call it daily. If several processes call it, each grant is renewed by only one of them. When the token
   * endpoint is down, the pass ends early, with grants `remaining`.
   * @throws {StoreError} if the store fails.
   * @example
   * const { renewed, failed } = await app.keepAlive()
   */
  async keepAlive(options: KeepAliveOptions = {}): Promise<KeepAliveProgress> {
    const known = optionsObject('keepAlive', options, ['idle', 'perSecond', 'onProgress', 'signal'])
    const { idle, perSecond } = keepAlivePass('', known)
    return withProgress<KeepAliveProgress>(known.onProgress, known.signal, (completions, number, tell) => {
      this.#native.keepAlive(completions, number, idle, perSecond, tell)
    })
  }

  /**
   * Encrypts every record in the app's namespace of its store with the first `encryptionKey`, so that the other keys
   * can be dropped. Grants can be used and renewed meanwhile, and any number of processes may call it.
   *
   * To replace a key: 1. give all processes both keys, the old one first; 2. give all processes both keys, the new one
   * first; 3. call `rekey()` once; 4. drop the old key.
   * @throws {ConfigurationError} if the app has no key.
   * @throws {StoreError} if the store cannot list its records.
   * @example
   * const { failed } = await app.rekey() // keep the old key unless this is 0
   */
  async rekey(options: RekeyOptions = {}): Promise<RekeyProgress> {
    const known = optionsObject('rekey', options, ['onProgress', 'signal'])
    return withProgress<RekeyProgress>(known.onProgress, known.signal, (completions, number, tell) => {
      this.#native.rekey(completions, number, tell)
    })
  }

  /**
   * Moves a grant out of this store: ends it here with the reason `exported`, and resolves with its tokens as encrypted
   * text, for {@link import} into another store, namespace or app with the same `encryptionKey`.
   *
   * Keep the text secret: its refresh token works only once, for the first app that imports it. A renewal in flight is
   * awaited first. Calling `export` again returns the grant again, and importing the text here restores it.
   * @throws {ConfigurationError} if the app has no key.
   * @throws {ReauthorizationRequiredError} if the grant has ended for another reason.
   * @example
   * await otherApp.import({ sealed: await app.export('acme') })
   */
  async export(id: string): Promise<string> {
    const known = string('id', id)
    const outcome = await call((completions, number) => this.#native.export(completions, number, known), {})
    return outcome.first as string
  }

  /**
   * Stores a grant that another system obtained, or one that {@link export} returned; the latter keeps its id. A grant
   * that is already stored under the same id is replaced.
   * @throws {ConfigurationError} if a field is missing or malformed, or if exported text was changed, was encrypted
   * with another key, or is older than the grant in the store.
   * @throws {StoreError} if the store fails.
   * @example
   * const grant = await app.import({ id: 'acme', refreshToken })
   */
  async import(grant: GrantImport | SealedGrant): Promise<Grant> {
    if (Object.hasOwn(record('import', grant), 'sealed')) {
      const sealed = string('sealed', optionsObject('import', grant, ['sealed']).sealed)
      const outcome = await call((completions, number) => this.#native.importSealed(completions, number, sealed), {})
      return this.grant(outcome.first as string)
    }
    const known = optionsObject('import', grant, [
      'id',
      'refreshToken',
      'refreshTokenIssuedAt',
      'accessToken',
      'expiresAt',
      'scopes',
      'metadata',
    ])
    const accessToken = optionalString('accessToken', known.accessToken)
    const expiresAt = optionalDate('expiresAt', known.expiresAt)
    if (accessToken !== undefined && expiresAt === undefined) {
      throw configurationError('expiresAt', 'must be given with accessToken')
    }
    const refreshToken = string('refreshToken', known.refreshToken)
    const wire = bare({
      id: string('id', known.id),
      scopes: strings('scopes', known.scopes),
      metadata: metadataOf(known.metadata),
      ...given({
        expiresAt,
        refreshTokenIssuedAt: optionalDate('refreshTokenIssuedAt', known.refreshTokenIssuedAt),
      }),
    })
    await call((completions, number) => {
      this.#native.import(completions, number, wire, refreshToken, accessToken)
    }, {})
    return this.grant(wire.id)
  }
}

/** Checks the options of a pass of keep-alive. `prefix` stands before their names in errors. */
function keepAlivePass(prefix: string, known: { idle: unknown; perSecond: unknown }) {
  return {
    idle: integer(`${prefix}idle`, known.idle, 0, 28 * DAY - 1, 14 * DAY),
    perSecond: integer(`${prefix}perSecond`, known.perSecond, 1, 1000, 5),
  }
}

/** Checks the option `keepAlive`; `undefined` if there are no passes in the background. */
function backgroundKeepAlive(value: unknown) {
  if (value === undefined || value === false) return undefined
  const options = value === true ? {} : value
  if (typeof options !== 'object') throw configurationError('keepAlive', 'must be true, false or an object of options')
  const known = optionsObject('keepAlive', options, ['idle', 'perSecond', 'every'])
  return {
    ...keepAlivePass('keepAlive.', known),
    every: integer('keepAlive.every', known.every, 1000, 28 * DAY - 1, DAY),
  }
}

/** Emits the core's events to the app's listeners. */
function listener(events: EventEmitter<OAuthAppEvents>): (event: NativeEvent) => void {
  return event => {
    const { name, id = '', error, reason, expiresAt, since, days, message } = bare(event)
    if (name === 'renewed') events.emit('renewed', { grantId: id })
    else if (name === 'reauthorizationRequired') events.emit('reauthorizationRequired', { grantId: id, reason })
    else if (name === 'keepAliveFailed' && error) events.emit('keepAliveFailed', { error: toError(error, {}) })
    else if (name === 'rekeyFailed' && error) events.emit('rekeyFailed', { id, error: toError(error, {}) })
    else if (name === 'refused' && error && since !== undefined) {
      events.emit('refused', { grantId: id, since: new Date(since), error: toError(error, {}) as TokenError })
    } else if (error !== undefined) events.emit('renewalFailed', { grantId: id, error: toError(error, {}) })
    else if (expiresAt !== undefined && days !== undefined) {
      events.emit('expiring', { grantId: id, expiresAt: new Date(expiresAt), days })
    } else if (message !== undefined && !events.emit('storeWarning', { message })) {
      // There is no listener.
      process.emitWarning(message, { code: 'SMARTRECRUITERS_STORE' })
    }
  }
}
