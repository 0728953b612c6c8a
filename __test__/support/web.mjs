/** Handlers of `smartrecruiters/web` with a browser in front of them and the sandbox behind them. */

import { OAuthApp, PartnerApp } from 'smartrecruiters'
import { loginHandler, partnerHandler } from 'smartrecruiters/web'
import { startSandbox } from 'smartrecruiters-sandbox'
import { MapStore } from './map-store.mjs'

export const COOKIE_SECRET = 'canary-cookie-secret-canary-cookie-secret'

/** An app at `https://app.example.com/auth`, its login, and a sandbox. `reports` has what the handler reported. */
export async function startLogin(
  t,
  { redirectUri = 'https://app.example.com/auth/callback', app: own, ...given } = {},
) {
  const sandbox = await startSandbox({ limits: false, jobs: 1, candidates: 1 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.addClient({ redirectUris: [redirectUri] })
  const store = new MapStore()
  const settings = { clientId, clientSecret, redirectUri, baseUrl: sandbox.baseUrl, store, ...own }
  const reports = { connected: [], errors: [] }
  const options = {
    cookieSecret: COOKIE_SECRET,
    onConnected: (grant, login) => void reports.connected.push({ grant, ...login }),
    onError: (error, login) => void reports.errors.push({ error, ...login }),
    ...given,
  }
  const app = new OAuthApp(settings)
  const { origin } = new URL(redirectUri)
  return { sandbox, settings, options, store, reports, app, origin, login: loginHandler(app, options) }
}

/** A partner's app with its page at `https://app.example.com/activate`, and a sandbox. */
export async function startActivation(t, given = {}) {
  const sandbox = await startSandbox({ limits: false, jobs: 1, candidates: 1 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.partner
  const partner = new PartnerApp({ clientId, clientSecret, baseUrl: sandbox.baseUrl, store: new MapStore() })
  const reports = { connected: [], errors: [] }
  const activation = partnerHandler(partner, {
    path: '/activate',
    onConnected: (customer, { companyId }) => void reports.connected.push({ customer, companyId }),
    onError: error => void reports.errors.push(error),
    ...given,
  })
  return { sandbox, partner, reports, activation }
}

/** A browser that has nothing but cookies. It keeps every byte that it was sent. */
export class Browser {
  cookies = new Map()
  received = []

  constructor(handler) {
    this.handler = handler
  }

  /** Visits an address; redirects are not followed. */
  async visit(url, { method = 'GET', headers = {}, cookies = this.cookies } = {}) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await this.handler(new Request(url, { method, headers: { cookie, ...headers } }))
    for (const line of answer?.headers.getSetCookie() ?? []) this.take(line)
    const body = (await answer?.clone().text()) ?? ''
    this.received.push([answer?.status, JSON.stringify([...(answer?.headers ?? [])]), body].join('\n'))
    return answer
  }

  take(line) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
    if (/; Max-Age=0(;|$)/.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

/** How often a code reached the token endpoint. */
export function codeExchanges(sandbox) {
  return sandbox.counters().exchanges.authorization_code.attempts
}
