/** A sink: what takes records of all kinds, such as a logger. */

import type {
  AttemptRecord,
  CallRecord,
  LimitRecord,
  QueueRecord,
  RenewalRecord,
  StoreRecord,
  TokenRecord,
  WebhookRecord,
} from './records.js'

/** The records, by the channel that they are published on. */
export interface Records {
  call: CallRecord
  attempt: AttemptRecord
  queue: QueueRecord
  limit: LimitRecord
  token: TokenRecord
  renewal: RenewalRecord
  store: StoreRecord
  webhook: WebhookRecord
  /** A warning of this process, such as about a deprecated operation. It has no channel. */
  warning: { code: string; message: string }
}

/** Takes records. A call is taken once it has ended. */
export interface Sink {
  take<Kind extends keyof Records>(kind: Kind, record: Records[Kind]): void
}

/** Passes a record to a sink. What the sink throws is an uncaught exception, and changes nothing here. */
export function pass<Kind extends keyof Records>(sink: Sink, kind: Kind, record: Records[Kind]): void {
  try {
    sink.take(kind, record)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}
