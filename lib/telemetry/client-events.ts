/** The events of clients and of client credentials. */

import type { EventEmitter } from 'node:events'
import type { ErrorCode, StoreError, TokenError } from '../errors.js'
import type { LimitRecord } from './records.js'
import type { Records, Sink } from './sink.js'

/** The events of {@link SmartRecruiters}, for {@link SmartRecruiters.on}: those of its own calls. */
export interface ClientEvents {
  /**
   * A request of a call failed, and the call sends another one: after `delayMs`, or at once with a new access token.
   * `status` is that of the answer; without one, `errorCode` says why there was none.
   */
  retry: [
    {
      method: string
      template: string
      attempt: number
      status?: number | undefined
      errorCode?: ErrorCode | undefined
      requestId?: string | undefined
      delayMs: number
    },
  ]
  /** The API answered 429, so that the client sends nothing to this endpoint for `pauseMs`. */
  limited: [LimitRecord]
}

/** The events of {@link ClientCredentials}, for {@link ClientCredentials.on}. */
export interface ClientCredentialsEvents {
  /** No access token could be obtained. While there is a valid one, calls use that. The next call tries again. */
  tokenFailed: [{ error: TokenError }]
  /** The store that shares the token failed, so that this process obtains its own. `operation` is the store's method. */
  storeFailed: [{ operation: string; error: StoreError }]
}

export const CLIENT_EVENTS = ['retry', 'limited'] as const satisfies readonly (keyof ClientEvents)[]
export const CREDENTIALS_EVENTS = [
  'tokenFailed',
  'storeFailed',
] as const satisfies readonly (keyof ClientCredentialsEvents)[]

/** Emits the events of a client. */
export class ClientEventSink implements Sink {
  readonly #events: EventEmitter<ClientEvents>

  constructor(events: EventEmitter<ClientEvents>) {
    this.#events = events
  }

  take<Kind extends keyof Records>(kind: Kind, record: Records[Kind]): void {
    if (kind === 'limit') this.#events.emit('limited', record as Records['limit'])
    if (kind !== 'attempt') return
    const { method, template, attempt, status, errorCode, requestId, next, retryDelayMs } = record as Records['attempt']
    if (next === 'end') return
    this.#events.emit('retry', {
      method,
      template,
      attempt,
      ...(status !== undefined && { status }),
      ...(errorCode !== undefined && { errorCode }),
      ...(requestId !== undefined && { requestId }),
      delayMs: retryDelayMs ?? 0,
    })
  }
}

/** Emits the events of client credentials. */
export class CredentialsEventSink implements Sink {
  readonly #events: EventEmitter<ClientCredentialsEvents>

  constructor(events: EventEmitter<ClientCredentialsEvents>) {
    this.#events = events
  }

  take<Kind extends keyof Records>(kind: Kind, record: Records[Kind]): void {
    if (kind === 'token') {
      const { error } = record as Records['token']
      if (error !== undefined) this.#events.emit('tokenFailed', { error: error as TokenError })
    }
    if (kind === 'store') {
      const { operation, error } = record as Records['store']
      this.#events.emit('storeFailed', { operation, error: error as StoreError })
    }
  }
}
