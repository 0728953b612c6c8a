// The handlers that every server of this folder serves. They report to the test over HTTP.

import { MemoryStore, OAuthApp, PartnerApp } from 'smartrecruiters'
import { loginHandler, partnerHandler } from 'smartrecruiters/web'

const { oauth, partner, cookieSecret, reportUrl } = JSON.parse(process.env.WEB_SETTINGS)

async function report(what) {
  await fetch(reportUrl, { method: 'POST', body: JSON.stringify(what) })
}

export const port = Number(process.env.PORT)

export const login = loginHandler(new OAuthApp(oauth), {
  cookieSecret,
  who: request => new URL(request.url).searchParams.get('who') ?? undefined,
  async onConnected(grant, { who }) {
    await report({ connected: grant.id })
    if (who !== 'with a session') return undefined
    const headers = new Headers({ location: '/own' })
    headers.append('set-cookie', 'session=1; Path=/')
    headers.append('set-cookie', 'theme=dark; Path=/')
    return new Response(null, { status: 303, headers })
  },
  onError: error => report({ error: error.code }),
})

export const activation = partnerHandler(new PartnerApp({ ...partner, store: new MemoryStore() }), {
  path: '/activate',
  onConnected: customer => report({ activated: customer.companyId }),
  onError: error => report({ error: error.code }),
})

/** Both as one function, for what answers a `Request` with a `Response`. */
export async function answer(request) {
  const { pathname } = new URL(request.url)
  if (pathname === '/own') return Response.json(request.method === 'POST' ? await request.json() : {})
  return (await login(request)) ?? (await activation(request)) ?? new Response('unknown', { status: 404 })
}
