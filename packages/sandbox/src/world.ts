import type { Clock } from './clock.js'
import type { CounterBook } from './counters.js'
import type { Gate } from './gate.js'
import type { ResolvedOptions } from './options.js'
import type { Applications } from './state/applications.js'
import type { Attachments } from './state/attachments.js'
import type { Credentials } from './state/credentials.js'
import type { Data } from './state/data.js'
import type { Tokens } from './state/tokens.js'
import type { WebhookSender } from './webhooks/sender.js'

/** The state of one sandbox, on which all routes work. */
export interface World {
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly counters: CounterBook
  readonly gate: Gate
  readonly credentials: Credentials
  readonly tokens: Tokens
  readonly data: Data
  readonly applications: Applications
  readonly attachments: Attachments
  readonly webhooks: WebhookSender
  /** The ids of the companies for which a partner was issued credentials. */
  readonly integrated: Set<string>
  /** The origins of both servers, set when they are listening. */
  readonly origins: { api: string; storage: string }
}
