/** OAuth 2.0 authorization code (RFC 6749 section 4.1): customers give an app permission, and it keeps their grants. */

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

/** Options of {@link OAuthApp}. */
export interface OAuthAppOptions extends ConnectionOptions, ApiOptions {
  /** The client id. */
  clientId: string
  /** The client secret. */
  clientSecret: string
  /** One of the app's registered redirect URIs, letter for letter. https, or http on localhost. */
  redirectUri: string
  /** The scopes to ask for. Default: none is sent, and the vendor gives those that the app is registered with. */
  scopes?: readonly string[] | undefined
  /** Where grants live. Default: a {@link MemoryStore}, which loses them when the process ends. */
  store?: AnyStore | undefined
  /**
   * What seals the records of a durable store (AES-256-GCM): 32 random bytes, or their text in Base64 or hex, as
   * `openssl rand -base64 32` prints them. A list replaces a key: the first seals, all open. `false`: tokens are
   * stored in the clear. Needed with a durable store.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
  /**
   * Renews grants that nobody uses in the background, before their refresh tokens die after 28 days: passes of
   * {@link OAuthApp.keepAlive} come by themselves, the first within a minute, until this thread ends. They keep no
   * process alive. Any number of processes and threads may do this. Default: false.
   */
  keepAlive?: boolean | BackgroundKeepAliveOptions | undefined
  /**
   * How long the end of the process waits for an exchange in flight, in milliseconds. Default: 5000.
   */
  exitTimeout?: number | undefined
  /** Where users authorize. Default: the environment's; the vendor documents none for its sandbox. */
  authorizeUrl?: string | URL | undefined
  /** The token endpoint. Default: `/identity/oauth/token` below the API root. */
  tokenUrl?: string | URL | undefined
  /** How client id and secret are sent: in the form (`body`), or as HTTP Basic. Default: `body`. */
  clientAuth?: 'body' | 'basic' | undefined
  /** PKCE (RFC 7636). The vendor documents no support. Default: none. */
  pkce?: 'S256' | undefined
  /** The issuer that callbacks must name as `iss` (RFC 9207), where the server promises to. Default: not checked. */
  issuer?: string | undefined
  /** Whether authorization requests have `response_type=code`, which the vendor's examples lack. Default: true. */
  sendResponseType?: boolean | undefined
  /** Whether the code's exchange repeats the redirect URI, which the vendor's form lacks. Default: true. */
  sendRedirectUri?: boolean | undefined
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
  refreshTokenIssuedAt?: Date | number | undefined
  /** An access token that may still be good. Needs `expiresAt`. */
  accessToken?: string | undefined
  /** When the access token expires; a Date, or milliseconds since the Unix epoch. */
  expiresAt?: Date | number | undefined
  /** Its scopes, as far as they are known. */
  scopes?: readonly string[] | undefined
  /** What to note about it, for {@link OAuthApp.grants}: flat strings, 4 KiB at most. It is sealed as tokens are. */
  metadata?: Readonly<Record<string, string>> | undefined
}

/** Options of {@link OAuthApp.exchange}. */
export interface ExchangeOptions {
  /** The state that {@link OAuthApp.authorizationUrl} gave for this user. */
  state: string
  /**
   * The id of the grant in the store, in place of one of the same id. A function finds it out by a client with the new
   * grant, once the tokens are safe under a provisional id: `async sr => (await sr.get('/user-api/v201804/users/me')).id`.
   * If it fails, `exchange()` fails with its error; the same callback can then be exchanged again. Default: a new random
   * id.
   */
  id?: string | ((sr: SmartRecruiters) => string | Promise<string>) | undefined
  /** What to note about the grant, for {@link OAuthApp.grants}: flat strings, 4 KiB at most. It is sealed as tokens are. */
  metadata?: Readonly<Record<string, string>> | undefined
}

/** A grant that {@link OAuthApp.export} gave. */
export interface SealedGrant {
  /** What it gave. */
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

/** What a pass of keep-alive does. */
export interface KeepAlivePassOptions {
  /** Renew grants that were not renewed for so many milliseconds; less than 28 days. Default: 14 days. */
  idle?: number | undefined
  /** How many exchanges to begin in a second at most. Default: 5. */
  perSecond?: number | undefined
}

/** Options of keep-alive in the background. */
export interface BackgroundKeepAliveOptions extends KeepAlivePassOptions {
  /** From the end of a pass to the next in milliseconds, give or take a tenth; at least 1000. Default: 24 hours. */
  every?: number | undefined
}

/** Options of {@link OAuthApp.keepAlive}. */
export interface KeepAliveOptions extends KeepAlivePassOptions {
  /** Hears how far it is, after each grant. */
  onProgress?: ((progress: KeepAliveProgress) => void) | undefined
  /** Stops the pass; what it leaves is due in the next. Exchanges that have begun go on. */
  signal?: AbortSignal | undefined
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

/** Options of {@link OAuthApp.rekey}. */
export interface RekeyOptions {
  /** Hears how far it is, after each record. */
  onProgress?: ((progress: RekeyProgress) => void) | undefined
  /** Stops it. Records are sealed with one of the keys at any moment: it can be done again from the start. */
  signal?: AbortSignal | undefined
}

/** How far rekeying is. */
export interface RekeyProgress {
  /** Records that it sealed anew. */
  resealed: number
  /** Records that were sealed with the first key already, by whomever. */
  skipped: number
  /** Records that it could not seal anew: while there are any, keep the old key. `rekeyFailed` tells which and why. */
  failed: number
}

/** The events of {@link OAuthApp}, each of what this process did, whichever thread it was for. */
export interface OAuthAppEvents {
  /** A grant's tokens were renewed and stored. */
  renewed: [{ grantId: string }]
  /** They were not, for now, and are tried again when they are needed; or they could not be stored yet. */
  renewalFailed: [{ grantId: string; error: SmartRecruitersError }]
  /**
   * The authorization server refuses a grant's refresh token, and may accept it later: it is asked again with growing
   * pauses, up to an hour. Reported once, at the first refusal.
   */
  refused: [{ grantId: string; since: Date; error: TokenError }]
  /** A grant has ended: the customer has to authorize again. */
  reauthorizationRequired: [{ grantId: string; reason: ReauthorizationRequiredError['reason'] }]
  /** Keep-alive could not renew a grant whose refresh token dies in less than 7, 3 or 1 `days`. */
  expiring: [{ grantId: string; expiresAt: Date; days: number }]
  /** A pass of keep-alive in the background failed as a whole, because of the store. The next comes in its time. */
  keepAliveFailed: [{ error: SmartRecruitersError }]
  /**
   * The store's settings could lose grants: it may evict them, or does not write to its disk. Told once, when the app
   * first uses its store. Where nobody listens it is a warning of the process, with the code `SMARTRECRUITERS_STORE`.
   */
  storeWarning: [{ message: string }]
  /** Rekeying could not seal a record anew: a grant's, or that of another kind. */
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
  'the session has lost it, or the login began in another browser; keep what `authorizationUrl()` gave in the session, ' +
  'and let the user begin again'
const DAY = 24 * 60 * 60 * 1000

/** Apps that keep grants alive in the background: nobody else may hold them, and they must not be collected. */
const inBackground = new Set<OAuthApp>()

/** An app registered with SmartRecruiters for the authorization code grant. */
export class OAuthApp {
  /** The client id. */
  readonly clientId: string
  readonly #native: NativeOAuthApp
  readonly #events = new EventEmitter<OAuthAppEvents>()
  /** How connections are made, for the clients that find out whose a grant is. */
  readonly #connection: ConnectionOptions

  /**
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

  /** Calls `listener` at each event of this name. What it throws is an uncaught exception. */
  on<Name extends keyof OAuthAppEvents>(name: Name, listener: (...event: OAuthAppEvents[Name]) => void): this {
    this.#events.on(eventName(name, EVENTS), callback(listener) as never)
    return this
  }

  /** Calls `listener` no more. */
  off<Name extends keyof OAuthAppEvents>(name: Name, listener: (...event: OAuthAppEvents[Name]) => void): this {
    this.#events.off(eventName(name, EVENTS), callback(listener) as never)
    return this
  }

  /**
   * Makes an authorization request for one user: send the browser to `url`, keep `state` in the user's session.
   * @throws {ConfigurationError} if a scope is malformed, or there is no `authorizeUrl`.
   */
  authorizationUrl(options: { scopes?: readonly string[] | undefined } = {}): AuthorizationRequest {
    const known = optionsObject('authorizationUrl', options, ['scopes'])
    return unwrap(this.#native.authorizationUrl(strings('scopes', known.scopes)))
  }

  /**
   * Turns the URL that the browser came back with into a grant, and stores it.
   *
   * `callbackUrl` may be whole, or the path and query that a server sees. Its code works once: the same callback again,
   * as a browser may send it, makes no second request and gives the same grant.
   *
   * A store that fails once the tokens are there is tried again for as long as it takes (`renewalFailed` says why). An
   * answer that cannot be used is kept in the store, sealed, and its grant listed as `unread`.
   * @example
   * const grant = await app.exchange(request.url, { state: session.state, id: 'acme' })
   * const sr = new SmartRecruiters({ credential: grant })
   * @throws {TokenError} if the user refused, the callback is not of this request, or the exchange failed.
   * @throws {StoreError} if the store cannot be read; nothing was exchanged then, and the code is still good.
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

  /** Asks whose a grant is, and moves it to that id. */
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
   * Replaces what is noted about a grant: flat strings, 4 KiB at most, which {@link grants} lists. They are sealed as
   * tokens are.
   * @throws {UnknownGrantError} if the store has no grant of this id.
   */
  async annotate(id: string, metadata: Readonly<Record<string, string>>): Promise<void> {
    const known = string('id', id)
    const notes = metadataOf(record('metadata', metadata))
    await call((completions, number) => this.#native.annotate(completions, number, known, notes), {})
  }

  /**
   * The grant of this id, to give to a client as its credential. Whether there is one shows when it is used.
   * @throws {ConfigurationError} if the id begins with `customer:` or `token:`, as those of other records do.
   */
  grant(id: string): Grant {
    const grant = new Grant(string('id', id), MADE_HERE)
    setCredential(grant, unwrap(this.#native.grant(grant.id)))
    return grant
  }

  /**
   * Lists the app's grants, without their secrets: in the order in which their refresh tokens die, those that have
   * ended last. Reads 100 records of the store at a time. A grant that is renewed meanwhile may come twice; one that
   * was forgotten does not come.
   * @throws {StoreError} that names the record, if one cannot be read: no grant is left out in silence.
   */
  grants(options: GrantsOptions = {}): AsyncGenerator<GrantInfo, void, undefined> {
    return listGrants(this.#native, options)
  }

  /**
   * Forgets a grant: its tokens leave the store, and clients that use it then get a
   * {@link ReauthorizationRequiredError}. A record without tokens stays for a day, so that a process that read the grant
   * just before cannot bring it back; a later pass of {@link keepAlive} removes it. It is not revoked at SmartRecruiters, and other processes use an access token
   * that they have until its end.
   */
  async forget(id: string): Promise<void> {
    const known = string('id', id)
    await call((completions, number) => this.#native.forget(completions, number, known), {})
  }

  /**
   * Resolves when this process has no exchange in flight that works once: no renewal of a grant, no exchange of an
   * authorization code, no request for a customer's credentials, whichever app it is for. Exchanges that begin
   * meanwhile are included.
   *
   * A serverless handler passes it to its platform's `waitUntil`, so that the process is not frozen during an exchange.
   * A worker that has a store of its own awaits it before it ends.
   */
  settled(): Promise<void> {
    return settled()
  }

  /**
   * One pass of keep-alive: renews the grants that nobody used, before their refresh tokens die after 28 days. Call it
   * daily. Any number of processes may: each grant is renewed by one of them. It ends early, with some `remaining`,
   * when the token endpoint is down.
   * @throws {StoreError} if the store fails.
   */
  async keepAlive(options: KeepAliveOptions = {}): Promise<KeepAliveProgress> {
    const known = optionsObject('keepAlive', options, ['idle', 'perSecond', 'onProgress', 'signal'])
    const { idle, perSecond } = keepAlivePass('', known)
    return withProgress<KeepAliveProgress>(known.onProgress, known.signal, (completions, number, tell) => {
      this.#native.keepAlive(completions, number, idle, perSecond, tell)
    })
  }

  /**
   * Seals every record in the app's part of its store with the first `encryptionKey`, so that the others can be
   * dropped. To replace a key: give all processes the list of both with the old one first, then with the new one
   * first, then call this once, then drop the old one. Grants can be used and renewed all the while, and any number of
   * processes may call it.
   * @throws {ConfigurationError} if the app has no key.
   * @throws {StoreError} if the store fails to list its records.
   */
  async rekey(options: RekeyOptions = {}): Promise<RekeyProgress> {
    const known = optionsObject('rekey', options, ['onProgress', 'signal'])
    return withProgress<RekeyProgress>(known.onProgress, known.signal, (completions, number, tell) => {
      this.#native.rekey(completions, number, tell)
    })
  }

  /**
   * Moves a grant: ends it here, with `reason` `exported`, and gives its tokens as sealed text, for {@link import} in
   * another store, namespace or app with the same `encryptionKey`. Keep the text as a secret until then: its refresh
   * token works once, for whoever imports it first. Waits for a renewal in flight. Called again, it gives the grant
   * again; imported here, it is back.
   * @throws {ConfigurationError} if the app has no key.
   * @throws {ReauthorizationRequiredError} if the grant has ended otherwise.
   */
  async export(id: string): Promise<string> {
    const known = string('id', id)
    const outcome = await call((completions, number) => this.#native.export(completions, number, known), {})
    return outcome.first as string
  }

  /**
   * Stores a grant that another system obtained, in place of one of the same id; or one that {@link export} gave, under
   * the id that it had.
   * @throws {ConfigurationError} for a sealed one, if it was changed, is of another key, or is older than what the
   * store holds of the same grant.
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

/** Checks what a pass of keep-alive does; `prefix` leads to its options. */
function keepAlivePass(prefix: string, known: { idle: unknown; perSecond: unknown }) {
  return {
    idle: integer(`${prefix}idle`, known.idle, 0, 28 * DAY - 1, 14 * DAY),
    perSecond: integer(`${prefix}perSecond`, known.perSecond, 1, 1000, 5),
  }
}

/** Nothing if there are to be no passes in the background. */
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

/** Hands the core's events to those who listen. */
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
      // Nobody listens.
      process.emitWarning(message, { code: 'SMARTRECRUITERS_STORE' })
    }
  }
}
