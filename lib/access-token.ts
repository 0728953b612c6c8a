/** An access token for those who need the text itself. */

import { refuseNew } from './handles.js'

/** An access token. Not printed by `util.inspect` or `JSON.stringify`: read `accessToken`. */
export class AccessToken {
  readonly #accessToken: string
  /** When it expires. */
  readonly expiresAt: Date
  /** Its scopes, as far as the server named them. */
  readonly scopes: readonly string[]

  /** @internal */
  constructor(accessToken: string, expiresAt: number, scopes: string[], made: symbol) {
    refuseNew('AccessToken', made, 'the client gives it: `await sr.token()`; one of your own is a `BearerToken`')
    this.#accessToken = accessToken
    this.expiresAt = new Date(expiresAt)
    this.scopes = scopes
  }

  /** The token itself, to be sent as `Authorization: Bearer`. It may be renewed any moment: ask anew for each use. */
  get accessToken(): string {
    return this.#accessToken
  }
}
