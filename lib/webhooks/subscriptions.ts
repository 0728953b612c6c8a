/** Subscriptions at SmartRecruiters, and its log of what it has sent to them. */

import type { NativeInbox, NativeTakenIn } from '../../index.js'
import { call } from '../calls.js'
import type { SmartRecruiters } from '../client.js'
import { NotFoundError, WebhookError } from '../errors.js'
import { bare } from '../validate.js'
import type { WebhookEventName } from './event.js'
import { deliveryHeaders } from './headers.js'
import type { CallbackAuthentication } from './options.js'

const SUBSCRIPTIONS = '/webhooks-api/v201907/subscriptions'
/** SmartRecruiters waits 20 seconds for the answer to its handshake. */
const HANDSHAKE_TIMEOUT = 60_000

/** A subscription at SmartRecruiters. */
export interface Subscription {
  /** The id of the subscription. */
  id: string
  /** The URL to which SmartRecruiters sends events. */
  url: string
  /** The names of the events. */
  events: string[]
  /** Whether SmartRecruiters sends events: it suspends a subscription whose deliveries keep failing. */
  active: boolean
}

/** What {@link Webhooks.subscribe} asks for. */
export interface SubscribeOptions {
  /** The URL of your handler, which SmartRecruiters must reach over HTTPS. */
  url: string
  /** The names of the events. */
  events: readonly (WebhookEventName | (string & Record<never, never>))[]
  /** The address to which SmartRecruiters writes when deliveries fail. */
  alertingEmailAddress?: string | undefined
}

/** What {@link Webhooks.replay} has found. */
export interface ReplayResult {
  /** How many entries of the log were read. */
  read: number
  /** How many of their events were new, and will be handled. */
  taken: number
  /** How many of those could not be verified, because their key is not known any more. */
  unverified: number
  /** How many entries are not events that can be handled. */
  unreadable: number
}

interface RawSubscription {
  id?: string
  callbackUrl?: string
  events?: (string | { name?: string })[]
  status?: string
}

interface LogEntry {
  timestamp?: string
  requestDetails?: { headers?: Record<string, string | string[]>; body?: unknown }
}

/** Reads all subscriptions. */
export async function listSubscriptions(client: SmartRecruiters): Promise<Subscription[]> {
  const found: Subscription[] = []
  for await (const subscription of client.paginate<RawSubscription>(SUBSCRIPTIONS)) {
    const { id, callbackUrl, events, status } = bare(subscription)
    if (id === undefined) continue
    const names = (events ?? []).map(event => (typeof event === 'string' ? event : (bare(event).name ?? '')))
    found.push({ id, url: callbackUrl ?? '', events: names, active: status === 'active' })
  }
  return found
}

/**
 * Makes the subscription that is wanted, unless there is one, and activates it. One process of the fleet does so at a
 * time: otherwise each could remove the subscription that the other one has just made.
 */
export async function subscribe(
  client: SmartRecruiters,
  inbox: NativeInbox,
  wanted: SubscribeOptions,
  authentication: CallbackAuthentication | undefined,
): Promise<Subscription> {
  const subscriber = await call<string>((completions, callId) => inbox.beginSubscribing(completions, callId), {})
  try {
    return await subscribeAlone(client, inbox, wanted, authentication)
  } finally {
    await call<undefined>((completions, callId) => inbox.endSubscribing(completions, callId, subscriber), {})
  }
}

async function subscribeAlone(
  client: SmartRecruiters,
  inbox: NativeInbox,
  { url, events, alertingEmailAddress }: SubscribeOptions,
  authentication: CallbackAuthentication | undefined,
): Promise<Subscription> {
  const wanted = { url, events: [...new Set(events)] }
  let subscription = await findOne(client, wanted)
  if (subscription === undefined) {
    await client.post(SUBSCRIPTIONS, {
      json: { callbackUrl: url, events: wanted.events, alertingEmailAddress, callbackAuthentication: authentication },
    })
    subscription = await findOne(client, wanted)
    if (subscription === undefined) throw new Error('SmartRecruiters does not list the subscription that it has made')
  }
  await rememberKey(client, inbox, subscription.id)
  if (!subscription.active) await activate(client, inbox, subscription.id)
  // Others for this URL ask for other events.
  for (const other of await listSubscriptions(client)) {
    if (other.url === url && other.id !== subscription.id) await removeSubscription(client, other.id)
  }
  return { ...subscription, active: true }
}

/** The subscription that is wanted: an active one rather than another, so that no event is missed. */
async function findOne(client: SmartRecruiters, { url, events }: { url: string; events: string[] }) {
  const isWanted = (subscription: Subscription) =>
    subscription.url === url && String([...subscription.events].sort()) === String([...events].sort())
  const found = (await listSubscriptions(client)).filter(isWanted)
  return found.find(({ active }) => active) ?? found[0]
}

async function rememberKey(client: SmartRecruiters, inbox: NativeInbox, id: string): Promise<void> {
  const path = { params: { id } }
  const key = await client.get<{ secretKey: string }>(`${SUBSCRIPTIONS}/{id}/secret-key`, path).catch(error => {
    if (!(error instanceof NotFoundError)) throw error
    return client.post<{ secretKey: string }>(`${SUBSCRIPTIONS}/{id}/secret-key`, path)
  })
  const { secretKey }: { secretKey?: unknown } = bare(key ?? {})
  // The core must not be given anything else: its error would quote it.
  if (typeof secretKey !== 'string')
    throw new Error('SmartRecruiters answered without the secret key of a subscription')
  await call<undefined>((completions, callId) => inbox.rememberSecret(completions, callId, secretKey), {})
}

async function activate(client: SmartRecruiters, inbox: NativeInbox, id: string): Promise<void> {
  const expect = (length: number) =>
    call<undefined>((completions, callId) => inbox.expectHandshake(completions, callId, length), {})
  await expect(HANDSHAKE_TIMEOUT)
  try {
    await client.put(`${SUBSCRIPTIONS}/{id}/activation`, { params: { id } })
  } finally {
    await expect(0)
  }
}

/** Removes a subscription, unless it is gone. */
export async function removeSubscription(client: SmartRecruiters, id: string): Promise<void> {
  try {
    await client.delete(`${SUBSCRIPTIONS}/{id}`, { params: { id } })
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
}

/** Reads the logs of the subscriptions to their ends, and takes in the events that the inbox does not have. */
export async function replay(
  client: SmartRecruiters,
  inbox: NativeInbox,
  { since, url }: { since: number; url: string | undefined },
): Promise<ReplayResult> {
  const result: ReplayResult = { read: 0, taken: 0, unverified: 0, unreadable: 0 }
  for (const subscription of await listSubscriptions(client)) {
    if (url !== undefined && subscription.url !== url) continue
    const { id } = subscription
    const log = client.paginate<LogEntry>(`${SUBSCRIPTIONS}/{id}/callbacks-log`, { params: { id } })
    for await (const entry of log) {
      // The order of the log is not documented, so an earlier entry does not mean that only earlier ones follow.
      const { timestamp } = bare(entry)
      if (timestamp !== undefined && Date.parse(timestamp) < since) continue
      result.read++
      await takeIn(inbox, entry, result)
    }
  }
  return result
}

async function takeIn(inbox: NativeInbox, entry: LogEntry, result: ReplayResult): Promise<void> {
  const { requestDetails } = bare(entry)
  const { headers, body } = bare(requestDetails ?? {})
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? null)
  try {
    const { signature, timestamp, id, name, version, link } = deliveryHeaders(headers ?? {})
    const { isNew, isVerified } = await call<NativeTakenIn>((completions, callId) => {
      const bytes = Buffer.from(text)
      inbox.takeIn(completions, callId, signature, timestamp, id, name, version, link, bytes)
    }, {})
    if (isNew) result.taken++
    if (isNew && !isVerified) result.unverified++
  } catch (error) {
    // A handshake is in the log, too.
    if (!(error instanceof WebhookError)) throw error
    result.unreadable++
  }
}
