import type { Clock } from './clock.js'
import type { CounterBook } from './counters.js'
import type { Gate } from './gate.js'
import type { ResolvedOptions } from './options.js'
import type { Attachments } from './state/attachments.js'
import type { Credentials } from './state/credentials.js'
import type { Data } from './state/data.js'
import type { Tokens } from './state/tokens.js'

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
  /** The companies that a partner was given credentials for. */
  readonly integrated: Set<string>
  /** Known once both listeners are up. */
  readonly origins: { api: string; storage: string }
}
