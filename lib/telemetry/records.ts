/** What is published on the diagnostics channels of this package: plain records. They hold no secrets. */

import type { NativeRenewalOutcome, NativeTokenOwnerKind } from '../../index.js'
import type { ErrorCode, SmartRecruitersError } from '../errors.js'

// `Exclude` with `never` changes nothing but the name: editors would otherwise show the names of the addon's types.

/** A kind of credential that has access tokens: see {@link TokenRecord.credential}. */
export type TokenCredential = Exclude<NativeTokenOwnerKind, never>

/** How the renewal of a grant ended: see {@link RenewalRecord.outcome}. */
export type RenewalOutcome = Exclude<NativeRenewalOutcome, never>

/**
 * A call. The channels of `tracingChannel('smartrecruiters:call')` all get the same record of it, which is completed
 * while the call goes on.
 */
export interface CallRecord {
  /** The HTTP method. */
  readonly method: string
  /** The path template of the endpoint, such as `/jobs/{id}`. There are only as many as the API has endpoints. */
  readonly template: string
  /** The URL. The values of its query are left out, unless the client has `telemetry: { queryValues: true }`. */
  readonly url: string
  /** The number of requests that were sent so far. */
  attempts: number
  /** The HTTP status of the answer, once there is one. */
  status?: number | undefined
  /** The id that SmartRecruiters gave the last request, for its support. */
  requestId?: string | undefined
  /** How long the call took until its promise settled, in milliseconds. */
  durationMs?: number | undefined
  /** Why the call failed: the error that its promise rejects with, or the reason of the signal that aborted it. */
  error?: unknown
}

/** One request of a call, on channel `smartrecruiters:attempt`. It is published when its outcome is known. */
export interface AttemptRecord {
  /** The HTTP method. */
  readonly method: string
  /** The origin of the API, such as `https://api.smartrecruiters.com`. */
  readonly origin: string
  /** The path template of the endpoint. */
  readonly template: string
  /** The number of the attempt, counted from 1. */
  readonly attempt: number
  /** The HTTP status, if an answer arrived. */
  readonly status?: number | undefined
  /** Why no answer arrived. Without this and without a status, the call ended first: by its timeout, for example. */
  readonly errorCode?: ErrorCode | undefined
  /** The id that SmartRecruiters gave the request, for its support. */
  readonly requestId?: string | undefined
  /** How long the attempt waited for its turn within the rate limits, in milliseconds. */
  readonly queueMs: number
  /** How long it then waited for a free connection and an access token, in milliseconds. */
  readonly preparationMs: number
  /** How long the request took, in milliseconds. The body is included if the call reads it as a whole. */
  readonly durationMs: number
  /** The address that the answer came from: that of the API, or of a proxy. */
  readonly remoteAddress?: string | undefined
  /** The port of that address. */
  readonly remotePort?: number | undefined
  /** The version of HTTP of the answer. */
  readonly httpVersion?: '1.1' | '2' | undefined
  /** What follows: nothing, another attempt after `retryDelayMs`, or another attempt with a new access token. */
  readonly next: 'end' | 'retry' | 'reauthorize'
  /** How long the client waits before the next attempt, in milliseconds. */
  readonly retryDelayMs?: number | undefined
}

/** A call that had to wait for its turn within the rate limits, on channel `smartrecruiters:queue`. */
export interface QueueRecord {
  /** The HTTP method. */
  readonly method: string
  /** The path template of the endpoint. */
  readonly template: string
  /** How long the call waited, in milliseconds. */
  readonly waitMs: number
}

/** An answer with status 429, on channel `smartrecruiters:limit`. */
export interface LimitRecord {
  /** The HTTP method. */
  readonly method: string
  /** The path template of the endpoint. */
  readonly template: string
  /** For how long the client sends nothing to this endpoint, in milliseconds. `undefined` without pacing. */
  readonly pauseMs?: number | undefined
  /** The id that SmartRecruiters gave the request, for its support. */
  readonly requestId?: string | undefined
}

/** An access token that a credential has obtained, or failed to obtain, on channel `smartrecruiters:token`. */
export interface TokenRecord {
  /** The kind of credential. */
  readonly credential: TokenCredential
  /** The client id, the grant's id, or the customer's company id. */
  readonly id: string
  /** How long it took, in milliseconds. */
  readonly durationMs: number
  /** How long the token can be used from now on, in milliseconds. */
  readonly expiresInMs?: number | undefined
  /** Why there is no token. */
  readonly error?: SmartRecruitersError | undefined
}

/** The renewal of a grant, on channel `smartrecruiters:renewal`. */
export interface RenewalRecord {
  /** The grant's id in the app's store. */
  readonly grantId: string
  /** How it ended. */
  readonly outcome: RenewalOutcome
  /** For `expiring`: the refresh token expires in less than this number of days. */
  readonly daysLeft?: number | undefined
  /** Why it failed. */
  readonly error?: SmartRecruitersError | undefined
}

/** The failure of a store, on channel `smartrecruiters:store`. The client may have coped with it. */
export interface StoreRecord {
  /** The method of the store: `load`, `swap`, `remove` or `due`. */
  readonly operation: string
  /** How it failed. */
  readonly error: SmartRecruitersError
}

/** What a receiver of webhooks did with an event or a request, on channel `smartrecruiters:webhook`. */
export interface WebhookRecord {
  /**
   * - `accepted`: the event is stored.
   * - `rejected`: the request was refused, or its event could not be stored.
   * - `handled`, `failed`: the listeners have ended, without an error or with one.
   */
  readonly outcome: 'accepted' | 'rejected' | 'handled' | 'failed'
  /** The id of the event, if it is known. */
  readonly id?: string | undefined
  /** The name of the event, such as `application.created`, if it is known. */
  readonly event?: string | undefined
  /** Which attempt of the listeners at the event this was, counted from 1. */
  readonly attempt?: number | undefined
  /** How long it took, in milliseconds. */
  readonly durationMs: number
  /** Why it failed. */
  readonly error?: unknown
}
