import { createHash } from 'node:crypto'

/** A form that reached the token endpoint. It holds no secret: refresh tokens appear as {@link fingerprint}s. */
export interface RecordedExchange {
  /** The `X-Request-Id` of its answer. */
  readonly id: string
  /** When its first line had arrived, by `performance.now()` of the sandbox's process. */
  readonly at: number
  /** The query of the URL that it was sent to, without `?`: there a client can mark its requests. */
  readonly query: string
  /** `grant_type`, as sent. */
  readonly grantType?: string | undefined
  /** The refresh token that it presented. */
  readonly presented?: string | undefined
  /** The label of the credential that tokens were issued to, whether or not the answer was sent. */
  readonly issuedTo?: string | undefined
  /** The refresh token that was issued. */
  readonly issued?: string | undefined
}

type Writable = { -readonly [Field in keyof RecordedExchange]: RecordedExchange[Field] }

/** Every form that reached the token endpoint, in the order of their ends: the judge of what was presented twice. */
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

/** How a secret appears where it must not: the first 16 hex digits of its SHA-256. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16)
}
