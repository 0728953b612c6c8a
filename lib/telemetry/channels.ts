/** The diagnostics channels: our own, and those of undici, on which stock instrumentation sees HTTP requests. */

import { channel, tracingChannel } from 'node:diagnostics_channel'

/** The channels of undici, in the order in which a request is published on them. */
export const undici = {
  create: channel('undici:request:create'),
  sendHeaders: channel('undici:client:sendHeaders'),
  headers: channel('undici:request:headers'),
  trailers: channel('undici:request:trailers'),
  error: channel('undici:request:error'),
}

/** The calls, as a tracing channel. */
export const calls = tracingChannel('smartrecruiters:call')

/** Our other channels. */
export const channels = {
  attempt: channel('smartrecruiters:attempt'),
  queue: channel('smartrecruiters:queue'),
  limit: channel('smartrecruiters:limit'),
  token: channel('smartrecruiters:token'),
  renewal: channel('smartrecruiters:renewal'),
  store: channel('smartrecruiters:store'),
  webhook: channel('smartrecruiters:webhook'),
}

/** Whether a request is published for instrumentation of undici. */
export function isUndiciWatched(): boolean {
  return (
    undici.create.hasSubscribers ||
    undici.headers.hasSubscribers ||
    undici.trailers.hasSubscribers ||
    undici.error.hasSubscribers ||
    undici.sendHeaders.hasSubscribers
  )
}

/** Whether what happens to tokens, grants and stores is published. */
export function areTokensWatched(): boolean {
  return channels.token.hasSubscribers || channels.renewal.hasSubscribers || channels.store.hasSubscribers
}

/** Whether any channel has a subscriber. Runs for each call, and so makes nothing. */
export function isWatched(): boolean {
  return (
    isUndiciWatched() ||
    calls.start.hasSubscribers ||
    calls.end.hasSubscribers ||
    calls.asyncStart.hasSubscribers ||
    calls.asyncEnd.hasSubscribers ||
    calls.error.hasSubscribers ||
    channels.attempt.hasSubscribers ||
    channels.queue.hasSubscribers ||
    channels.limit.hasSubscribers ||
    areTokensWatched()
  )
}
