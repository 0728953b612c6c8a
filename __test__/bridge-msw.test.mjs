// msw behind a bridge.

import { after, afterEach } from 'node:test'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { behavesAsMocked } from './support/mocked.mjs'

const API = 'https://api.smartrecruiters.com'
const server = setupServer()
// It also prints what is not mocked, besides failing it.
server.listen({ onUnhandledRequest: 'error' })
afterEach(() => server.resetHandlers())
after(() => server.close())

behavesAsMocked({
  json: (method, path, status, body) =>
    server.use(http[method.toLowerCase()](API + path, () => HttpResponse.json(body, { status }))),
  echo: path =>
    server.use(
      http.post(API + path, async ({ request }) =>
        HttpResponse.json({ received: await request.json() }, { status: 201 }),
      ),
    ),
  token(accessToken) {
    const forms = []
    server.use(
      http.post(`${API}/identity/oauth/token`, async ({ request }) => {
        forms.push(Object.fromEntries(new URLSearchParams(await request.text())))
        return HttpResponse.json({ access_token: accessToken, expires_in: 1800 })
      }),
    )
    return forms
  },
  guarded: (path, accessToken) =>
    server.use(
      http.get(API + path, ({ request }) =>
        request.headers.get('authorization') === `Bearer ${accessToken}`
          ? HttpResponse.json('in')
          : new HttpResponse(null, { status: 401 }),
      ),
    ),
  fails: path => server.use(http.get(API + path, () => HttpResponse.error())),
})
