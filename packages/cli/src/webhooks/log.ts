/** SmartRecruiters' log of the webhooks that it has sent: 30 days of them, with their headers and bodies. */

import type { SmartRecruiters } from 'smartrecruiters'

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'

/** An event that was sent once or several times, as it was sent last. */
export interface LoggedEvent {
  id: string
  name: string
  sentAt: Date
  /** Whether a receiver has accepted it. */
  delivered: boolean
  headers: readonly (readonly [string, string])[]
  body: Uint8Array<ArrayBuffer>
}

interface Entry {
  status?: string
  timestamp?: string
  requestDetails?: { headers?: Record<string, string | string[]>; body?: unknown }
}

/** Reads the events since a time, the oldest first. With `url`, only those that were sent there. */
export async function readLog(
  client: SmartRecruiters,
  { since, url, signal }: { since: Date; url: string | undefined; signal: AbortSignal },
): Promise<LoggedEvent[]> {
  const events = new Map<string, LoggedEvent>()
  const subscriptions = client.paginate<{ id?: string; callbackUrl?: string }>(SUBSCRIPTIONS, { signal })
  for await (const { id, callbackUrl } of subscriptions) {
    if (id === undefined || (url !== undefined && callbackUrl !== url)) continue
    const log = client.paginate<Entry>(`${SUBSCRIPTIONS}/{id}/callbacks-log`, { params: { id }, signal })
    for await (const entry of log) add(events, entry, since)
  }
  return [...events.values()].sort((a, b) => a.sentAt.getTime() - b.sentAt.getTime())
}

function add(events: Map<string, LoggedEvent>, { status, timestamp, requestDetails }: Entry, since: Date): void {
  const sentAt = new Date(timestamp ?? Number.NaN)
  // The order of the log is not documented, so an earlier entry does not mean that only earlier ones follow.
  if (!(sentAt >= since)) return
  const headers = Object.entries(requestDetails?.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map(value => [name, value] as const),
  )
  const header = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const [id, name] = [header('event-id'), header('event-name')]
  // A handshake is in the log, too.
  if (id === undefined || name === undefined) return
  const before = events.get(id)
  const delivered = status === 'successful' || before?.delivered === true
  if (before !== undefined && before.sentAt > sentAt) {
    before.delivered = delivered
    return
  }
  const { body } = requestDetails ?? {}
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? null)
  events.set(id, { id, name, sentAt, delivered, headers, body: Buffer.from(text) })
}
