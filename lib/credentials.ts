/** What a client authenticates with. */

import { type EncryptionKey, encryptionKeys } from './encryption-key.js'
import { configurationError, unwrap } from './errors.js'
import { refuseNew, setCredential } from './handles.js'
import { native } from './native.js'
import { type AnyStore, storeOf } from './stores.js'
import { FROM_ENVIRONMENT, optionalChoice, optionalUrl, optionsObject, string } from './validate.js'

/** Any of the kinds of credential. */
export type Credential = ApiKey | BearerToken | ClientCredentials | Grant | Customer

/**
 * An API key, sent as `X-SmartToken`: a customer's, or a partner's.
 *
 * It acts as an administrator of the whole company and never expires; SmartRecruiters recommends OAuth for production.
 * Any visible ASCII text is taken, since the vendor's keys come in several lengths and with several prefixes.
 */
export class ApiKey {
  /** Makes the type one of its own: to the compiler, a class without members is like any value. */
  declare private readonly brand: 'ApiKey'

  /**
   * @throws {ConfigurationError} if `key` is empty, or holds blanks or line breaks.
   * @example
   * const sr = new SmartRecruiters({ credential: new ApiKey(key) })
   */
  constructor(key: string) {
    setCredential(this, unwrap(native.apiKey(string('apiKey', key, FROM_ENVIRONMENT))))
  }
}

/** An access token that you obtain and renew yourself, sent as `Authorization: Bearer` (RFC 6750). */
export class BearerToken {
  /** Makes the type one of its own: to the compiler, a class without members is like any value. */
  declare private readonly brand: 'BearerToken'

  /**
   * @throws {ConfigurationError} if `accessToken` is empty, or holds blanks or line breaks.
   * @example
   * const sr = new SmartRecruiters({ credential: new BearerToken(accessToken) })
   */
  constructor(accessToken: string) {
    setCredential(this, unwrap(native.bearerToken(string('accessToken', accessToken, FROM_ENVIRONMENT))))
  }
}

/** Options of {@link ClientCredentials}. */
export interface ClientCredentialsOptions {
  /** The client id. */
  clientId: string
  /** The client secret. */
  clientSecret: string
  /** How the two are sent: in the form (`body`), as in the vendor's examples, or as HTTP Basic. Default: `body`. */
  clientAuth?: 'body' | 'basic' | undefined
  /** The token endpoint. Default: `/identity/oauth/token` below the client's `baseUrl`. */
  tokenUrl?: string | URL | undefined
  /**
   * Where access tokens are shared, so that all processes with the same store and credentials need one exchange for
   * each token's life: a fleet, or the cold starts of a function. A store that is down costs no call: tokens are then
   * not shared. Default: nowhere.
   */
  store?: AnyStore | undefined
  /**
   * What seals the tokens in a durable store (AES-256-GCM): 32 random bytes, or their text in Base64 or hex, as
   * `openssl rand -base64 32` prints them. A list replaces a key: the first seals, all open. `false`: tokens are
   * stored in the clear. Needed with a durable store. A key that does not open what others have stored fails every
   * call that needs a token, with a {@link StoreError}.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
}

/**
 * OAuth 2.0 client credentials (RFC 6749 section 4.4). Access tokens are obtained when first needed, renewed before
 * they expire, and shared by all clients that are given this same object; with a `store`, by all processes that use it.
 */
export class ClientCredentials {
  declare private readonly brand: 'ClientCredentials'
  /** The client id. */
  readonly clientId: string

  /**
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const sr = new SmartRecruiters({ credential: new ClientCredentials({ clientId, clientSecret }) })
   */
  constructor(options: ClientCredentialsOptions) {
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
      throw configurationError('encryptionKey', 'must be given with a store, since it seals what is there')
    }
    this.clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
    setCredential(
      this,
      unwrap(
        native.clientCredentials(
          this.clientId,
          string('clientSecret', known.clientSecret, FROM_ENVIRONMENT),
          optionalChoice('clientAuth', known.clientAuth, ['body', 'basic']),
          optionalUrl('tokenUrl', known.tokenUrl),
          store,
          keys,
        ),
      ),
    )
  }
}

/** One customer's permission, given to an {@link OAuthApp}. Made by the app: `exchange()`, `import()`, `grant()`. */
export class Grant {
  declare private readonly brand: 'Grant'
  /** Its id in the app's store. */
  readonly id: string

  /** @internal */
  constructor(id: string, made: symbol) {
    refuseNew('Grant', made, 'the app gives it: `app.grant(id)`, `app.exchange()` or `app.import()`')
    this.id = id
  }
}

/** One customer of a {@link PartnerApp}. Made by the app: `connect()`, `import()`, `customer()`. */
export class Customer {
  declare private readonly brand: 'Customer'
  /** Its company id at SmartRecruiters. */
  readonly companyId: string

  /** @internal */
  constructor(companyId: string, made: symbol) {
    refuseNew('Customer', made, 'the app gives it: `app.customer(companyId)`, `app.connect()` or `app.import()`')
    this.companyId = companyId
  }
}
