/**
 * Partner integrations: SmartRecruiters issues a partner client credentials for each customer, and the app keeps them.
 */

import type { NativeCustomerPage, NativePartnerApp } from '../index.js'
import { call } from './calls.js'
import type { ConnectionOptions } from './connection.js'
import { Customer } from './credentials.js'
import type { EncryptionKey } from './encryption-key.js'
import type { ApiOptions } from './environment.js'
import { unwrap } from './errors.js'
import { awaitExchangesAtExit, settled } from './exit.js'
import { MADE_HERE, setCredential } from './handles.js'
import { type LimitOptions, limits } from './limits.js'
import { native } from './native.js'
import { REGISTRATION_OPTIONS, registration } from './registration.js'
import { type AnyStore, storeOf } from './stores.js'
import { logAsEnvironmentSays } from './telemetry/environment-logger.js'
import { updateWatch } from './telemetry/process-watch.js'
import { bare, FROM_ENVIRONMENT, optionalSignal, optionsObject, string } from './validate.js'

/** Options of the {@link PartnerApp} constructor. */
export interface PartnerAppOptions extends ConnectionOptions, ApiOptions {
  /** The client id of the partner's master credential, from the partner team of SmartRecruiters. */
  clientId: string
  /** The client secret of the partner's master credential. It never appears in errors or logs. */
  clientSecret: string
  /**
   * Where customers' credentials are stored, and the access tokens that all processes share. SmartRecruiters issues a
   * customer's credentials only once. A {@link MemoryStore} loses them for good when the process ends: use it in tests
   * only.
   */
  store: AnyStore
  /**
   * The key that encrypts the records of a durable store (AES-256-GCM): 32 random bytes, or their text in Base64 or
   * hex, as `openssl rand -base64 32` prints it. Required with a durable store; `false` stores credentials unencrypted.
   * To replace a key, give a list: the first key encrypts, and each of them decrypts.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
  /** How long the process waits at its end for credentials that are being issued, in milliseconds. Default: 5000. */
  exitTimeout?: number | undefined
  /** The token endpoint. Default: `/identity/oauth/token` below the API root. */
  tokenUrl?: string | URL | undefined
  /**
   * How client ids and secrets are sent to the token endpoint, the partner's and the customers': in the form (`body`)
   * or as HTTP Basic authentication (RFC 6749 section 2.3.1). Default: `body`.
   */
  clientAuth?: 'body' | 'basic' | undefined
  /**
   * How requests for customers' credentials keep to the API's rate limits, as {@link ClientOptions.limits} describes.
   * Default: the limits that SmartRecruiters documents.
   */
  limits?: LimitOptions | false | undefined
}

/** What {@link PartnerApp.customers} lists about a customer. It contains no credentials. */
export interface CustomerInfo {
  /** The customer's company id at SmartRecruiters. */
  companyId: string
  /**
   * The state of the customer.
   *
   * - `connected`: the customer's credentials are in the store.
   * - `connecting`: a process is requesting the credentials, or crashed while doing so.
   * - `unresolved`: the credentials were requested, but the answer was lost; call `connect()` to find out the outcome.
   */
  state: 'connected' | 'connecting' | 'unresolved'
  /** When the customer's credentials were stored; `undefined` if they are not in the store. */
  connectedAt: Date | undefined
}

/** A customer's credentials that were obtained elsewhere, for {@link PartnerApp.import}. */
export interface CustomerImport {
  /** The customer's company id at SmartRecruiters. */
  companyId: string
  /** The client id that was issued for this customer. */
  clientId: string
  /** The client secret that was issued for this customer. */
  clientSecret: string
}

const OPTIONS = ['store', 'limits', ...REGISTRATION_OPTIONS] as const

/**
 * A partner's app (General Partner Integration of SmartRecruiters). It uses the partner's master credential to have
 * credentials issued for each customer that has activated the app, and keeps them in its store. Any number of processes
 * may share a store.
 *
 * @example
 * const customer = await partner.connect(companyId)
 * const sr = new SmartRecruiters({ credential: customer })
 */
export class PartnerApp {
  /** The client id of the partner's master credential. */
  readonly clientId: string
  /** The API root, if the app uses another one than that of its environment. */
  readonly baseUrl: string | undefined
  readonly #native: NativePartnerApp

  /**
   * Makes an app. The store is not opened before it is needed.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const partner = new PartnerApp({
   *   clientId, // of the master credential
   *   clientSecret,
   *   store: new SqliteStore({ path: '/var/lib/app/customers.sqlite' }),
   *   encryptionKey, // openssl rand -base64 32
   * })
   */
  constructor(options: PartnerAppOptions) {
    const known = optionsObject('PartnerApp', options, OPTIONS)
    const { options: registered, clientSecret, encryptionKeys, proxyUrl, key, exitTimeout } = registration(known)
    this.clientId = registered.clientId
    this.baseUrl = registered.baseUrl
    const pacing = limits(known.limits)
    this.#native = unwrap(
      native.createPartnerApp(
        registered,
        clientSecret,
        storeOf('store', known.store),
        encryptionKeys,
        proxyUrl,
        key,
        pacing.options,
        pacing.shared,
      ),
    )
    awaitExchangesAtExit(exitTimeout)
    logAsEnvironmentSays()
    updateWatch()
  }

  /**
   * Connects a customer that has activated the app: has the customer's credentials issued, and stores them before they
   * are used. When a customer activates the app, SmartRecruiters sends the browser to your `consentUrl` with the
   * `companyId`.
   *
   * For a customer that is already connected, no request is made, so any number of processes may call this at any time.
   * An aborted `signal` rejects the promise with its reason; a request in flight continues, because credentials are
   * issued only once.
   * @example
   * const sr = new SmartRecruiters({ credential: await partner.connect(companyId) })
   * @throws {AlreadyIntegratedError} if the credentials were issued before, and are not in the store.
   * @throws {PermissionError} if the customer has not activated the app, or the app lacks a scope.
   * @throws {StoreError} if the store fails. Nothing was requested then, unless the message says that credentials were
   * issued: this process keeps trying to store them, so keep it running, and call `connect` again.
   */
  async connect(companyId: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Customer> {
    const known = optionsObject('connect', options, ['signal'])
    const id = string('companyId', companyId)
    await call<undefined>(
      (completions, callId) => this.#native.connect(completions, callId, id),
      {},
      optionalSignal('signal', known.signal),
    )
    return this.customer(id)
  }

  /**
   * Returns the customer with this company id, to pass to a client as its credential. The store is read when the
   * customer is used: a call then rejects with a {@link StoreError} if the customer is not connected. With {@link
   * SmartRecruiters.withCredential}, thousands of customers can share the connections of one client.
   * @throws {ConfigurationError} if `companyId` is not a string, or is empty.
   * @example
   * const acme = sr.withCredential(partner.customer(companyId))
   */
  customer(companyId: string): Customer {
    const customer = new Customer(string('companyId', companyId), MADE_HERE)
    setCredential(customer, this.#native.customer(customer.companyId))
    return customer
  }

  /**
   * Lists the customers in the store, in the order of their company ids. Disconnected customers are not listed. The
   * store is read page by page.
   * @throws {StoreError} if the store fails.
   * @example
   * for await (const { companyId, state } of partner.customers()) console.log(companyId, state)
   */
  async *customers(): AsyncGenerator<CustomerInfo, void, undefined> {
    for (let after: string | undefined; ; ) {
      const from = after
      const page = await call<NativeCustomerPage>((completions, callId) => {
        this.#native.customers(completions, callId, from)
      }, {})
      const { customers, next } = bare(page)
      for (const customer of customers) {
        const { companyId, state, connectedAt } = bare(customer)
        yield { companyId, state, connectedAt: connectedAt === undefined ? undefined : new Date(connectedAt) }
      }
      if (next === undefined) return
      after = next
    }
  }

  /**
   * Disconnects a customer: removes its credentials and its access token from the store. Calls that use the customer
   * then reject with a {@link StoreError}. A customer that is not connected is left unchanged; if it is being
   * connected, this waits for up to 90 seconds.
   *
   * SmartRecruiters documents no request that revokes credentials. They stay valid there until they are revoked by
   * hand, and other processes may use an access token that they hold until it expires. Before the customer can be
   * connected again, SmartRecruiters has to reset the integration.
   * @throws {StoreError} if the store fails.
   */
  async disconnect(companyId: string): Promise<void> {
    const id = string('companyId', companyId)
    await call<undefined>((completions, callId) => this.#native.disconnect(completions, callId, id), {})
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
   * Stores a customer's credentials that were obtained elsewhere, and replaces those in the store. If the customer is
   * being connected, this waits for up to 180 seconds.
   * @throws {ConfigurationError} if a field is missing or malformed.
   * @throws {StoreError} if the store fails.
   * @example
   * const customer = await partner.import({ companyId, clientId, clientSecret })
   */
  async import(customer: CustomerImport): Promise<Customer> {
    const known = optionsObject('import', customer, ['companyId', 'clientId', 'clientSecret'])
    const id = string('companyId', known.companyId)
    const clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
    const clientSecret = string('clientSecret', known.clientSecret, FROM_ENVIRONMENT)
    await call<undefined>((completions, callId) => {
      this.#native.import(completions, callId, id, clientId, clientSecret)
    }, {})
    return this.customer(id)
  }
}
