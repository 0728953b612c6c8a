import { randomBytes } from 'node:crypto'
import { customerScopes } from '../api/operation.js'

export const GRANT_TYPES = ['client_credentials', 'authorization_code', 'refresh_token'] as const
/** A grant type of the token endpoint (RFC 6749). */
export type GrantType = (typeof GRANT_TYPES)[number]

/** The scopes that SmartRecruiters documents. A credential may have other scopes too. */
export const SCOPES: readonly string[] = customerScopes()

/** The scopes of a partner's master credential. */
export const PARTNER_SCOPES: readonly string[] = ['partner_configuration_manage', 'client_credentials_write']

/** An API key of the sandbox, and its permissions. */
export interface ApiKeyCredential {
  /** The name under which counters and requests show the key. */
  readonly label: string
  /** Whether it is the key of a customer or of a partner. */
  readonly kind: 'customer' | 'partner'
  /** The key itself, to be sent as `X-SmartToken`. */
  readonly apiKey: string
  /** The scopes of the key. */
  readonly scopes: readonly string[]
}

/** An OAuth client of the sandbox, and its permissions. */
export interface ClientCredential {
  /** The name under which counters and requests show the client. */
  readonly label: string
  /** The client id. */
  readonly clientId: string
  /** The client secret. */
  readonly clientSecret: string
  /** The scopes that the client may request. */
  readonly scopes: readonly string[]
  /** The redirect URIs that are registered for the client. */
  readonly redirectUris: readonly string[]
  /** The grant types that the client may use at the token endpoint. */
  readonly grantTypes: readonly GrantType[]
}

/** Options of {@link Sandbox.addApiKey}. */
export interface ApiKeyOptions {
  /** The scopes of the key. Default: all scopes that SmartRecruiters documents. */
  scopes?: readonly string[] | undefined
}

/** Options of {@link Sandbox.addClient}. */
export interface ClientOptions {
  /** The scopes that the client may request. Default: all scopes that SmartRecruiters documents. */
  scopes?: readonly string[] | undefined
  /** The redirect URIs that are registered for the client. Default: none. */
  redirectUris?: readonly string[] | undefined
  /**
   * The grant types that the client may use. Default: `authorization_code` and `refresh_token` if there are redirect
   * URIs, otherwise `client_credentials`.
   */
  grantTypes?: readonly GrantType[] | undefined
}

/** The holder of the credential of a request, and its permissions. */
export interface Holder {
  /** The name under which counters show the holder, and by which its requests are limited. */
  readonly label: string
  readonly kind: 'customerKey' | 'partnerKey' | 'token'
  readonly scopes: readonly string[]
  /** The index of the user on whose behalf it acts. */
  readonly user: number
}

/** The credentials of the sandbox. Their secrets are random at each start. */
export class Credentials {
  readonly #keys = new Map<string, ApiKeyCredential>()
  readonly #clients = new Map<string, ClientCredential>()

  addApiKey(options: ApiKeyOptions = {}, label?: string): ApiKeyCredential {
    const scopes = names('scopes', options.scopes ?? SCOPES)
    return this.#keep({ label: label ?? `key-${this.#keys.size + 1}`, kind: 'customer', apiKey: newToken(), scopes })
  }

  addPartnerApiKey(label: string): ApiKeyCredential {
    const apiKey = `pp-${randomBytes(31).toString('hex').slice(0, 61)}`
    return this.#keep({ label, kind: 'partner', apiKey, scopes: SCOPES })
  }

  addClient(options: ClientOptions = {}, label?: string): ClientCredential {
    const redirectUris = names('redirectUris', options.redirectUris ?? [])
    const byDefault: readonly GrantType[] =
      redirectUris.length > 0 ? ['authorization_code', 'refresh_token'] : ['client_credentials']
    const grantTypes = options.grantTypes ?? byDefault
    if (!Array.isArray(grantTypes) || !grantTypes.every(type => GRANT_TYPES.includes(type))) {
      throw new TypeError(`"grantTypes" must be a list of ${GRANT_TYPES.join(', ')}`)
    }
    const client: ClientCredential = {
      label: label ?? `client-${this.#clients.size + 1}`,
      clientId: randomBytes(12).toString('hex'),
      clientSecret: newSecret(),
      scopes: names('scopes', options.scopes ?? SCOPES),
      redirectUris,
      grantTypes: [...grantTypes],
    }
    this.#clients.set(client.clientId, client)
    return client
  }

  findKey(apiKey: string): ApiKeyCredential | undefined {
    return this.#keys.get(apiKey)
  }

  findClient(clientId: string): ClientCredential | undefined {
    return this.#clients.get(clientId)
  }

  list(): { apiKeys: ApiKeyCredential[]; clients: ClientCredential[] } {
    return { apiKeys: [...this.#keys.values()], clients: [...this.#clients.values()] }
  }

  #keep(key: ApiKeyCredential): ApiKeyCredential {
    this.#keys.set(key.apiKey, key)
    return key
  }
}

/** Makes a token in the format of the example in SmartRecruiters' documentation. */
export function newToken(): string {
  return `DCRA1-${randomBytes(16).toString('hex')}`
}

/** Makes a secret that always contains `/`, `+` and `=`, so that it is wrong unless a client encodes it. */
export function newSecret(): string {
  return Buffer.concat([Buffer.from([0xff, 0xef, 0xbe]), randomBytes(29)]).toString('base64')
}

function names(option: string, value: readonly string[]): string[] {
  if (!Array.isArray(value) || !value.every(name => typeof name === 'string' && name !== '')) {
    throw new TypeError(`"${option}" must be a list of non-empty strings`)
  }
  return [...value]
}
