/**
 * What happens to tokens, grants and stores in this process: taken from the core, and passed to channels and sinks. The
 * core is watched only while there is one of them.
 */

import type { NativeObservation, NativeWatcher } from '../../index.js'
import { toError } from '../errors.js'
import { native } from '../native.js'
import { areTokensWatched, channels } from './channels.js'
import { pass, type Records, type Sink } from './sink.js'

/** Sinks that take everything, and those that take what is about one credential, by its number. */
const everywhere = new Set<Sink>()
const byCredential = new Map<number, Set<WeakRef<Sink>>>()
let watcher: NativeWatcher | undefined

/** Watches the core if anything listens, and stops if nothing does. */
export function updateWatch(): void {
  const isWanted = everywhere.size > 0 || byCredential.size > 0 || areTokensWatched()
  if (isWanted) watcher ??= new native.NativeWatcher(observed)
  else {
    watcher?.stop()
    watcher = undefined
  }
}

/** Passes everything to a sink, for as long as the process runs. */
export function addSink(sink: Sink): void {
  everywhere.add(sink)
  updateWatch()
}

/** The sinks that take everything. */
export function sinks(): Iterable<Sink> {
  return everywhere
}

/** Passes what is about a credential to a sink, for as long as the sink is held elsewhere. */
export function addCredentialSink(credential: number, sink: Sink): void {
  const all = byCredential.get(credential) ?? new Set()
  const reference = new WeakRef(sink)
  byCredential.set(credential, all.add(reference))
  collected.register(sink, { credential, reference })
  updateWatch()
}

const collected = new FinalizationRegistry<{ credential: number; reference: WeakRef<Sink> }>(entry => {
  const all = byCredential.get(entry.credential)
  all?.delete(entry.reference)
  if (all?.size === 0) byCredential.delete(entry.credential)
  updateWatch()
})

function observed({ token, renewal, store }: NativeObservation): void {
  if (token) {
    const { kind, id, durationMs, expiresInMs, error, credential } = token
    publish(credential, 'token', {
      credential: kind,
      id,
      durationMs,
      ...(expiresInMs != null && { expiresInMs }),
      ...(error && { error: toError(error) }),
    })
  }
  if (renewal) {
    const { grantId, outcome, daysLeft, error } = renewal
    publish(undefined, 'renewal', {
      grantId,
      outcome,
      ...(daysLeft != null && { daysLeft }),
      ...(error && { error: toError(error) }),
    })
  }
  if (store) {
    publish(store.credential ?? undefined, 'store', { operation: store.operation, error: toError(store.error) })
  }
  updateWatch()
}

function publish<Kind extends 'token' | 'renewal' | 'store'>(
  credential: number | undefined,
  kind: Kind,
  record: Records[Kind],
): void {
  channels[kind].publish(record)
  for (const sink of everywhere) pass(sink, kind, record)
  if (credential === undefined) return
  for (const reference of byCredential.get(credential) ?? []) {
    const sink = reference.deref()
    if (sink !== undefined) pass(sink, kind, record)
  }
}
