import { createHash } from 'node:crypto'

/**
 * A form that reached the token endpoint. It contains no secrets: a refresh token appears as a fingerprint, the first
 * 16 hex digits of its SHA-256.
 */
export interface RecordedExchange {
  /** The id of the request, which its answer has in the header `X-Request-Id`. */
  readonly id: string
  /** The time of its arrival, by `performance.now()` of the sandbox's process. */
  readonly at: number
  /** The query of the token URL, without `?`. A client can use it to mark its requests. */
  readonly query: string
  /** The `grant_type` as sent; absent if there was none. */
  readonly grantType?: string | undefined
  /** The fingerprint of the refresh token that was presented; absent if there was none. */
  readonly presented?: string | undefined
  /** The label of the credential to which tokens were issued, even if the answer was not sent; absent if none were. */
  readonly issuedTo?: string | undefined
  /** The fingerprint of the refresh token that was issued; absent if none was. */
  readonly issued?: string | undefined
}

type Writable = { -readonly [Field in keyof RecordedExchange]: RecordedExchange[Field] }

/** The forms that reached the token endpoint, in the order in which they were received completely. */
export class ExchangeLog {
  readonly #entries = new Map<string, Writable>()

  arrived(request: Pick<RecordedExchange, 'id' | 'at' | 'query'>, form: URLSearchParams): void {
    const entry: Writable = { ...request }
    const grantType = form.get('grant_type')
    if (grantType !== null) entry.grantType = grantType
    const presented = form.get('refresh_token')
    if (presented !== null) entry.presented = fingerprint(presented)
    this.#entries.set(request.id, entry)
  }

  issued(id: string, label: string, refreshToken: string | undefined): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    entry.issuedTo = label
    if (refreshToken !== undefined) entry.issued = fingerprint(refreshToken)
  }

  list(): RecordedExchange[] {
    return [...this.#entries.values()].map(entry => ({ ...entry }))
  }

  clear(): void {
    this.#entries.clear()
  }
}

/** Returns the fingerprint that stands for a secret: the first 16 hex digits of its SHA-256. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16)
}
