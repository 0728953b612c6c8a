import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { ResolvedOptions } from '../options.js'
import { type ClientCredential, type Holder, newSecret, newToken } from './credentials.js'

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
  readonly refreshToken?: string | undefined
}

/** A grant that was made without a user's consent. */
export interface IssuedGrant {
  /** Name under which the counters show it. */
  readonly label: string
  readonly refreshToken: string
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

    found.family = this.#newFamily(client, scopes)
    return this.#newPair(found.family)
  }

  issueGrant(client: ClientCredential): IssuedGrant {
    const family = this.#newFamily(client, client.scopes)
    return { label: family.holder.label, refreshToken: this.#newRefreshToken(family) }
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

  /** Every access token issued so far, to all or to the holder of this label, is dead from now on. */
  expireAccessTokens(label?: string): void {
    for (const token of this.#access.values()) {
      if (label === undefined || token.holder.label === label) token.expiresAt = Number.NEGATIVE_INFINITY
    }
  }

  #newFamily(client: ClientCredential, scopes: readonly string[]): Family {
    this.#families += 1
    const label = `${client.label}/grant-${this.#families}`
    const holder: Holder = { label, kind: 'token', scopes, user: this.#families }
    return { holder, clientId: client.clientId, dead: false }
  }

  #newPair(family: Family): IssuedTokens {
    const refreshToken = this.#newRefreshToken(family)
    return { holder: family.holder, accessToken: this.#newAccessToken(family.holder, family), refreshToken }
  }

  #newRefreshToken(family: Family): string {
    const token = newSecret()
    this.#refresh.set(token, {
      family,
      expiresAt: this.#expiry(this.#options.refreshTokenLifetime),
      spentAt: undefined,
    })
    return token
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
