/** OAuth 2.0 authorization code (RFC 6749 section 4.1): customers give an app permission, and it keeps their grants. */

import type { NativeOAuthApp } from '../index.js'
import { call } from './calls.js'
import { CONNECTION_OPTIONS, type ConnectionOptions, connection } from './connection.js'
import { Grant } from './credentials.js'
import { configurationError, unwrap } from './errors.js'
import { setCredential, storeOf } from './handles.js'
import { native } from './native.js'
import { isA } from './platform.js'
import { MemoryStore } from './stores.js'
import {
  boolean,
  optionalChoice,
  optionalDate,
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
  store?: MemoryStore
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

/** An app registered with SmartRecruiters for the authorization code grant. */
export class OAuthApp {
  /** The client id. */
  readonly clientId: string
  readonly #native: NativeOAuthApp

  /** @throws {ConfigurationError} if an option is missing, unknown or malformed. */
  constructor(options: OAuthAppOptions) {
    const known = optionsObject('OAuthApp', options, OPTIONS)
    this.clientId = string('clientId', known.clientId)
    const { options: wire, proxyUrl, key } = connection(known)
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
        proxyUrl,
        key,
      ),
    )
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
   */
  grant(id: string): Grant {
    const grant = new Grant(string('id', id))
    setCredential(grant, this.#native.grant(grant.id))
    return grant
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

/** The properties that have a value: to the addon, `undefined` is not the same as nothing. */
function given<T extends object>(properties: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}
