import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { ResolvedOptions } from '../options.js'
import { type ClientCredential, newSecret, newToken } from './credentials.js'
import type { Holder } from './identity.js'

/** What the user was asked to allow. */
export interface ConsentRequest {
  readonly client: ClientCredential
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly state: string | undefined
  /** S256 challenge, if one was sent. */
  readonly codeChallenge: string | undefined
}

export interface IssuedTokens {
  readonly holder: Holder
  readonly accessToken: string
  readonly refreshToken?: string
}

/** A grant that is refused, with the reason for `error_description`. */
export class GrantError extends Error {}

/** All tokens that descend from one authorization code. */
interface Family {
  readonly holder: Holder
  readonly clientId: string
  dead: boolean
}

interface AccessToken {
  readonly holder: Holder
  readonly family: Family | undefined
  expiresAt: number
}

interface RefreshToken {
  readonly family: Family
  readonly expiresAt: number
  spentAt: number | undefined
}

interface Code {
  readonly request: ConsentRequest
  readonly expiresAt: number
  family: Family | undefined
}

type TokenOptions = Pick<
  ResolvedOptions,
  'accessTokenLifetime' | 'refreshTokenLifetime' | 'codeLifetime' | 'refreshTokenReuse' | 'gracePeriod'
>

/** Authorization codes, access tokens and one-time refresh tokens. */
export class Tokens {
  readonly #options: TokenOptions
  readonly #clock: Clock
  readonly #access = new Map<string, AccessToken>()
  readonly #refresh = new Map<string, RefreshToken>()
  readonly #codes = new Map<string, Code>()
  #families = 0

  constructor(options: TokenOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** The holder of a live token, `expired` for a dead one, undefined for an unknown one. */
  find(token: string): Holder | 'expired' | undefined {
    const found = this.#access.get(token)
    if (!found) return undefined
    return found.expiresAt <= this.#clock.now() || found.family?.dead ? 'expired' : found.holder
  }

  forClient(client: ClientCredential): IssuedTokens {
    const holder: Holder = { label: client.label, kind: 'token', scopes: client.scopes, user: 0 }
    return { holder, accessToken: this.#newAccessToken(holder, undefined) }
  }

  newCode(request: ConsentRequest): string {
    const code = newSecret()
    this.#codes.set(code, { request, expiresAt: this.#expiry(this.#options.codeLifetime), family: undefined })
    return code
  }

  redeemCode(
    code: string,
    client: ClientCredential,
    sent: { redirectUri: string | undefined; codeVerifier: string | undefined },
  ): IssuedTokens {
    const found = this.#codes.get(code)
    if (!found || found.request.client !== client) throw new GrantError('The authorization code is unknown')
    if (found.family) {
      found.family.dead = true
      throw new GrantError('The authorization code was used before; its tokens are revoked')
    }
    if (found.expiresAt <= this.#clock.now()) throw new GrantError('The authorization code has expired')
    const { redirectUri, codeChallenge, scopes } = found.request
    if (sent.redirectUri !== undefined && sent.redirectUri !== redirectUri) {
      throw new GrantError('redirect_uri differs from the one of the authorization request')
    }
    checkVerifier(codeChallenge, sent.codeVerifier)

    this.#families += 1
    const label = `${client.label}/grant-${this.#families}`
    const family: Family = {
      holder: { label, kind: 'token', scopes, user: this.#families },
      clientId: client.clientId,
      dead: false,
    }
    found.family = family
    return this.#newPair(family)
  }

  refresh(token: string, client: ClientCredential): IssuedTokens {
    const found = this.#refresh.get(token)
    const now = this.#clock.now()
    if (!found || found.family.clientId !== client.clientId) throw new GrantError('The refresh token is unknown')
    if (found.family.dead) throw new GrantError('The grant was revoked')
    if (found.spentAt !== undefined) {
      const { refreshTokenReuse, gracePeriod } = this.#options
      if (refreshTokenReuse === 'grace' && now < found.spentAt + gracePeriod * 1000) return this.#newPair(found.family)
      if (refreshTokenReuse === 'revokeFamily') found.family.dead = true
      throw new GrantError('The refresh token was used before')
    }
    if (found.expiresAt <= now) throw new GrantError('The refresh token has expired')
    found.spentAt = now
    return this.#newPair(found.family)
  }

  /** Every access token issued so far is dead from now on. */
  expireAccessTokens(): void {
    for (const token of this.#access.values()) token.expiresAt = Number.NEGATIVE_INFINITY
  }

  #newPair(family: Family): IssuedTokens {
    const refreshToken = newSecret()
    const expiresAt = this.#expiry(this.#options.refreshTokenLifetime)
    this.#refresh.set(refreshToken, { family, expiresAt, spentAt: undefined })
    return { holder: family.holder, accessToken: this.#newAccessToken(family.holder, family), refreshToken }
  }

  #newAccessToken(holder: Holder, family: Family | undefined): string {
    const token = newToken()
    this.#access.set(token, { holder, family, expiresAt: this.#expiry(this.#options.accessTokenLifetime) })
    return token
  }

  #expiry(lifetime: number): number {
    return this.#clock.now() + lifetime * 1000
  }
}

function checkVerifier(challenge: string | undefined, verifier: string | undefined): void {
  if (challenge === undefined) {
    // RFC 9700, section 2.1.1: a verifier without a challenge is a downgrade.
    if (verifier !== undefined) throw new GrantError('code_verifier without a code_challenge')
    return
  }
  const computed = createHash('sha256')
    .update(verifier ?? '')
    .digest()
  const expected = Buffer.from(challenge, 'base64url')
  if (verifier === undefined || expected.length !== computed.length || !timingSafeEqual(expected, computed)) {
    throw new GrantError('code_verifier does not match the code_challenge')
  }
}
