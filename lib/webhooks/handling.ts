/** Handles events: takes them from the inbox one by one, and calls the listeners. */

import type { NativeAttemptEnd, NativeClaim, NativeInbox, NativeSettled } from '../../index.js'
import { call } from '../calls.js'
import { reportWebhook } from '../telemetry/webhook-reports.js'
import { toEvent, type WebhookEvent } from './event.js'
import type { WebhookErrorContext } from './options.js'

/** The pause after a failure to take an event, in milliseconds. */
const PAUSE = 1000

/** What a listener gets. */
export interface WebhookContext<Name extends string = string> {
  /** The event. */
  event: WebhookEvent<Name>
  /**
   * Reads what the event is about, by its link, with the customer's client. It requires the option `client`. A link that
   * leads to another origin than the client's is refused.
   * @throws {ConfigurationError} if there is no client, or the event has no link, such as after a deletion.
   */
  resource: <T = unknown>() => Promise<T>
  /**
   * Aborts when the attempt no longer counts: it took longer than `timeout`, or the process stood still for so long that
   * another one has the event. Pass it on to what you call.
   */
  signal: AbortSignal
  /** Which attempt at the event this is, counted from 1. */
  attempt: number
  /** When the event arrived. */
  receivedAt: Date
}

/** A listener of events. An event counts as handled when the promises of all its listeners are fulfilled. */
export type WebhookListener<Name extends string = string> = (context: WebhookContext<Name>) => unknown

/** What handling needs to know. */
export interface HandlingOptions {
  inbox: NativeInbox
  concurrency: number
  timeout: number
  resource: (event: WebhookEvent) => Promise<unknown>
  report: (error: unknown, context: WebhookErrorContext) => void
}

/** The listeners of a process, and the events that it handles. */
export class Handling {
  readonly #options: HandlingOptions
  readonly #named = new Map<string, Set<WebhookListener>>()
  readonly #any = new Set<WebhookListener>()
  #running: Promise<unknown> | undefined
  #isClosed = false

  constructor(options: HandlingOptions) {
    this.#options = options
  }

  /** Adds a listener for events of this name, or for all. Events are taken once the present turn is over. */
  add(name: string | undefined, listener: WebhookListener): void {
    this.#listeners(name).add(listener)
    // All that is added in the same turn is there before the first event.
    this.#running ??= new Promise(resolve => setImmediate(resolve)).then(() => this.#run())
  }

  remove(name: string | undefined, listener: WebhookListener): void {
    this.#listeners(name).delete(listener)
  }

  /** Resolves when the listeners that run have come to their end, and no more events are taken. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#options.inbox.close()
    await this.#running
  }

  #listeners(name: string | undefined): Set<WebhookListener> {
    if (name === undefined) return this.#any
    const listeners = this.#named.get(name) ?? new Set()
    this.#named.set(name, listeners)
    return listeners
  }

  #run(): Promise<unknown> {
    return Promise.all(Array.from({ length: this.#options.concurrency }, () => this.#take()))
  }

  /** Takes events, and handles one after the other. */
  async #take(): Promise<void> {
    const { inbox, report } = this.#options
    for (;;) {
      try {
        const claim = await call<NativeClaim | null | undefined>((completions, callId) => {
          inbox.next(completions, callId)
        }, {})
        if (!claim) return
        await this.#handle(claim)
      } catch (error) {
        report(error, {})
        if (this.#isClosed) return
        // The core pauses before it reports a failure. The addon, where it fails itself, does not.
        await new Promise(resolve => setTimeout(resolve, PAUSE))
      }
    }
  }

  async #handle(claim: NativeClaim): Promise<void> {
    const { inbox, report } = this.#options
    const claimed = claim.event()
    const event = toEvent(claimed.event)
    const start = performance.now()
    let failure: { error: unknown } | undefined
    try {
      await this.#listen(claim, event, claimed)
    } catch (error) {
      failure = { error }
    }
    const { id, name } = event
    reportWebhook(() => ({
      outcome: failure === undefined ? 'handled' : 'failed',
      id,
      event: name,
      attempt: claimed.attempt,
      durationMs: performance.now() - start,
      ...failure,
    }))
    const { outcome } = await call<NativeSettled>((completions, callId) => {
      inbox.settle(completions, callId, claim, failure && described(failure.error))
    }, {})
    if (failure !== undefined) {
      report(failure.error, { event, attempt: claimed.attempt, outcome: outcome === 'handled' ? undefined : outcome })
    }
  }

  /** Calls the listeners, and keeps the event while they run. */
  async #listen(claim: NativeClaim, event: WebhookEvent, { attempt, receivedAt }: Claimed): Promise<void> {
    const { inbox, timeout, resource } = this.#options
    const [attemptOver, listened] = [new AbortController(), new AbortController()]
    const ended = call<NativeAttemptEnd>(
      (completions, callId) => inbox.hold(completions, callId, claim, timeout),
      {},
      listened.signal,
    ).then(end => {
      const error = new Error(end === 'timedOut' ? TIMED_OUT : LOST)
      attemptOver.abort(error)
      throw error
    })
    // Once the listeners have come to their end, it is aborted, and nobody waits for it.
    ended.catch(() => {})
    const context: WebhookContext = {
      event,
      resource: <T>() => resource(event) as Promise<T>,
      signal: attemptOver.signal,
      attempt,
      receivedAt: new Date(receivedAt),
    }
    const listeners = [...(this.#named.get(event.name) ?? []), ...this.#any]
    const results = Promise.all(listeners.map(async listener => listener(context)))
    try {
      await Promise.race([results, ended])
    } finally {
      listened.abort()
    }
  }
}

interface Claimed {
  attempt: number
  receivedAt: number
}

const TIMED_OUT = 'the listeners took longer than `timeout`; let them end sooner, or raise it'
const LOST =
  'the event was taken over by another process, because this one stood still or could not reach the store for 30 seconds'

/** An error in words, for dead letters and warnings. It may be anything that a listener has thrown. */
export function described(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return 'an error that cannot be shown'
  }
}
