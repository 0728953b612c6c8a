// undici's MockAgent behind a bridge, which is given undici's own fetch.

import { after } from 'node:test'
import { fetch, MockAgent } from 'undici'
import { behavesAsMocked } from './support/mocked.mjs'

const dispatcher = new MockAgent()
dispatcher.disableNetConnect()
after(() => dispatcher.close())
const api = dispatcher.get('https://api.smartrecruiters.com')
const headers = { 'content-type': 'application/json' }

behavesAsMocked({
  fetch: (url, init) => fetch(url, { ...init, dispatcher }),
  json: (method, path, status, body) => api.intercept({ method, path }).reply(status, body, { headers }),
  echo: path =>
    // Its reply and its matchers see the body as text, as long as it was given as text.
    api
      .intercept({ method: 'POST', path, body: text => text.startsWith('{') })
      .reply(201, ({ body }) => ({ received: JSON.parse(body) }), { headers }),
  token(accessToken) {
    const forms = []
    api.intercept({ method: 'POST', path: '/identity/oauth/token' }).reply(
      200,
      ({ body }) => {
        forms.push(Object.fromEntries(new URLSearchParams(body)))
        return { access_token: accessToken, expires_in: 1800 }
      },
      { headers },
    )
    return forms
  },
  guarded: (path, accessToken) =>
    api
      .intercept({ path, headers: { authorization: `Bearer ${accessToken}` } })
      .reply(200, JSON.stringify('in'), { headers }),
  fails: path => api.intercept({ path }).replyWithError(new Error('the line is cut')),
})
