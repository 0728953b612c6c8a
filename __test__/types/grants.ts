/** Grants as a whole, and the suite for a store of one's own. */

import type {
  DueRecord,
  Grant,
  GrantInfo,
  OAuthApp,
  Refusal,
  RekeyProgress,
  Store,
  StoredRecord,
} from 'smartrecruiters'
import { checkStore } from 'smartrecruiters/testing'
import { type Equal, holds } from './assertions.js'

export async function manage(app: OAuthApp, other: OAuthApp): Promise<void> {
  for await (const grant of app.grants()) {
    holds<Equal<typeof grant, GrantInfo>>()
    holds<Equal<typeof grant.state, 'active' | 'renewing' | 'refused' | 'unread' | 'ended'>>()
    const reason: 'revokedOrExpired' | 'responseLost' | 'forgotten' | 'exported' | undefined = grant.reason
    const dates: (Date | undefined)[] = [
      grant.refreshTokenIssuedAt,
      grant.refreshTokenExpiresAt,
      grant.accessTokenExpiresAt,
    ]
    holds<Equal<typeof grant.metadata, Readonly<Record<string, string>>>>()
    holds<Equal<typeof grant.refusal, Refusal | undefined>>()
    if (grant.refusal) {
      const { since, retryAt, times, status, error, errorDescription } = grant.refusal
      holds<Equal<typeof errorDescription, string | undefined>>()
      console.log(since.getTime() < retryAt.getTime(), times + status, error.length, errorDescription?.length)
    }
    console.log(grant.id, grant.state, reason, dates, grant.scopes?.length)
  }
  app.grants({ state: 'ended' })
  app.grants({ state: 'refused' })
  app.grants({ state: 'unread' })
  await app.annotate('customer', { company: 'Acme' })
  const settled: Promise<void> = app.settled()
  await settled
  app.grants({ expiresBefore: new Date() })
  app.grants({ expiresBefore: 1, state: 'active' })
  const progress: RekeyProgress = await app.rekey({ onProgress: step => console.log(step.resealed) })
  console.log(progress.failed)
  const sealed: string = await app.export('customer')
  const grant: Grant = await other.import({ sealed })
  app.on('storeWarning', ({ message }) => console.warn(message.length, grant.id))
  app.on('refused', ({ grantId, since, error }) => console.warn(grantId, since.getTime(), error.code))
  app.on('rekeyFailed', ({ id, error }) => console.warn(id, error.code))
}

export async function wrong(app: OAuthApp): Promise<void> {
  // @ts-expect-error There is no such state.
  app.grants({ state: 'dead' })
  // @ts-expect-error Metadata is flat.
  await app.annotate('customer', { company: { name: 'Acme' } })
  // @ts-expect-error Metadata is strings.
  await app.annotate('customer', { seats: 7 })
  // @ts-expect-error Metadata is needed: an empty object removes what was noted.
  await app.annotate('customer')
  // @ts-expect-error The text that export() gave is needed.
  await app.import({ sealed: true })
  // @ts-expect-error An id is needed.
  await app.export()
}

class MapStore implements Store {
  readonly #records = new Map<string, StoredRecord & { due: number }>()

  load(id: string): StoredRecord | undefined {
    return this.#records.get(id)
  }

  swap(id: string, expected: number, content: Uint8Array, due: number): boolean {
    if ((this.load(id)?.version ?? 0) !== expected) return false
    this.#records.set(id, { version: expected + 1, content, due })
    return true
  }

  due(before: number, limit: number, after?: DueRecord): DueRecord[] {
    console.log(before, after)
    return [...this.#records].map(([id, { due }]) => ({ id, due })).slice(0, limit)
  }
}

export async function check(): Promise<void> {
  await checkStore(() => new MapStore())
  await checkStore(async () => new MapStore(), { timeout: 100 })
  // @ts-expect-error A function that opens it is needed: each process has an instance of its own.
  await checkStore(new MapStore())
  // @ts-expect-error There is no such option.
  await checkStore(() => new MapStore(), { retries: 1 })
}
