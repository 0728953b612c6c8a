import { createHmac, randomUUID } from 'node:crypto'
import type { Clock } from '../clock.js'
import { newSecret } from '../state/credentials.js'
import type { Data } from '../state/data.js'
import type { Item } from '../state/given-data.js'
import { authorization, type CallbackAuthentication } from './authorization.js'

/** The minutes after which a failed delivery is repeated. The first and the last are documented. */
const REPEAT_AFTER = [1, 3, 10, 45, 120, 240, 480, 720, 1080, 1440]
const KEY_OVERLAP_SECONDS = 24 * 3600
const ANSWER_TIMEOUT = 5000
const HANDSHAKE_TIMEOUT = 20_000

/** One attempt to deliver a webhook. */
export interface WebhookDelivery {
  /** The id of the event: the same in each attempt. */
  eventId: string
  /** The id of the subscription. */
  subscriptionId: string
  /** Which attempt it was, counted from 1. */
  attempt: number
  /** The status of the receiver's answer; absent if there was none. */
  status?: number | undefined
  /** Whether the receiver answered with 202, the one status that SmartRecruiters takes for a success. */
  delivered: boolean
}

/** What {@link Sandbox.emit} takes besides the event. */
export interface EmitOptions {
  /** The id of the event. Default: a random one. */
  id?: string | undefined
  /**
   * The URL of what the event is about; `null` for none. Default: the record that the payload names, and a record of the
   * sandbox in place of an id that the payload lacks. `candidate.deleted` and `position.deleted` have none.
   */
  link?: string | null | undefined
}

interface Delivery {
  subscription: string
  attempt: number
  /** When it is sent, by the sandbox's clock. */
  at: number
  event: { id: string; name: string; link: string; body: string }
}

interface LogEntry {
  status: 'successful' | 'failed'
  timestamp: string
  requestDetails: { url: string; headers: Record<string, string>; body: string }
}

interface Key {
  secretKey: string
  until: number
}

/** Sends signed webhooks to subscriptions. */
export class WebhookSender {
  readonly #clock: Clock
  readonly #data: Data
  readonly #keys = new Map<string, Key[]>()
  readonly #authentications = new Map<string, CallbackAuthentication>()
  readonly #log = new Map<string, LogEntry[]>()
  #repeats: Delivery[] = []

  constructor(clock: Clock, data: Data) {
    this.#clock = clock
    this.#data = data
  }

  /** The present secret key of a subscription. */
  keyOf(subscription: string): string | undefined {
    return this.#keys.get(subscription)?.[0]?.secretKey
  }

  /** Makes the next secret key of a subscription. The former one also signs, for a day. */
  rotateKey(subscription: string): string {
    const former = this.#keys.get(subscription)?.[0]
    const until = this.#clock.now() + KEY_OVERLAP_SECONDS * 1000
    const key = { secretKey: newSecret(), until: Number.POSITIVE_INFINITY }
    this.#keys.set(subscription, former ? [key, { ...former, until }] : [key])
    return key.secretKey
  }

  authenticate(subscription: string, authentication: CallbackAuthentication): void {
    this.#authentications.set(subscription, authentication)
  }

  /** What was sent to a subscription, the latest first. */
  log(subscription: string): readonly LogEntry[] {
    return this.#log.get(subscription) ?? []
  }

  /** Asks a receiver whether it expects this subscription. */
  async shakeHands(subscription: Item): Promise<boolean> {
    const hook = randomUUID()
    try {
      const headers = { 'x-hook-secret': hook, ...(await this.#authorization(subscription.id)) }
      const signal = AbortSignal.timeout(HANDSHAKE_TIMEOUT)
      const response = await fetch(String(subscription.callbackUrl), { method: 'POST', headers, signal })
      return response.status === 200 && response.headers.get('x-hook-secret') === hook
    } catch {
      return false
    }
  }

  /** Sends an event to every active subscription that asks for it. */
  async emit(name: string, payload: object, { id = randomUUID(), link }: EmitOptions = {}): Promise<WebhookDelivery[]> {
    const event = { id, name, link: link ? `<${link}>; rel=self` : '', body: JSON.stringify(payload) }
    const asking = [...this.#data.subscriptions.values()].filter(
      ({ status, events }) => status === 'active' && (events as { name: string }[]).some(each => each.name === name),
    )
    const at = this.#clock.now()
    return Promise.all(asking.map(subscription => this.#send({ subscription: subscription.id, attempt: 1, at, event })))
  }

  /** Repeats what has failed and is due by now, again and again until nothing is. */
  async repeat(): Promise<WebhookDelivery[]> {
    const sent: WebhookDelivery[] = []
    for (;;) {
      const due = this.#repeats.filter(({ at }) => at <= this.#clock.now())
      if (due.length === 0) return sent
      this.#repeats = this.#repeats.filter(repeat => !due.includes(repeat))
      sent.push(...(await Promise.all(due.map(repeat => this.#send(repeat)))))
    }
  }

  async #send(delivery: Delivery): Promise<WebhookDelivery> {
    const { subscription: subscriptionId, attempt, event } = delivery
    const subscription = this.#data.subscriptions.get(subscriptionId)
    const base = { eventId: event.id, subscriptionId, attempt }
    // It was removed or suspended since.
    if (subscription?.status !== 'active') return { ...base, delivered: false }
    const headers = this.#headers(delivery)
    let status: number | undefined
    try {
      const response = await fetch(String(subscription.callbackUrl), {
        method: 'POST',
        headers: { ...headers, ...(await this.#authorization(subscriptionId)) },
        body: event.body,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT),
      })
      status = response.status
      await response.body?.cancel()
    } catch {
      // There is no answer.
    }
    const delivered = status === 202
    this.#log.set(subscriptionId, [
      {
        status: delivered ? 'successful' : 'failed',
        timestamp: new Date().toISOString(),
        requestDetails: { url: String(subscription.callbackUrl), headers, body: event.body },
      },
      ...this.log(subscriptionId),
    ])
    if (!delivered) this.#failed(subscription, delivery)
    return { ...base, ...(status !== undefined && { status }), delivered }
  }

  #failed(subscription: Item, delivery: Delivery): void {
    const minutes = REPEAT_AFTER[delivery.attempt - 1]
    if (minutes === undefined) subscription.status = 'inactive'
    else this.#repeats.push({ ...delivery, attempt: delivery.attempt + 1, at: delivery.at + minutes * 60_000 })
  }

  #headers({ subscription, event: { id, name, link, body } }: Delivery): Record<string, string> {
    const version = 'v1'
    // The time of the machine, as receivers compare it with theirs.
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signed = [timestamp, body, id, name, version, link].join('.')
    const keys = (this.#keys.get(subscription) ?? []).filter(({ until }) => until > this.#clock.now())
    const signatures = keys.map(({ secretKey }) => `v1=${createHmac('sha256', secretKey).update(signed).digest('hex')}`)
    return {
      'content-type': 'application/json',
      'event-id': id,
      'event-name': name,
      'event-version': version,
      'smartrecruiters-timestamp': timestamp,
      ...(link !== '' && { link }),
      ...(signatures.length > 0 && { 'smartrecruiters-signature': signatures.join(';') }),
    }
  }

  #authorization(subscription: string): Promise<Record<string, string>> {
    return authorization(this.#authentications.get(subscription))
  }
}
