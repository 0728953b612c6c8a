/**
 * Apps that use the authorization code grant (RFC 6749 section 4.1): customers authorize them, and they keep the
 * grants.
 */

import { EventEmitter } from 'node:events'
import type { NativeOAuthApp } from '../index.js'
import type { OperationName } from './api.js'
import { call } from './calls.js'
import { SmartRecruiters } from './client.js'
import { CONNECTION_OPTIONS, type ConnectionOptions } from './connection.js'
import { Grant } from './credentials.js'
import type { EncryptionKey } from './encryption-key.js'
import type { ApiOptions } from './environment.js'
import { unwrap } from './errors.js'
import { WithEvents } from './events.js'
import { awaitExchangesAtExit, settled } from './exit.js'
import { type GrantImport, grantImport, type SealedGrant } from './grant-import.js'
import { type GrantInfo, type GrantsOptions, listGrants, metadataOf } from './grants.js'
import { MADE_HERE, setCredential } from './handles.js'
import {
  type BackgroundKeepAliveOptions,
  backgroundKeepAlive,
  type KeepAliveOptions,
  type KeepAliveProgress,
  keepAlivePass,
} from './keep-alive.js'
import { native } from './native.js'
import { EVENTS, listener, type OAuthAppEvents } from './oauth-app-events.js'
import { withProgress } from './progress.js'
import { REGISTRATION_OPTIONS, registration } from './registration.js'
import type { RekeyOptions, RekeyProgress } from './rekey.js'
import { type AnyStore, MemoryStore, storeOf } from './stores.js'
import { logAsEnvironmentSays } from './telemetry/environment-logger.js'
import { updateWatch } from './telemetry/process-watch.js'
import {
  bare,
  boolean,
  FROM_ENVIRONMENT,
  given,
  optionalChoice,
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

/** Options of {@link OAuthApp.authorizationUrl}. Without any, the request names the app's scopes. */
export interface AuthorizationUrlOptions {
  /** The scopes to request in place of the app's. */
  scopes?: readonly string[] | undefined
  /**
   * Operations to request the scopes for, in place of the app's scopes: exactly those that the operations need, and
   * `scopes`, if both are given. An operation is a method and a path, such as `GET /jobs/{id}`. If SmartRecruiters does
   * not document the scopes of an operation, name them in `scopes`.
   */
  for?: readonly (OperationName | (string & {}))[] | undefined
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

const OPTIONS = [
  'redirectUri',
  'scopes',
  'store',
  'keepAlive',
  'authorizeUrl',
  'pkce',
  'issuer',
  'sendResponseType',
  'sendRedirectUri',
  ...REGISTRATION_OPTIONS,
] as const

const LOST_STATE =
  'the session has lost it, or the login began in another browser; keep the state of `authorizationUrl()` in the ' +
  'session, and let the user begin again'
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
export class OAuthApp extends WithEvents<OAuthAppEvents> {
  /** The app's client id. */
  readonly clientId: string
  /** The redirect URI, as it was given. */
  readonly redirectUri: string
  readonly #native: NativeOAuthApp
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
    const events = new EventEmitter<OAuthAppEvents>()
    super(events, EVENTS)
    const known = optionsObject('OAuthApp', options, OPTIONS)
    const { options: registered, clientSecret, encryptionKeys, proxyUrl, key, exitTimeout } = registration(known)
    this.clientId = registered.clientId
    this.redirectUri = string('redirectUri', known.redirectUri, FROM_ENVIRONMENT)
    this.#connection = given(
      Object.fromEntries(CONNECTION_OPTIONS.map(name => [name, known[name]])),
    ) as ConnectionOptions
    const keepAlive = backgroundKeepAlive(known.keepAlive)
    this.#native = unwrap(
      native.createOauthApp(
        registered,
        bare({
          redirectUri: this.redirectUri,
          scopes: strings('scopes', known.scopes),
          pkce: optionalChoice('pkce', known.pkce, ['S256']) !== undefined,
          sendResponseType: boolean('sendResponseType', known.sendResponseType, true),
          sendRedirectUri: boolean('sendRedirectUri', known.sendRedirectUri, true),
          ...given({
            authorizeUrl: optionalUrl('authorizeUrl', known.authorizeUrl),
            issuer: optionalString('issuer', known.issuer),
          }),
        }),
        clientSecret,
        storeOf('store', known.store ?? new MemoryStore()),
        encryptionKeys,
        listener(events),
        proxyUrl,
        key,
      ),
    )
    if (keepAlive !== undefined) {
      this.#native.keepAliveInBackground(keepAlive.idle, keepAlive.perSecond, keepAlive.every)
      inBackground.add(this)
    }
    awaitExchangesAtExit(exitTimeout)
    logAsEnvironmentSays()
    updateWatch()
  }

  /**
   * Makes an authorization request for one user: redirect the browser to `url`, and keep `state` in the user's session.
   * @throws {ConfigurationError} if a scope is malformed, the scopes of an operation in `for` are not known, or the
   * environment has no default `authorizeUrl`.
   * @example
   * const { url, state } = app.authorizationUrl({ for: ['GET /jobs', 'PATCH /candidates/{id}'] })
   */
  authorizationUrl(options: AuthorizationUrlOptions = {}): AuthorizationRequest {
    const known = optionsObject('authorizationUrl', options, ['scopes', 'for'])
    return unwrap(this.#native.authorizationUrl(strings('scopes', known.scopes), strings('for', known.for)))
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
    const grantId = await call<string>((completions, callId) => {
      this.#native.exchange(completions, callId, callback, state, id, metadata)
    }, {})
    const grant = this.grant(grantId)
    return whose ? this.#moveTo(whose, grant) : grant
  }

  /** Asks the caller's function for the id of a new grant, and moves the grant to that id. */
  async #moveTo(whose: (sr: SmartRecruiters) => unknown, grant: Grant): Promise<Grant> {
    const sr = new SmartRecruiters({ ...this.#connection, credential: grant })
    try {
      const id = string('id', await whose(sr))
      await call<undefined>((completions, callId) => this.#native.rename(completions, callId, grant.id, id), {})
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
    await call<undefined>((completions, callId) => this.#native.annotate(completions, callId, known, notes), {})
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
    await call<undefined>((completions, callId) => this.#native.forget(completions, callId, known), {})
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
    return withProgress<KeepAliveProgress>(known.onProgress, known.signal, (completions, callId, report) => {
      this.#native.keepAlive(completions, callId, idle, perSecond, report)
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
    return withProgress<RekeyProgress>(known.onProgress, known.signal, (completions, callId, report) => {
      this.#native.rekey(completions, callId, report)
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
    return call<string>((completions, callId) => this.#native.export(completions, callId, known), {})
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
      const id = await call<string>((completions, callId) => {
        this.#native.importSealed(completions, callId, sealed)
      }, {})
      return this.grant(id)
    }
    const { options, refreshToken, accessToken } = grantImport(grant)
    const id = await call<string>((completions, callId) => {
      this.#native.import(completions, callId, options, refreshToken, accessToken)
    }, {})
    return this.grant(id)
  }
}
