/** An access token as its text, for callers that send it themselves. */

import { refuseNew } from './handles.js'

/**
 * An access token, made by {@link SmartRecruiters.token}. `util.inspect` and `JSON.stringify` do not show the token, so
 * that it does not end up in logs.
 */
export class AccessToken {
  readonly #accessToken: string
  /** When the access token expires. */
  readonly expiresAt: Date
  /** The scopes of the access token, as far as the server named them. Empty if it named none. */
  readonly scopes: readonly string[]

  /** @internal */
  constructor(accessToken: string, expiresAt: number, scopes: string[], made: symbol) {
    refuseNew('AccessToken', made, 'use `await sr.token()`, or `new BearerToken(…)` for a token of your own')
    this.#accessToken = accessToken
    this.expiresAt = new Date(expiresAt)
    this.scopes = scopes
  }

  /**
   * The text of the access token, to be sent as `Authorization: Bearer`. It may be renewed at any moment: call
   * `sr.token()` again for each use.
   */
  get accessToken(): string {
    return this.#accessToken
  }
}
