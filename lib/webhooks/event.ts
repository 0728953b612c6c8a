/** Events of webhooks. */

import type { NativeWebhookEvent } from '../../index.js'
import type { WebhookPayloads } from './payloads.js'

/** The name of a documented event. */
export type WebhookEventName = keyof WebhookPayloads

/** What an event says. Its fields are the ids of what it is about. */
export type WebhookPayload<Name extends string> = Name extends WebhookEventName
  ? WebhookPayloads[Name]
  : Readonly<Record<string, unknown>>

/** An event of SmartRecruiters. */
export interface WebhookEvent<Name extends string = string> {
  /** The id of the event. Every delivery of it has the same one. */
  readonly id: string
  /** The name of the event. */
  readonly name: Name
  /** The version of the event's format, such as `v201910`. It is opaque. */
  readonly version: string
  /** When the delivery was signed. */
  readonly timestamp: Date
  /** The URL of what the event is about; `undefined` if there is none, such as after a deletion. */
  readonly link: string | undefined
  /** The ids of what the event is about. */
  readonly payload: WebhookPayload<Name>
}

/** Makes an event of what the core has read. The core has checked that the body is a JSON object. */
export function toEvent({ id, name, version, link, timestamp, body }: NativeWebhookEvent): WebhookEvent {
  return { id, name, version, timestamp: new Date(timestamp * 1000), link: target(link), payload: JSON.parse(body) }
}

/** The URL in a `Link` header (RFC 8288): `<https://…>; rel=self`. */
function target(link: string): string | undefined {
  return /^\s*<([^>]*)>/.exec(link)?.[1] || undefined
}
