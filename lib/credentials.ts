/** The credentials with which a client authenticates. */

import { EventEmitter } from 'node:events'
import { type EncryptionKey, encryptionKeys } from './encryption-key.js'
import { configurationError, unwrap } from './errors.js'
import { WithEvents } from './events.js'
import { refuseNew, setCredential } from './handles.js'
import { native } from './native.js'
import { type AnyStore, storeOf } from './stores.js'
import { type ClientCredentialsEvents, CREDENTIALS_EVENTS, CredentialsEventSink } from './telemetry/client-events.js'
import { addCredentialSink } from './telemetry/process-watch.js'
import { FROM_ENVIRONMENT, optionalChoice, optionalUrl, optionsObject, string } from './validate.js'

/** Any credential that a {@link SmartRecruiters} client can authenticate with. */
export type Credential = ApiKey | BearerToken | ClientCredentials | Grant | Customer

/**
 * An API key of a customer or a partner, sent in the header `X-SmartToken`.
 *
 * A key never expires; SmartRecruiters recommends OAuth for production. A key acts as an administrator of the company,
 * unless it was made with a role and an access group. Any visible ASCII text is accepted, since keys have several lengths
 * and prefixes.
 *
 * @example
 * const sr = new SmartRecruiters({ credential: new ApiKey(key) })
 */
export class ApiKey {
  /** Makes the type distinct: without a member, every value would be assignable to the class. */
  declare private readonly brand: 'ApiKey'

  /**
   * Makes a credential of an API key.
   * @throws {ConfigurationError} if `key` is empty, or contains spaces or line breaks.
   * @example
   * const sr = new SmartRecruiters({ credential: new ApiKey(key) })
   */
  constructor(key: string) {
    setCredential(this, unwrap(native.apiKey(string('apiKey', key, FROM_ENVIRONMENT))))
  }
}

/**
 * An access token that you obtain and renew yourself, sent as `Authorization: Bearer` (RFC 6750). The client never
 * renews it: when it has expired, calls reject with an {@link AuthenticationError}.
 *
 * @example
 * const sr = new SmartRecruiters({ credential: new BearerToken(accessToken) })
 */
export class BearerToken {
  /** Makes the type distinct: without a member, every value would be assignable to the class. */
  declare private readonly brand: 'BearerToken'

  /**
   * Makes a credential of an access token.
   * @throws {ConfigurationError} if `accessToken` is empty, contains spaces or line breaks, or begins with `Bearer`.
   * @example
   * const sr = new SmartRecruiters({ credential: new BearerToken(accessToken) })
   */
  constructor(accessToken: string) {
    setCredential(this, unwrap(native.bearerToken(string('accessToken', accessToken, FROM_ENVIRONMENT))))
  }
}

/** Options of the {@link ClientCredentials} constructor. */
export interface ClientCredentialsOptions {
  /** The client id, as SmartRecruiters issued it. */
  clientId: string
  /** The client secret, as SmartRecruiters issued it. It never appears in errors or logs. */
  clientSecret: string
  /**
   * How the client id and secret are sent to the token endpoint: in the form (`body`) or as HTTP Basic authentication
   * (RFC 6749 section 2.3.1). Default: `body`, as in the examples of SmartRecruiters.
   */
  clientAuth?: 'body' | 'basic' | undefined
  /** The token endpoint. Default: `/identity/oauth/token` below the client's `baseUrl`. */
  tokenUrl?: string | URL | undefined
  /**
   * Where access tokens are shared between processes, such as the machines of a fleet or the cold starts of a
   * serverless function: all processes with the same store and credentials then need one token exchange per token
   * lifetime. If the store is down, calls do not fail: each process obtains its own token. Default: tokens are not
   * shared.
   */
  store?: AnyStore | undefined
  /**
   * The key that encrypts the tokens in a durable store (AES-256-GCM): 32 random bytes, or their text in Base64 or hex,
   * as `openssl rand -base64 32` prints it. Required with a durable store; `false` stores tokens unencrypted. To
   * replace a key, give a list: the first key encrypts, and each of them decrypts. If no key decrypts a token that
   * another process has stored, every call that needs a token rejects with a {@link StoreError}.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
}

/**
 * OAuth 2.0 client credentials (RFC 6749 section 4.4). An access token is obtained when it is first needed, and renewed
 * before it expires. All clients that use the same object share the token; with a `store`, all processes that use that
 * store share it.
 *
 * @example
 * const sr = new SmartRecruiters({ credential: new ClientCredentials({ clientId, clientSecret }) })
 */
export class ClientCredentials extends WithEvents<ClientCredentialsEvents> {
  declare private readonly brand: 'ClientCredentials'
  /** The client id of these credentials. */
  readonly clientId: string
  /** Held here, since what happens to tokens is passed to a sink only as long as it is held. */
  readonly #sink: CredentialsEventSink

  /**
   * Makes a credential of a client id and secret. No token is requested before the first call.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const sr = new SmartRecruiters({ credential: new ClientCredentials({ clientId, clientSecret }) })
   */
  constructor(options: ClientCredentialsOptions) {
    const events = new EventEmitter<ClientCredentialsEvents>()
    super(events, CREDENTIALS_EVENTS)
    this.#sink = new CredentialsEventSink(events)
    const known = optionsObject('ClientCredentials', options, [
      'clientId',
      'clientSecret',
      'clientAuth',
      'tokenUrl',
      'store',
      'encryptionKey',
    ])
    const store = known.store === undefined ? undefined : storeOf('store', known.store)
    const keys = encryptionKeys(known.encryptionKey)
    if (keys !== undefined && store === undefined) {
      throw configurationError('encryptionKey', 'must be given together with a store, whose records it encrypts')
    }
    this.clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
    const handle = unwrap(
      native.clientCredentials(
        this.clientId,
        string('clientSecret', known.clientSecret, FROM_ENVIRONMENT),
        optionalChoice('clientAuth', known.clientAuth, ['body', 'basic']),
        optionalUrl('tokenUrl', known.tokenUrl),
        store,
        keys,
      ),
    )
    setCredential(this, handle)
    // The core is watched only once somebody listens.
    const first: EventEmitter = events
    first.once('newListener', () => addCredentialSink(handle.credential as number, this.#sink))
  }
}

/**
 * A credential: the permission that one customer has given to an {@link OAuthApp}. The app makes it: see
 * {@link OAuthApp.grant}, {@link OAuthApp.exchange} and {@link OAuthApp.import}.
 *
 * @example
 * const sr = new SmartRecruiters({ credential: app.grant('acme') })
 */
export class Grant {
  declare private readonly brand: 'Grant'
  /** The grant's id in the app's store. */
  readonly id: string

  /** @internal */
  constructor(id: string, made: symbol) {
    refuseNew('Grant', made, 'use `app.grant(id)`, `app.exchange()` or `app.import()`')
    this.id = id
  }
}

/**
 * A credential: one customer of a {@link PartnerApp}. The app makes it: see {@link PartnerApp.customer},
 * {@link PartnerApp.connect} and {@link PartnerApp.import}.
 *
 * @example
 * const sr = new SmartRecruiters({ credential: partner.customer(companyId) })
 */
export class Customer {
  declare private readonly brand: 'Customer'
  /** The customer's company id at SmartRecruiters. */
  readonly companyId: string

  /** @internal */
  constructor(companyId: string, made: symbol) {
    refuseNew('Customer', made, 'use `partner.customer(companyId)`, `partner.connect()` or `partner.import()`')
    this.companyId = companyId
  }
}
