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
/** All sinks that are in use somewhere: warnings go to each of them. */
const inUse = new Set<WeakRef<Sink>>()
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

/** Whether there is a sink that takes everything. */
export function areSinks(): boolean {
  return everywhere.size > 0
}

/** The sinks that take everything. */
export function sinks(): Iterable<Sink> {
  return everywhere
}

/** Passes warnings to a sink, for as long as the sink is held elsewhere. */
export function addWarningSink(sink: Sink): void {
  hold(inUse, sink, () => {})
}

/** Passes what is about a credential to a sink, for as long as the sink is held elsewhere. */
export function addCredentialSink(credential: number, sink: Sink): void {
  const all = byCredential.get(credential) ?? new Set()
  byCredential.set(credential, all)
  hold(all, sink, () => {
    if (all.size > 0 || byCredential.get(credential) !== all) return
    byCredential.delete(credential)
    updateWatch()
  })
  updateWatch()
}

/** Passes a warning to all sinks. */
export function warnSinks(warning: Records['warning']): void {
  for (const sink of everywhere) pass(sink, 'warning', warning)
  for (const sink of held(inUse)) pass(sink, 'warning', warning)
}

/** Adds a sink to those that are held weakly, unless it is there. `removed` is called after it was collected. */
function hold(all: Set<WeakRef<Sink>>, sink: Sink, removed: () => void): void {
  for (const known of held(all)) if (known === sink) return
  const reference = new WeakRef(sink)
  all.add(reference)
  collected.register(sink, () => {
    all.delete(reference)
    removed()
  })
}

function held(all: Set<WeakRef<Sink>>): Sink[] {
  return [...all].flatMap(reference => reference.deref() ?? [])
}

const collected = new FinalizationRegistry<() => void>(remove => remove())

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
  const all = byCredential.get(credential)
  for (const sink of all ? held(all) : []) pass(sink, kind, record)
}
