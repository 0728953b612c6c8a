/** Reports what a receiver of webhooks did. */

import { channels } from './channels.js'
import { sinks } from './process-watch.js'
import type { WebhookRecord } from './records.js'
import { pass } from './sink.js'

/** Publishes a record on the channel, and passes it to sinks. `record` is called only if somebody takes it. */
export function reportWebhook(record: () => WebhookRecord): void {
  const all = [...sinks()]
  if (all.length === 0 && !channels.webhook.hasSubscribers) return
  const made = record()
  channels.webhook.publish(made)
  for (const sink of all) pass(sink, 'webhook', made)
}
