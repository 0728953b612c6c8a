/** What one client knows of those who observe it: its logger, its listeners, and the calls that are still open. */

import { isWatched } from './channels.js'
import { addCredentialSink, addWarningSink, areSinks, sinks } from './process-watch.js'
import { pass, type Records, type Sink } from './sink.js'

/** The observers of one client. */
export class ClientTelemetry {
  /** Whether the values of queries are shown. */
  readonly queryValues: boolean
  /** What takes the records of this client's calls, such as its logger. */
  readonly #sinks: Sink[] = []
  readonly #logger: Sink | undefined
  /** Calls whose promise has settled, and whose body was not read to its end. */
  readonly open = new Set<{ bodyEnded(): void }>()

  /** `credential` is the number by which the tokens of the client are recognized, if it has any. */
  constructor(queryValues: boolean, logger: Sink | undefined, credential: number | null | undefined) {
    this.queryValues = queryValues
    this.#logger = logger
    if (logger === undefined) return
    this.add(logger)
    addWarningSink(logger)
    if (credential != null) addCredentialSink(credential, logger)
  }

  /** Makes the same for a client with another credential. */
  with(credential: number | null | undefined): ClientTelemetry {
    return new ClientTelemetry(this.queryValues, this.#logger, credential)
  }

  /** Adds a sink for the calls of this client. */
  add(sink: Sink): void {
    this.#sinks.push(sink)
  }

  /** Whether anything observes the calls of this client. Runs for each call. */
  isObserved(): boolean {
    return this.#sinks.length > 0 || areSinks() || isWatched()
  }

  /** Passes a record of a call to the sinks of this client. */
  pass<Kind extends 'call' | 'attempt' | 'queue' | 'limit'>(kind: Kind, record: Records[Kind]): void {
    for (const sink of this.#sinks) pass(sink, kind, record)
    for (const sink of sinks()) pass(sink, kind, record)
  }

  /** Ends the spans of bodies that nobody has read. */
  end(): void {
    for (const trace of [...this.open]) trace.bodyEnded()
  }
}
