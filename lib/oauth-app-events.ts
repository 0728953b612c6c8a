/** The events of an app for the authorization code grant. */

import type { EventEmitter } from 'node:events'
import type { NativeEvent, NativeEventName } from '../index.js'
import { type ReauthorizationRequiredError, type SmartRecruitersError, type TokenError, toError } from './errors.js'
import { bare } from './validate.js'

/**
 * The events of {@link OAuthApp}, for {@link OAuthApp.on}. They report what this process has done, in whichever of its
 * threads.
 */
export interface OAuthAppEvents {
  /** The tokens of a grant were renewed and stored. */
  renewed: [{ grantId: string }]
  /** The tokens of a grant could not be renewed, or not be stored yet. The next use of the grant tries again. */
  renewalFailed: [{ grantId: string; error: SmartRecruitersError }]
  /**
   * The authorization server refuses the refresh token of a grant, but may accept it later. The client asks again after
   * growing pauses of up to an hour. Emitted once, at the first refusal.
   */
  refused: [{ grantId: string; since: Date; error: TokenError }]
  /** A grant has ended: the customer has to authorize the app again. */
  reauthorizationRequired: [{ grantId: string; reason: ReauthorizationRequiredError['reason'] }]
  /** Keep-alive could not renew a grant whose refresh token expires within `days` days: emitted at 7, 3 and 1. */
  expiring: [{ grantId: string; expiresAt: Date; days: number }]
  /** A background pass of keep-alive failed as a whole, because the store failed. The next pass runs as scheduled. */
  keepAliveFailed: [{ error: SmartRecruitersError }]
  /**
   * The settings of the store can lose grants: it may evict records, or does not write them to its disk. Emitted once,
   * when the app first uses its store. Without a listener it is a process warning with code `SMARTRECRUITERS_STORE`.
   */
  storeWarning: [{ message: string }]
  /** Rekeying could not encrypt a record with the first key. `id` is the record's id, of a grant or of another kind. */
  rekeyFailed: [{ id: string; error: SmartRecruitersError }]
}

type Emitter = EventEmitter<OAuthAppEvents>
type NamedEvent = Omit<NativeEvent, 'name'>

/** How each event of the core reaches the listeners: a name that is missing here does not compile. */
const EMIT: Record<NativeEventName | keyof OAuthAppEvents, (events: Emitter, event: NamedEvent) => void> = {
  renewed: (events, { id = '' }) => events.emit('renewed', { grantId: id }),
  renewalFailed: (events, { id = '', error }) => events.emit('renewalFailed', { grantId: id, error: errorOf(error) }),
  refused: (events, { id = '', since, error }) => {
    events.emit('refused', { grantId: id, since: new Date(since as number), error: errorOf(error) as TokenError })
  },
  reauthorizationRequired: (events, { id = '', reason }) => {
    events.emit('reauthorizationRequired', { grantId: id, reason })
  },
  expiring: (events, { id = '', expiresAt, days }) => {
    events.emit('expiring', { grantId: id, expiresAt: new Date(expiresAt as number), days: days as number })
  },
  keepAliveFailed: (events, { error }) => events.emit('keepAliveFailed', { error: errorOf(error) }),
  rekeyFailed: (events, { id = '', error }) => events.emit('rekeyFailed', { id, error: errorOf(error) }),
  storeWarning: (events, { message = '' }) => {
    if (!events.emit('storeWarning', { message })) process.emitWarning(message, 'Warning', 'SMARTRECRUITERS_STORE')
  },
}

/** The names of the events. */
export const EVENTS = Object.keys(EMIT) as (keyof OAuthAppEvents)[]

/** Emits the core's events to the app's listeners. */
export function listener(events: Emitter): (event: NativeEvent) => void {
  return event => {
    const { name, ...rest } = event
    EMIT[name](events, bare(rest))
  }
}

function errorOf(error: NativeEvent['error']): SmartRecruitersError {
  return toError(error ?? { code: 'INTERNAL', message: 'an event came without its error', causes: [] }, {})
}
