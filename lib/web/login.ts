/** The login of a web app: the authorization code flow (RFC 6749 section 4.1) as two routes. */

import { randomBytes } from 'node:crypto'
import type { Grant, OAuthApp, SmartRecruiters } from '../index.js'
import { loginFailure, warn } from './failures.js'
import { type Flow, FlowCookies, LOGIN_LIFETIME } from './flow-cookies.js'
import {
  answerWithoutVisit,
  type Handler,
  type KeptAnswer,
  keep,
  PRIVATE,
  type Reply,
  redirectTo,
  respond,
} from './handler.js'
import { checkedOptions, checkFunctions, checkPath, configurationError } from './options.js'
import { showPage } from './pages.js'
import { pathOn } from './return-to.js'
import { type CookieSecret, Sealing } from './sealing.js'

/** The options of `app.authorizationUrl()`, which say what to ask the customer for. */
type Authorization = NonNullable<Parameters<OAuthApp['authorizationUrl']>[0]>

/** One login, as the functions among the options of {@link loginHandler} see it. */
export interface Login<Context = unknown> {
  /** What the option `who` returned when this login began; `undefined` without that option. */
  who: string | undefined
  /** The path of the app to which the browser returns, as far as one was given; for an answer of your own. */
  returnTo: string | undefined
  /** The browser's request. Its URL contains the authorization code: do not log it. */
  request: Request
  /** What the handler was called with, such as `{ req, res }` by {@link toNodeHandler}. */
  context: Context
}

/** Options of {@link loginHandler}. */
export interface LoginOptions<Context = unknown> extends Authorization {
  /**
   * The path before `/login` and `/callback`. The path of the app's `redirectUri` must end in `{prefix}/callback`.
   * Default: what stands before `/callback` in the `redirectUri`.
   */
  prefix?: string | undefined
  /**
   * Protects the cookies of logins: text of at least 32 characters, such as `openssl rand -base64 32` prints, or at
   * least 32 bytes. All processes need the same. To replace a secret, give a list: the first one seals, and each of
   * them opens. Ten minutes later, drop the old one.
   */
  cookieSecret: CookieSecret | readonly CookieSecret[]
  /**
   * Says who logs in: your own id of the user or customer, from your session. It is called when a login begins. The
   * answer is kept in the sealed cookie of that login, so that the callback cannot be mistaken for someone else's. It
   * becomes the id of the grant, unless `id` says otherwise. At most 256 characters. With `undefined`, the login begins
   * all the same; if it throws, the login does not begin, and `onError` receives the error.
   */
  who?: ((request: Request, context: Context) => string | undefined | Promise<string | undefined>) | undefined
  /**
   * Finds the id of the new grant, with a client that is authenticated with it; see `id` of `exchange()`.
   * Default: `who`, or a new random id.
   */
  id?: ((sr: SmartRecruiters, login: Login<Context>) => string | Promise<string>) | undefined
  /**
   * Called when the customer is connected and the grant is in the store. It may return a `Response`, such as a redirect
   * with the cookie of your session. Otherwise the browser goes to `returnTo`, or sees a page. If it throws, the login
   * has failed, and a reload of the page calls it again.
   */
  onConnected?: ((grant: Grant, login: Login<Context>) => Reply) | undefined
  /**
   * Called when a login fails: a `TokenError` if the customer refused, the callback does not belong to this
   * browser, or the exchange failed; otherwise the error of the store or of your functions. It may return a `Response`
   * in place of the page. Default: a process warning with code `SMARTRECRUITERS_WEB`, unless the visitor caused it.
   */
  onError?: ((error: unknown, login: Login<Context>) => Reply) | undefined
  /**
   * Where to send the browser after a login: a path of the app. A login that begins at `/login?returnTo=/jobs` goes
   * there instead, if that is on the origin of the `redirectUri`. Default: a page that says that it worked.
   */
  returnTo?: string | undefined
}

const OPTIONS = ['prefix', 'cookieSecret', 'scopes', 'for', 'who', 'id', 'onConnected', 'onError', 'returnTo'] as const
const MOST_WHO = 256
const MOST_RETURN_TO = 1024
/** How many answers to callbacks a process keeps. */
const MOST_ANSWERS = 1000

/**
 * Makes the routes `GET {prefix}/login`, which sends the browser to SmartRecruiters, and `GET {prefix}/callback`, to
 * which it returns. The callback exchanges the code, stores the grant, and calls `onConnected`.
 *
 * Each login is tied to its browser by a sealed cookie. When the same callback arrives again, such as after a double
 * click, nothing is exchanged, and the answer is the same.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed, or does not fit the `redirectUri`.
 * @example
 * const login = loginHandler(app, {
 *   cookieSecret: process.env.COOKIE_SECRET, // openssl rand -base64 32
 *   onConnected: grant => console.log(grant.id),
 * })
 * express().use(toNodeHandler(login))
 */
export function loginHandler<Context = unknown>(app: OAuthApp, options: LoginOptions<Context>): Handler<Context> {
  const known = checkedOptions('loginHandler', options, OPTIONS)
  const { who, id, onConnected, onError } = known
  checkFunctions({ who, id, onConnected, onError })
  const { origin, protocol, loginPath, callbackPath, publicLogin, publicCallback, root } = placesOf(app, known.prefix)
  const returnPath = (address: string | null | undefined) => {
    if (typeof address !== 'string' || address.length > MOST_RETURN_TO) return undefined
    const path = pathOn(origin, address)
    // A login that returned to itself would never end.
    return path !== undefined && [publicLogin, publicCallback].includes(path.replace(/[?#].*/s, '')) ? undefined : path
  }
  const home = returnPath(known.returnTo)
  if (known.returnTo !== undefined && home === undefined) {
    throw configurationError('returnTo', 'must be a path of the app, such as `/jobs`')
  }
  const authorization = Object.fromEntries(
    Object.entries(known).filter(([name, value]) => ['scopes', 'for'].includes(name) && value !== undefined),
  ) as Authorization
  // What is wrong with these is said now, and not when the first customer logs in.
  app.authorizationUrl(authorization)
  const cookies = new FlowCookies(
    new Sealing('cookieSecret', known.cookieSecret),
    protocol === 'https:',
    `${app.clientId} ${app.redirectUri}`,
  )
  const answers = new Answers()

  async function begin(request: Request, url: URL, context: Context): Promise<Response> {
    const returnTo = returnPath(url.searchParams.get('returnTo')) ?? home
    try {
      const login = await whoLogsIn(request, context)
      const { url: location, state } = app.authorizationUrl(authorization)
      const headers = new Headers({ ...PRIVATE, location })
      const flow: Flow = { began: Date.now(), returnTo, who: login }
      for (const cookie of cookies.begin(request, state, flow)) headers.append('set-cookie', cookie)
      return new Response(null, { status: 302, headers })
    } catch (error) {
      return fail(error, { who: undefined, returnTo, request, context })
    }
  }

  async function whoLogsIn(request: Request, context: Context): Promise<string | undefined> {
    const login = await who?.(request, context)
    if (login === undefined) return undefined
    if (typeof login === 'string' && login !== '' && login.length <= MOST_WHO) return login
    throw configurationError('who', `must return a string of 1 to ${MOST_WHO} characters, or undefined`)
  }

  async function callback(request: Request, url: URL, context: Context): Promise<Response> {
    const state = url.searchParams.get('state') ?? ''
    const target = url.pathname + url.search
    const flow = cookies.find(request, state)
    if (flow === undefined) {
      // The app refuses a state that it never issued, with the error that says why. It exchanges nothing.
      const error = await app
        .exchange(target, { state: randomBytes(32).toString('base64url') })
        .catch((refused: unknown) => refused)
      return fail(error, { who: undefined, returnTo: undefined, request, context })
    }
    // A browser that has the cookie of a finished login has seen its answer. The app's own cookies are not set again:
    // they could undo what has happened since, such as a logout.
    if (flow.done) {
      const given = await answers.find(state)
      if (given === undefined) return connected(flow)
      return respond({ ...given.answer, headers: given.answer.headers.filter(([name]) => name !== 'set-cookie') })
    }
    const login = { who: flow.who, returnTo: flow.returnTo, request, context }
    const { answer, succeeded } = await answers.once(state, async () => {
      try {
        return { answer: await keep((await finish(target, state, login)) ?? connected(flow)), succeeded: true }
      } catch (error) {
        return { answer: await keep(await fail(error, login)), succeeded: false }
      }
    })
    const response = respond(answer)
    if (succeeded) response.headers.append('set-cookie', cookies.update(state, { ...flow, done: true }))
    return response
  }

  async function finish(target: string, state: string, login: Login<Context>): Promise<Response | undefined> {
    const whose = id === undefined ? login.who : (sr: SmartRecruiters) => id(sr, login)
    const grant = await app.exchange(target, { state, id: whose })
    return (await onConnected?.(grant, login)) ?? undefined
  }

  function connected({ returnTo }: Flow): Response {
    if (returnTo !== undefined) return redirectTo(origin + returnTo)
    return showPage({
      status: 200,
      title: 'SmartRecruiters is connected',
      text: 'The login worked, and this app can now use the access that you allowed.',
      next: 'You can close this page, or go on in the app.',
      link: { href: root, text: 'Continue' },
    })
  }

  async function fail(error: unknown, login: Login<Context>): Promise<Response> {
    if (onError === undefined) warn('a login with SmartRecruiters', error)
    const answer = await onError?.(error, login)
    if (answer) return respond(await keep(answer))
    const query = login.returnTo === undefined ? '' : `?${new URLSearchParams({ returnTo: login.returnTo })}`
    return loginFailure(error, publicLogin + query)
  }

  const handler = async (request: Request, context?: unknown): Promise<Response | undefined> => {
    const url = new URL(request.url)
    if (url.pathname !== loginPath && url.pathname !== callbackPath) return undefined
    const answer = answerWithoutVisit(request)
    if (answer !== undefined) return answer
    return (url.pathname === loginPath ? begin : callback)(request, url, context as Context)
  }
  return handler
}

/**
 * The places of a login, from the `redirectUri`: the only address of the app that is certain, since anyone can send any
 * `Host`. A reverse proxy may remove the beginning of the path, which is then in the `redirectUri` but not in `prefix`.
 */
function placesOf(app: OAuthApp, given: string | undefined) {
  if (typeof app?.redirectUri !== 'string') throw configurationError('app', 'must be an OAuthApp')
  const { origin, protocol, pathname } = new URL(app.redirectUri)
  const prefix = checkPath('prefix', given ?? pathname.replace(/\/callback$/, ''))
  if (!pathname.endsWith(`${prefix}/callback`)) {
    throw configurationError('prefix', `the path of the redirectUri, ${pathname}, must end in {prefix}/callback`)
  }
  const base = pathname.slice(0, -`${prefix}/callback`.length)
  return {
    origin,
    protocol,
    loginPath: `${prefix}/login`,
    callbackPath: `${prefix}/callback`,
    publicLogin: `${base}${prefix}/login`,
    publicCallback: pathname,
    root: `${base}/`,
  }
}

/** The answer to a callback, and whether the login has succeeded. */
interface Answered {
  answer: KeptAnswer
  succeeded: boolean
}

/** The answers to the callbacks of this process: browsers send a callback again when a page is reloaded. */
class Answers {
  readonly #kept = new Map<string, { answered: Promise<Answered>; since: number }>()

  /** The answer that was given to a callback before. */
  find(state: string): Promise<Answered> | undefined {
    return this.#kept.get(state)?.answered
  }

  /** Answers a callback once, however often it arrives. A login that failed can be tried again. */
  async once(state: string, answer: () => Promise<Answered>): Promise<Answered> {
    this.#forget()
    const kept = this.#kept.get(state) ?? { answered: answer(), since: Date.now() }
    this.#kept.set(state, kept)
    let succeeded = false
    try {
      const answered = await kept.answered
      succeeded = answered.succeeded
      return answered
    } finally {
      if (!succeeded && this.#kept.get(state) === kept) this.#kept.delete(state)
    }
  }

  /** Forgets answers whose cookies have expired, and the oldest of too many. */
  #forget(): void {
    for (const [state, { since }] of this.#kept) {
      if (this.#kept.size < MOST_ANSWERS && since + LOGIN_LIFETIME > Date.now()) return
      this.#kept.delete(state)
    }
  }
}
