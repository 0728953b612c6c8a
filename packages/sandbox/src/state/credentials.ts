import { randomBytes } from 'node:crypto'

export const GRANT_TYPES = ['client_credentials', 'authorization_code', 'refresh_token'] as const
export type GrantType = (typeof GRANT_TYPES)[number]

/** The documented scopes. A list to start from, not a closed one: any name can be given to a credential. */
export const SCOPES: readonly string[] = (
  'approvals_read approvals_create approvals_decide assessment_orders_read audit_events_read candidates_read ' +
  'candidates_create candidates_manage candidates_offers_read candidate_status_read company_read configuration_read ' +
  'configuration_manage interviews_read interviews_write interview_types_read interview_types_write jobs_read ' +
  'jobs_manage jobs_publications_manage job_applications_read messages_read messages_write messages_manage ' +
  'reporting_read reporting_write reviews_read reviews_write users_read users_manage user_me_read webhooks_read ' +
  'webhooks_write webhooks_delete webhooks_manage'
).split(' ')

/** Scopes of a partner's master credential. */
export const PARTNER_SCOPES: readonly string[] = ['partner_configuration_manage', 'client_credentials_write']

/** An API key and what it may do. */
export interface ApiKeyCredential {
  /** Name under which the counters show it. */
  readonly label: string
  readonly kind: 'customer' | 'partner'
  readonly apiKey: string
  readonly scopes: readonly string[]
}

/** An OAuth client and what it may do. */
export interface ClientCredential {
  /** Name under which the counters show it. */
  readonly label: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  readonly redirectUris: readonly string[]
  readonly grantTypes: readonly GrantType[]
}

export interface ApiKeyOptions {
  /** Default: all documented scopes. */
  scopes?: readonly string[] | undefined
}

export interface ClientOptions {
  /** Default: all documented scopes. */
  scopes?: readonly string[] | undefined
  /** Default: none. */
  redirectUris?: readonly string[] | undefined
  /** Default: `client_credentials`; with redirect URIs `authorization_code` and `refresh_token`. */
  grantTypes?: readonly GrantType[] | undefined
}

/** Who a request comes from, and what that caller may do. */
export interface Holder {
  /** Name under which the counters show it, and by which it is limited. */
  readonly label: string
  readonly kind: 'customerKey' | 'partnerKey' | 'token'
  readonly scopes: readonly string[]
  /** Number of the user on whose behalf it acts. */
  readonly user: number
}

/** Every credential of the sandbox. Secrets are random at each start. */
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

/** In the form of the documentation's example. */
export function newToken(): string {
  return `DCRA1-${randomBytes(16).toString('hex')}`
}

/** Always holds `/`, `+` and `=`, so that a client that does not encode it in a form or a header is found out. */
export function newSecret(): string {
  return Buffer.concat([Buffer.from([0xff, 0xef, 0xbe]), randomBytes(29)]).toString('base64')
}

function names(option: string, value: readonly string[]): string[] {
  if (!Array.isArray(value) || !value.every(name => typeof name === 'string' && name !== '')) {
    throw new TypeError(`"${option}" must be a list of non-empty strings`)
  }
  return [...value]
}
