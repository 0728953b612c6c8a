/** A partner's integration: customers connect it, and each gets client credentials of its own. */

import type { NativeCustomerPage, NativePartnerApp } from '../index.js'
import { call } from './calls.js'
import { CONNECTION_OPTIONS, type ConnectionOptions, connection } from './connection.js'
import { Customer } from './credentials.js'
import { type EncryptionKey, encryptionKeys } from './encryption-key.js'
import { type ApiOptions, api } from './environment.js'
import { unwrap } from './errors.js'
import { awaitExchangesAtExit, settled } from './exit.js'
import { MADE_HERE, setCredential } from './handles.js'
import { type LimitOptions, limits } from './limits.js'
import { native } from './native.js'
import { type AnyStore, storeOf } from './stores.js'
import {
  bare,
  FROM_ENVIRONMENT,
  given,
  milliseconds,
  optionalChoice,
  optionalSignal,
  optionalUrl,
  optionsObject,
  string,
} from './validate.js'

/** Options of {@link PartnerApp}. */
export interface PartnerAppOptions extends ConnectionOptions, ApiOptions {
  /** The master client id, from SmartRecruiters' partner team. */
  clientId: string
  /** The master client secret. */
  clientSecret: string
  /**
   * Where customers' credentials live, and the access tokens that all processes share. SmartRecruiters issues a
   * customer's credentials once: a {@link MemoryStore} loses them for ever when the process ends, and is for tests.
   */
  store: AnyStore
  /**
   * What seals the records of a durable store (AES-256-GCM): 32 random bytes, or their text in Base64 or hex, as
   * `openssl rand -base64 32` prints them. A list replaces a key: the first seals, all open. `false`: credentials are
   * stored in the clear. Needed with a durable store.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | false | undefined
  /** How long the end of the process waits for credentials that are being issued, in milliseconds. Default: 5000. */
  exitTimeout?: number | undefined
  /** The token endpoint. Default: `/identity/oauth/token` below the API root. */
  tokenUrl?: string | URL | undefined
  /** How client ids and secrets are sent, the master's and the customers': in the form, or as HTTP Basic. Default: `body`. */
  clientAuth?: 'body' | 'basic' | undefined
  /** How requests for customers' credentials keep to the API's limits, as with a client. Default: as documented. */
  limits?: LimitOptions | false | undefined
}

/** What is known of a customer, without its credentials. */
export interface CustomerInfo {
  /** Its company id. */
  companyId: string
  /**
   * `connected`: its credentials are in the store. `connecting`: somebody is asking for them, or died of it.
   * `unresolved`: they were asked for, and the answer was lost; `connect()` finds out what became of it.
   */
  state: 'connected' | 'connecting' | 'unresolved'
  /** Since when its credentials are in the store; `undefined` if they are not. */
  connectedAt: Date | undefined
}

/** A customer's credentials that were obtained elsewhere. */
export interface CustomerImport {
  /** The customer's company id. */
  companyId: string
  /** Its own client id. */
  clientId: string
  /** Its own client secret. */
  clientSecret: string
}

const OPTIONS = [
  'clientId',
  'clientSecret',
  'store',
  'encryptionKey',
  'exitTimeout',
  'environment',
  'baseUrl',
  'tokenUrl',
  'clientAuth',
  'limits',
  ...CONNECTION_OPTIONS,
] as const

/**
 * A partner's app (General Partner Integration): with the partner's own credentials it is issued credentials for each
 * customer that has activated it, and keeps them. Any number of processes may share a store.
 */
export class PartnerApp {
  /** The master client id. */
  readonly clientId: string
  readonly #native: NativePartnerApp

  /**
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
    this.clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
    const { options: wire, proxyUrl, key } = connection(known)
    const exitTimeout = milliseconds('exitTimeout', known.exitTimeout, 5000)
    const pacing = limits(known.limits)
    this.#native = unwrap(
      native.createPartnerApp(
        bare({
          connection: wire,
          clientId: this.clientId,
          ...api(known),
          ...given({
            tokenUrl: optionalUrl('tokenUrl', known.tokenUrl),
            clientAuth: optionalChoice('clientAuth', known.clientAuth, ['body', 'basic']),
            limits: pacing.options,
          }),
        }),
        string('clientSecret', known.clientSecret, FROM_ENVIRONMENT),
        storeOf('store', known.store),
        encryptionKeys(known.encryptionKey),
        proxyUrl,
        key,
        pacing.shared,
      ),
    )
    awaitExchangesAtExit(exitTimeout)
  }

  /**
   * Connects a customer that has activated the app (SmartRecruiters sends its browser to your `consentUrl` with its
   * `companyId`): its credentials are issued, and stored before anybody uses them. Of a customer that is connected
   * nothing is asked, so that this may be called again at any time, by any number of processes.
   *
   * `signal` rejects with its reason; what has begun goes on, since credentials are issued once.
   * @example
   * const sr = new SmartRecruiters({ credential: await partner.connect(companyId) })
   * @throws {AlreadyIntegratedError} if they were issued before, and are not in the store.
   * @throws {PermissionError} if the customer has not activated the app, or the app lacks a scope.
   * @throws {StoreError} if the store fails. Nothing was asked then, unless its message says that credentials were
   * issued: this process goes on trying to store them, so let it run, and call this again.
   */
  async connect(companyId: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Customer> {
    const known = optionsObject('connect', options, ['signal'])
    const id = string('companyId', companyId)
    await call(
      (completions, number) => this.#native.connect(completions, number, id),
      {},
      optionalSignal('signal', known.signal),
    )
    return this.customer(id)
  }

  /**
   * The customer of this company id, to give to a client as its credential. Whether it is connected shows when it is
   * used: a call is rejected with a {@link StoreError} if not. Thousands of customers share the connections of one
   * client by {@link SmartRecruiters.withCredential}.
   */
  customer(companyId: string): Customer {
    const customer = new Customer(string('companyId', companyId), MADE_HERE)
    setCredential(customer, this.#native.customer(customer.companyId))
    return customer
  }

  /**
   * All customers in the store but those that were disconnected, in the order of their company ids, read in pages.
   * @throws {StoreError} if the store fails.
   */
  async *customers(): AsyncGenerator<CustomerInfo, void, undefined> {
    for (let after: string | undefined; ; ) {
      const from = after
      const outcome = await call((completions, number) => this.#native.customers(completions, number, from), {})
      const { customers, next } = outcome.first as NativeCustomerPage
      for (const { companyId, state, connectedAt } of customers) {
        yield { companyId, state, connectedAt: connectedAt === undefined ? undefined : new Date(connectedAt) }
      }
      if (next === undefined) return
      after = next
    }
  }

  /**
   * Disconnects a customer: its credentials and its access token leave the store, and whoever uses it then gets a
   * {@link StoreError}. One that is not connected is left as it is; one that is being connected is waited for, up to 90
   * seconds. SmartRecruiters documents no call that revokes credentials: they stay good there until somebody revokes
   * them by hand, and other processes use an access token that they have until its end. To connect the customer again,
   * SmartRecruiters has to reset the integration first.
   * @throws {StoreError} if the store fails.
   */
  async disconnect(companyId: string): Promise<void> {
    const id = string('companyId', companyId)
    await call((completions, number) => this.#native.disconnect(completions, number, id), {})
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
   * Stores a customer's credentials that were obtained elsewhere, in place of those that are there. One that is being
   * connected is waited for, up to 180 seconds.
   * @throws {ConfigurationError} if one is missing or malformed.
   * @throws {StoreError} if the store fails.
   */
  async import(customer: CustomerImport): Promise<Customer> {
    const known = optionsObject('import', customer, ['companyId', 'clientId', 'clientSecret'])
    const id = string('companyId', known.companyId)
    const clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
    const clientSecret = string('clientSecret', known.clientSecret, FROM_ENVIRONMENT)
    await call((completions, number) => {
      this.#native.import(completions, number, id, clientId, clientSecret)
    }, {})
    return this.customer(id)
  }
}
