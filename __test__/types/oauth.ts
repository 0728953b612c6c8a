/** An app, and the grants of its customers. */

import {
  type AuthorizationRequest,
  type Credential,
  type Grant,
  type GrantImport,
  MemoryStore,
  OAuthApp,
  type OAuthAppOptions,
  SmartRecruiters,
} from 'smartrecruiters'
import { type Equal, holds } from './assertions.js'

const needed = { clientId: 'id', clientSecret: 'secret', redirectUri: 'https://app.example/callback' } as const

export async function flow(session: { state: string }, url: string): Promise<SmartRecruiters> {
  const options: OAuthAppOptions = {
    ...needed,
    scopes: ['jobs_read'] as const,
    store: new MemoryStore(),
    environment: 'sandbox',
    baseUrl: 'http://127.0.0.1:3000',
    authorizeUrl: new URL('http://127.0.0.1:3000/authorize'),
    tokenUrl: 'http://127.0.0.1:3000/token',
    clientAuth: 'basic',
    pkce: 'S256',
    issuer: 'http://127.0.0.1:3000',
    sendResponseType: false,
    sendRedirectUri: false,
  }
  const app = new OAuthApp(options)
  const request: AuthorizationRequest = app.authorizationUrl({ scopes: ['jobs_read'] })
  session.state = request.state
  holds<Equal<typeof request.url, string>>()
  app.authorizationUrl()
  app.authorizationUrl({ for: ['GET /jobs', 'PATCH /candidates/{id}'], scopes: undefined })
  // @ts-expect-error operations are a list
  app.authorizationUrl({ for: 'GET /jobs' })

  const grant: Grant = await app.exchange(url, { state: session.state })
  await app.exchange(new URL(url), { state: session.state, id: 'customer' })
  await app.exchange(url, {
    state: session.state,
    id: async sr => {
      holds<Equal<typeof sr, SmartRecruiters>>()
      return (await sr.get<{ id: string }>('/user-api/v201804/users/me')).id
    },
    metadata: { company: 'Acme' },
  })
  await app.exchange(url, { state: session.state, id: () => 'customer' })
  const id: string = grant.id
  const credential: Credential = app.grant(id)
  new SmartRecruiters({ credential })
  return new SmartRecruiters({ credential: grant })
}

export async function imports(app: OAuthApp): Promise<Grant> {
  const grant: GrantImport = {
    id: 'customer',
    refreshToken: 'token',
    refreshTokenIssuedAt: new Date(),
    accessToken: 'token',
    expiresAt: Date.now(),
    scopes: ['jobs_read'],
    metadata: { company: 'Acme' },
  }
  await app.import({ id: 'customer', refreshToken: 'token' })
  return app.import(grant)
}

export async function wrong(app: OAuthApp, url: string): Promise<void> {
  // @ts-expect-error A secret is needed.
  new OAuthApp({ clientId: 'id', redirectUri: 'https://app.example/callback' })
  // @ts-expect-error A redirect URI is registered letter for letter: it is text.
  new OAuthApp({ ...needed, redirectUri: new URL('https://app.example/callback') })
  // @ts-expect-error There is no such option: it is `scopes`.
  new OAuthApp({ ...needed, scope: 'jobs_read' })
  // @ts-expect-error Scopes are a list.
  new OAuthApp({ ...needed, scopes: 'jobs_read' })
  // @ts-expect-error There is no such method.
  new OAuthApp({ ...needed, pkce: 'plain' })
  // @ts-expect-error There is no such environment.
  new OAuthApp({ ...needed, environment: 'staging' })
  new OAuthApp({ ...needed, keepAlive: true })
  new OAuthApp({ ...needed, keepAlive: { every: 3_600_000, idle: 0, perSecond: 1 } })
  // @ts-expect-error Nobody hears of the progress of passes in the background.
  new OAuthApp({ ...needed, keepAlive: { onProgress() {} } })
  new OAuthApp({ ...needed, issuer: undefined })
  // @ts-expect-error The state is needed: without it, anybody's callback would do.
  await app.exchange(url)
  // @ts-expect-error The state is needed: without it, anybody's callback would do.
  await app.exchange(url, {})
  // @ts-expect-error There is no such option.
  await app.exchange(url, { state: 'state', verifier: 'verifier' })
  // @ts-expect-error An id is text.
  await app.exchange(url, { state: 'state', id: () => 7 })
  // @ts-expect-error Metadata is strings.
  await app.exchange(url, { state: 'state', metadata: { seats: 7 } })
  // @ts-expect-error A refresh token is needed.
  await app.import({ id: 'customer', accessToken: 'token', expiresAt: 1 })
  // @ts-expect-error Times are a Date or a number.
  await app.import({ id: 'customer', refreshToken: 'token', expiresAt: '2030-01-01' })
  // @ts-expect-error A grant comes from an app, and is no text.
  new SmartRecruiters({ credential: 'customer' })
  // @ts-expect-error A grant must be awaited.
  new SmartRecruiters({ credential: app.exchange(url, { state: 'state' }) })
  // @ts-expect-error An id is needed.
  app.grant()
}

export function noStore(): void {
  // @ts-expect-error A store is an object of this package, and no text.
  new OAuthApp({ ...needed, store: 'memory' })
  // @ts-expect-error A store is an object of this package, and no other.
  new OAuthApp({ ...needed, store: new Map() })
}
