/** Webhooks: events of SmartRecruiters, received, kept and handled once. */

import type { NativeDeadLetterPage, NativeInbox, NativeInboxDepth } from '../../index.js'
import { copied, intact } from '../bytes.js'
import { call } from '../calls.js'
import { SmartRecruiters } from '../client.js'
import { configurationError, unwrap } from '../errors.js'
import { types } from '../platform.js'
import { stringify } from '../request.js'
import { bare, callback, kind, optionalDate, optionsObject, string, strings, wellFormed } from '../validate.js'
import { toEvent, type WebhookEvent, type WebhookEventName } from './event.js'
import { described, Handling, type WebhookListener } from './handling.js'
import { deliveryHeaders, type WebhookHeaders } from './headers.js'
import {
  type CallbackAuthentication,
  type CheckedOptions,
  checkOptions,
  type WebhookErrorContext,
  type WebhooksOptions,
} from './options.js'
import { checkPath, isOurs, issueToken, type ReceiverOptions, receive } from './receiver.js'
import {
  listSubscriptions,
  type ReplayResult,
  removeSubscription,
  replay,
  type SubscribeOptions,
  type Subscription,
  subscribe,
} from './subscriptions.js'

/** A body of a webhook request, exactly as it was sent. */
export type WebhookBody = string | Uint8Array

/** An event that failed too often. */
export interface DeadLetter {
  /** The event. */
  event: WebhookEvent
  /** How often it was tried. */
  attempts: number
  /** The error of the last attempt, as text. */
  error: string
  /** When the event arrived. */
  receivedAt: Date
  /** When it was given up. */
  deadSince: Date
}

/** How many events a store has for a receiver. */
export interface InboxDepth {
  /** Those that are to be handled, or being handled. */
  waiting: number
  /** Those that failed too often. */
  dead: number
}

/** What {@link Webhooks.sign} makes a request of. */
export interface SignOptions {
  /** The name of the event. */
  name: string
  /** The payload, or the text of the body. */
  payload: object | string
  /** The id of the event. Default: a random one. */
  id?: string | undefined
  /** The version of the event's format. Default: `v201910`. */
  version?: string | undefined
  /** The URL of what the event is about. Default: none. */
  link?: string | undefined
  /** When it is signed. Default: now. */
  timestamp?: Date | number | undefined
}

/** A request as SmartRecruiters would send it. */
export interface SignedRequest {
  /** The headers of the request. */
  headers: Record<string, string>
  /** The body of the request. */
  body: string
}

/**
 * Receives webhooks: verifies them, keeps them in a store, answers, and then handles each event once, in one process of
 * the fleet. A process that ends loses nothing, because another one handles the event.
 *
 * An event is handled again if its listener fails, or if the process ends before the listener has come to its end. Let
 * listeners do the same thing when they are called twice.
 * @example
 * const webhooks = new Webhooks({ store, encryptionKey, client: sr })
 * webhooks.on('application.created', async ({ event, resource }) => console.log(event.payload, await resource()))
 * createServer(toNodeHandler(webhooks.handler())).listen(3000)
 * await webhooks.subscribe({ url: 'https://app.example.com/', events: ['application.created'] })
 */
export class Webhooks {
  readonly #inbox: NativeInbox
  readonly #handling: Handling
  readonly #authentication: CallbackAuthentication | undefined
  readonly #client: CheckedOptions['client']
  readonly #onError: CheckedOptions['onError']
  readonly #receiver: ReceiverOptions

  /**
   * Makes a receiver. The store is not opened before it is needed.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   */
  constructor(options: WebhooksOptions = {}) {
    const { inbox, concurrency, timeout, authentication, client, handshake, onError } = checkOptions(options)
    this.#inbox = inbox
    this.#authentication = authentication
    this.#client = client
    this.#onError = onError
    const report = (error: unknown, context: WebhookErrorContext = {}) => this.#report(error, context)
    this.#receiver = { inbox, authentication, handshake, report }
    this.#handling = new Handling({ inbox, concurrency, timeout, resource: event => this.#resource(event), report })
  }

  /**
   * Returns the handler of webhook requests, for any server: with `toNodeHandler` or `fastifyPlugin` where it needs them.
   * It must get the body as it was sent, so it goes before every body parser. With `path`, other paths are not answered.
   *
   * It answers 202 once the event is stored, and never waits for listeners. If the store fails it answers 503, and
   * SmartRecruiters sends the event again.
   */
  handler(options: { path?: string | undefined } = {}): (request: Request) => Promise<Response | undefined> {
    return this.#route('handler', options, receive)
  }

  /**
   * Returns the handler of the token endpoint for `callbackAuthentication` of type `oauth2`: the `tokenServiceUrl`. The
   * tokens live for an hour, and every process with the same `clientSecret` accepts them.
   */
  tokenHandler(options: { path?: string | undefined } = {}): (request: Request) => Promise<Response | undefined> {
    return this.#route('tokenHandler', options, issueToken)
  }

  #route(of: string, options: object, answer: (request: Request, options: ReceiverOptions) => Promise<Response>) {
    const path = checkPath(optionsObject(of, options, ['path']).path)
    return async (request: Request): Promise<Response | undefined> => {
      if (path !== undefined && new URL(request.url).pathname !== path) return undefined
      return answer(request, this.#receiver)
    }
  }

  /**
   * Verifies a request by its headers and its body, exactly as it was sent, and returns the event. Nothing is stored, and
   * `callbackAuthentication` is not checked: use it where you cannot use {@link handler}.
   * @throws {WebhookError} if the request is not one of SmartRecruiters, with the `reason`.
   */
  verify(headers: WebhookHeaders, body: WebhookBody): WebhookEvent {
    const { signature, timestamp, id, name, version, link } = deliveryHeaders(headers)
    const verified = unwrap(this.#inbox.verify(signature, timestamp, id, name, version, link, bytesOf(body)))
    return toEvent({ id: verified.id, name, version, link, timestamp: verified.timestamp, body: verified.body })
  }

  /** Makes a request as SmartRecruiters would send it, signed with the first of `secrets`: for tests. */
  sign(request: SignOptions): SignedRequest {
    const known = optionsObject('sign', request, ['name', 'payload', 'id', 'version', 'link', 'timestamp'])
    const { payload } = known
    const body = typeof payload === 'string' ? wellFormed('payload', payload) : stringify('payload', payload)
    const id = textOf('id', known.id ?? globalThis.crypto.randomUUID())
    const name = string('name', known.name)
    const version = textOf('version', known.version ?? 'v201910')
    const link = known.link === undefined ? '' : `<${string('link', known.link)}>; rel=self`
    const timestamp = String(Math.floor((optionalDate('timestamp', known.timestamp) ?? Date.now()) / 1000))
    const signature = this.#inbox.sign(timestamp, id, name, version, link, Buffer.from(body))
    const headers = {
      'content-type': 'application/json',
      'event-id': id,
      'event-name': name,
      'event-version': version,
      'smartrecruiters-timestamp': timestamp,
      'smartrecruiters-signature': typeof signature === 'string' ? signature : unwrap<never>(signature),
    }
    return { headers: link === '' ? headers : { ...headers, link }, body }
  }

  /**
   * Calls `listener` for each event of this name, and begins to handle events. Register the same listeners in every
   * process that handles events: an event without a listener counts as handled. A process that has no listeners only
   * receives. The process stays alive until {@link close}.
   */
  on<Name extends WebhookEventName | (string & Record<never, never>)>(
    name: Name,
    listener: WebhookListener<Name>,
  ): this {
    this.#handling.add(string('name', name), callback(listener) as WebhookListener)
    return this
  }

  /** Calls `listener` for each event, whatever its name: also for events that are not documented yet. */
  onAny(listener: WebhookListener): this {
    this.#handling.add(undefined, callback(listener))
    return this
  }

  /** Removes a listener that {@link on} added, or {@link onAny} if there is no `name`. */
  off(name: string | undefined, listener: WebhookListener<never>): this {
    this.#handling.remove(name, listener as WebhookListener)
    return this
  }

  /**
   * Counts the events in the store, of all processes: those that are to be handled or being handled, and the dead
   * letters. It counts up to 20,000 of each kind, in pages of 1,000.
   * @throws {StoreError} if the store fails.
   */
  async depth(): Promise<InboxDepth> {
    const { waiting, dead } = await call<NativeInboxDepth>((completions, callId) => {
      this.#inbox.depth(completions, callId)
    }, {})
    return { waiting, dead }
  }

  /** Lists the events that failed too often. They are removed after 31 days. */
  async *deadLetters(): AsyncGenerator<DeadLetter, void, undefined> {
    for (let after: NativeDeadLetterPage['next']; ; ) {
      const from = after
      const page = await call<NativeDeadLetterPage>((completions, callId) => {
        this.#inbox.deadLetters(completions, callId, from)
      }, {})
      const { letters, next } = bare(page)
      for (const { event, attempts, error, receivedAt, since } of letters) {
        yield { event: toEvent(event), attempts, error, receivedAt: new Date(receivedAt), deadSince: new Date(since) }
      }
      if (next === undefined) return
      after = next
    }
  }

  /** Handles a dead letter again, as if it had just arrived. Resolves with whether there was one with this event id. */
  async repeat(id: string): Promise<boolean> {
    const checked = string('id', id)
    return call<boolean>((completions, callId) => this.#inbox.repeat(completions, callId, checked), {})
  }

  /** Drops a dead letter. Resolves with whether there was one with this event id. */
  async drop(id: string): Promise<boolean> {
    const checked = string('id', id)
    return call<boolean>((completions, callId) => this.#inbox.dropDead(completions, callId, checked), {})
  }

  /**
   * Makes sure that SmartRecruiters sends these events to this URL: makes a subscription unless there is one, gets its
   * secret key, which all processes then know through the store, and activates it. SmartRecruiters checks the URL
   * meanwhile, so the handler has to be reachable, in any process that shares the store. Other subscriptions for the
   * same URL are removed. Any number of processes may call this at each start.
   *
   * `client` is the customer's; default: that of the constructor. It requires the scope `webhooks_manage`.
   */
  async subscribe(options: SubscribeOptions & { client?: SmartRecruiters | undefined }): Promise<Subscription> {
    const known = optionsObject('subscribe', options, ['url', 'events', 'alertingEmailAddress', 'client'])
    const url = string('url', known.url)
    const events = strings('events', known.events)
    if (events.length === 0) throw configurationError('events', 'must name at least one event')
    const address = known.alertingEmailAddress
    const alertingEmailAddress = address === undefined ? undefined : string('alertingEmailAddress', address)
    const client = this.#clientOf(known.client)
    return subscribe(client, this.#inbox, { url, events, alertingEmailAddress }, this.#authentication)
  }

  /** Removes a subscription by its id. */
  async unsubscribe(id: string, options: { client?: SmartRecruiters | undefined } = {}): Promise<void> {
    await removeSubscription(this.#clientOf(optionsObject('unsubscribe', options, ['client']).client), string('id', id))
  }

  /** Reads the subscriptions of the client. */
  async subscriptions(options: { client?: SmartRecruiters | undefined } = {}): Promise<Subscription[]> {
    return listSubscriptions(this.#clientOf(optionsObject('subscriptions', options, ['client']).client))
  }

  /**
   * Takes in what this receiver has missed since a time: reads the log of callbacks, which SmartRecruiters keeps for 30
   * days, to its end, and stores each event that the store does not have. Run it after an outage; events that were
   * handled before are not handled again. Default: the whole log.
   *
   * Pass the `url` of your handler if there may be subscriptions for other receivers: without it, their events are taken
   * in too.
   */
  async replay(
    options: { since?: Date | number | undefined; url?: string | undefined; client?: SmartRecruiters | undefined } = {},
  ): Promise<ReplayResult> {
    const known = optionsObject('replay', options, ['since', 'url', 'client'])
    const since = optionalDate('since', known.since) ?? 0
    const url = known.url === undefined ? undefined : string('url', known.url)
    return replay(this.#clientOf(known.client), this.#inbox, { since, url })
  }

  /**
   * Takes no more events, and resolves when the listeners that run have come to their end. Events that arrive later are
   * still stored, for other processes or the next start.
   */
  close(): Promise<void> {
    return this.#handling.close()
  }

  /** Does what {@link Webhooks.close} does, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #clientOf(given: unknown): SmartRecruiters {
    const client = given ?? this.#client
    if (client instanceof SmartRecruiters) return client
    const remedy = typeof client === 'function' ? '; the one of the constructor is a function of an event' : ''
    throw configurationError('client', `must be a SmartRecruiters, but is ${kind(given)}${remedy}`)
  }

  async #resource(event: WebhookEvent): Promise<unknown> {
    const client = typeof this.#client === 'function' ? await this.#client(event) : this.#client
    if (client === undefined) throw configurationError('client', 'must be given to `Webhooks` for `resource()`')
    if (event.link === undefined) throw configurationError('resource', `cannot be read: ${event.name} has no link`)
    // The client sends nothing to another origin than its own.
    return client.get(event.link)
  }

  #report(error: unknown, context: WebhookErrorContext): void {
    const onError = this.#onError
    if (onError !== undefined) {
      // If it fails itself, it must neither change an answer nor end the handling of events.
      new Promise(resolve => resolve(onError(error, context))).catch(failure => warn('`onError` failed', failure))
    } else if (isOurs(error)) {
      const { event, outcome } = context
      const about = event === undefined ? '' : ` (${event.name} ${event.id}${outcome ? `, ${outcome}` : ''})`
      warn(`a webhook failed${about}`, error)
    }
  }
}

function warn(what: string, error: unknown): void {
  process.emitWarning(`${what}: ${described(error)}`, 'Warning', 'SMARTRECRUITERS_WEBHOOKS')
}

function bytesOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body)
  if (types.isUint8Array(body)) {
    // The core verifies the bytes and then reads them, so no other thread may change them meanwhile.
    if (types.isSharedArrayBuffer(body.buffer)) return copied('body', body)
    intact('body', body)
    return body
  }
  const remedy = 'a parsed body is not what was signed: put the handler before the body parser'
  throw configurationError('body', `must be the text or the bytes of the request, but is ${kind(body)}; ${remedy}`)
}

/** Checks a header of an event, which may be empty. */
function textOf(field: string, value: unknown): string {
  return value === '' ? '' : string(field, value)
}
