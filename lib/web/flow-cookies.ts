/**
 * The cookies of logins. Each login has a cookie of its own, so that several tabs can log in at the same time. Its name
 * comes from the `state` of the authorization request, so the callback finds its own cookie and no other.
 */

import { createHash } from 'node:crypto'
import { bare } from '../members.js'
import type { Sealing } from './sealing.js'

/** How long a login may take, in milliseconds. An authorization code is not valid for longer (RFC 6749 section 4.1.2). */
export const LOGIN_LIFETIME = 600_000
/** How many logins of one browser are remembered. */
const MOST_COOKIES = 20
/** How long all cookies of logins may be together. Node's HTTP server accepts 16 KiB of headers by default. */
const MOST_BYTES = 8192

/** What the cookie of a login remembers until the callback. */
export interface Flow {
  /** When the login began, in milliseconds since the Unix epoch. */
  began: number
  /** Where to send the browser after the login: a path on the app's own origin. */
  returnTo?: string | undefined
  /** Who logs in, as the option `who` said. */
  who?: string | undefined
  /** Whether the login has succeeded. The cookie stays until it expires, so that a repeated callback is recognised. */
  done?: boolean | undefined
}

/** The cookies of the logins of one app. */
export class FlowCookies {
  readonly #sealing: Sealing
  readonly #prefix: string
  readonly #attributes: string
  readonly #app: string

  /** Browsers accept `__Host-` cookies over https only, so they are not used on http, which is for localhost. */
  constructor(sealing: Sealing, secure: boolean, app: string) {
    this.#sealing = sealing
    this.#prefix = secure ? '__Host-sr-login-' : 'sr-login-'
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
    this.#app = app
  }

  /** Makes the cookie of a login, and removes the oldest ones that exceed the limits. */
  begin(request: Request, state: string, flow: Flow): string[] {
    const added = this.update(state, flow)
    const others = [...this.#read(request)]
      .map(([name, value]) => ({ name, value, began: this.#open(name, value)?.began ?? 0 }))
      .sort((one, other) => other.began - one.began)
    let bytes = added.length
    const removed = others.filter(({ name, value, began }, index) => {
      bytes += name.length + value.length + '=; '.length
      return began === 0 || index >= MOST_COOKIES - 1 || bytes > MOST_BYTES
    })
    return [added, ...removed.map(({ name }) => `${name}=; Max-Age=0; ${this.#attributes}`)]
  }

  /** Makes the cookie of a login anew, with what it remembers from now on. It expires when the first one would have. */
  update(state: string, flow: Flow): string {
    const name = this.#nameOf(state)
    const seconds = Math.max(1, Math.ceil((flow.began + LOGIN_LIFETIME - Date.now()) / 1000))
    const value = this.#sealing.seal(JSON.stringify(flow), this.#purpose(name))
    return `${name}=${value}; Max-Age=${seconds}; ${this.#attributes}`
  }

  /** Returns the login that this browser began with `state`; `undefined` if there is none, or it has expired. */
  find(request: Request, state: string): Flow | undefined {
    const name = this.#nameOf(state)
    const value = this.#read(request).get(name)
    return value === undefined ? undefined : this.#open(name, value)
  }

  #open(name: string, value: string): Flow | undefined {
    const text = this.#sealing.open(value, this.#purpose(name))
    if (text === undefined) return undefined
    const flow = bare(JSON.parse(text) as Flow)
    return Date.now() < flow.began + LOGIN_LIFETIME ? flow : undefined
  }

  /** The cookies of logins in a request, by their names. */
  #read(request: Request): Map<string, string> {
    const pairs = (request.headers.get('cookie') ?? '').split(';').map(pair => pair.trim().split('='))
    return new Map(pairs.flatMap(([name = '', value = '']) => (name.startsWith(this.#prefix) ? [[name, value]] : [])))
  }

  #nameOf(state: string): string {
    return this.#prefix + createHash('sha256').update(state).digest('base64url').slice(0, 22)
  }

  #purpose(name: string): string {
    return `${this.#app} ${name}`
  }
}
