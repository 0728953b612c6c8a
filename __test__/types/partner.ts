/** A partner's app, and its customers. */

import {
  type Credential,
  type Customer,
  type CustomerImport,
  type CustomerInfo,
  MemoryStore,
  PartnerApp,
  type PartnerAppOptions,
  SmartRecruiters,
  SqliteStore,
} from 'smartrecruiters'
import { type Equal, holds } from './assertions.js'

const needed = { clientId: 'id', clientSecret: 'secret', store: new MemoryStore() } as const

export async function flow(signal: AbortSignal): Promise<SmartRecruiters> {
  const options: PartnerAppOptions = {
    ...needed,
    store: new SqliteStore({ path: 'partner.sqlite' }),
    encryptionKey: 'key',
    exitTimeout: 5000,
    environment: 'sandbox',
    baseUrl: new URL('http://127.0.0.1:3000'),
    tokenUrl: 'http://127.0.0.1:3000/token',
    clientAuth: 'basic',
    proxy: false,
    connectTimeout: 1000,
  }
  const partner = new PartnerApp(options)
  const customer: Customer = await partner.connect('acme', { signal })
  const companyId: string = customer.companyId
  const credential: Credential = partner.customer(companyId)
  const sr = new SmartRecruiters({ credential })
  const imported: CustomerImport = { companyId, clientId: 'id', clientSecret: 'secret' }
  await partner.import(imported)
  await partner.disconnect(companyId)
  return sr.withCredential(customer)
}

export async function list(partner: PartnerApp): Promise<CustomerInfo[]> {
  const found: CustomerInfo[] = []
  for await (const info of partner.customers()) {
    holds<Equal<typeof info.state, 'connected' | 'connecting' | 'unresolved'>>()
    holds<Equal<typeof info.connectedAt, Date | undefined>>()
    found.push(info)
  }
  return found
}

export async function wrong(partner: PartnerApp): Promise<Customer> {
  // @ts-expect-error A store is needed: credentials are issued once.
  new PartnerApp({ clientId: 'id', clientSecret: 'secret' })
  // @ts-expect-error There is no such option.
  new PartnerApp({ ...needed, redirectUri: 'https://app.example/callback' })
  // @ts-expect-error There is no such environment.
  new PartnerApp({ ...needed, environment: 'staging' })
  // @ts-expect-error A company id is needed.
  await partner.connect()
  // @ts-expect-error There is no such option.
  await partner.connect('acme', { timeout: 1000 })
  // @ts-expect-error A secret is needed.
  await partner.import({ companyId: 'acme', clientId: 'id' })
  // @ts-expect-error A customer must be awaited.
  new SmartRecruiters({ credential: partner.connect('acme') })
  // @ts-expect-error A customer comes from a partner's app.
  const customer: Customer = { companyId: 'acme' }
  return customer
}
