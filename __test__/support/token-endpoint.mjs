/** A small SmartRecruiters whose token endpoint answers what a test says, and records what it was asked. */

import { OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { serve } from './servers.mjs'
import { ENCRYPTION_KEY, openStore, startPlace } from './stores.mjs'

export const CLIENT = {
  clientId: 'client',
  clientSecret: 'secret-0123456789',
  redirectUri: 'http://localhost:3000/callback',
}
export const DAY = 24 * 60 * 60 * 1000

const JSON_TYPE = { 'content-type': 'application/json' }
const TOKEN_PATH = '/identity/oauth/token'

/**
 * Starts the server. `answer(form, number)` gives the `{ status, headers, body }` of the exchange with this number,
 * counted from 1, or a promise of them. Every other path answers 200, with the access token that it was called with as `id`.
 */
export async function startTokenEndpoint(t, answer) {
  const asked = []
  const { baseUrl } = await serve(t, async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    if (request.url !== TOKEN_PATH) {
      const id = request.headers.authorization?.replace('Bearer ', '')
      return response.writeHead(200, JSON_TYPE).end(JSON.stringify({ id }))
    }
    const form = Object.fromEntries(new URLSearchParams(body))
    asked.push(form)
    const { status = 200, headers = {}, body: text = '' } = await answer(form, asked.length)
    response.writeHead(status, { ...JSON_TYPE, ...headers }).end(text)
  })
  return {
    baseUrl,
    /** The forms that reached the token endpoint, in order. */
    asked,
    /** An app of this server. */
    app: options => new OAuthApp({ ...CLIENT, baseUrl, ...options }),
  }
}

/** The same, with a store for the app: `open()` makes the app of another process, which has the same store. */
export async function startWithStore(t, answer) {
  const server = await startTokenEndpoint(t, answer)
  const place = await startPlace(t, 'sqlite')
  const open = options => server.app({ store: openStore(place), encryptionKey: ENCRYPTION_KEY, ...options })
  return { ...server, place, open, app: open() }
}

/** Gives an app a grant that was not used for so long that keep-alive renews it. */
export function importIdle(app, id = 'customer') {
  return app.import({ id, refreshToken: 'rt-0', refreshTokenIssuedAt: Date.now() - 20 * DAY })
}

/** A good answer: tokens that are told apart by `name`. */
export function tokens(name, more = {}) {
  const body = { access_token: `at-${name}`, refresh_token: `rt-${name}`, token_type: 'bearer', expires_in: 1799 }
  // A member that is undefined is left out.
  return { body: JSON.stringify({ ...body, ...more }) }
}

/** An unsuccessful answer of RFC 6749 section 5.2. */
export function refusal(error, status = 400, description = undefined) {
  return { status, body: JSON.stringify({ error, error_description: description }) }
}

/** An answer with tokens that this client cannot read: it is in a content coding that nobody knows. */
export function unreadable(name) {
  const body = Buffer.from(tokens(name).body).map(byte => byte ^ 0xa5)
  return { headers: { 'content-encoding': 'x-secret' }, body }
}

/** The URL that a browser comes back with, after its user has consented to the request. */
export function callback({ url, state }, code = 'code-1') {
  return `${new URL(url).searchParams.get('redirect_uri')}?${new URLSearchParams({ code, state })}`
}

/** A client of a grant that is not paced. */
export function client(credential, options) {
  return new SmartRecruiters({ credential, limits: false, ...options })
}

/** What `app.grants()` lists. */
export async function list(app, options) {
  const grants = []
  for await (const grant of app.grants(options)) grants.push(grant)
  return grants
}

/** The one grant that the app has. */
export async function onlyGrant(app) {
  const grants = await list(app)
  if (grants.length !== 1) throw new Error(`the app has ${grants.length} grants instead of one`)
  return grants[0]
}

/** Waits until a known instant has passed by the wall clock. */
export async function passed(date) {
  while (Date.now() < date) await new Promise(resolve => setTimeout(resolve, date - Date.now()))
}
