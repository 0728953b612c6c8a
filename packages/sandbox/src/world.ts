import type { Clock } from './clock'
import type { CounterBook } from './counters'
import type { Gate } from './gate'
import type { ResolvedOptions } from './options'
import type { Attachments } from './state/attachments'
import type { Credentials } from './state/credentials'
import type { Data } from './state/data'
import type { Tokens } from './state/tokens'

/** All that the routes work on. One per sandbox. */
export interface World {
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly counters: CounterBook
  readonly gate: Gate
  readonly credentials: Credentials
  readonly tokens: Tokens
  readonly data: Data
  readonly attachments: Attachments
  /** Known once both listeners are up. */
  readonly origins: { api: string; storage: string }
}
