/// <reference types="node" preserve="true" />
/**
 * What a web backend needs: the login of customers with {@link loginHandler}, the activation of a partner's integration
 * with {@link partnerHandler}, and {@link Webhooks}. The handlers answer requests of the Web platform. {@link toNodeHandler} and
 * {@link fastifyPlugin} bring them into `node:http`, Express, NestJS and Fastify.
 *
 * @packageDocumentation
 */

export {
  type CallbackAuthentication,
  type DeadLetter,
  type InboxDepth,
  type ReplayResult,
  type SignedRequest,
  type SignOptions,
  type SubscribeOptions,
  type Subscription,
  type WebhookBody,
  type WebhookContext,
  WebhookError,
  type WebhookErrorContext,
  type WebhookEvent,
  type WebhookEventName,
  type WebhookHeaders,
  type WebhookListener,
  type WebhookPayload,
  type WebhookPayloads,
  type WebhookRefusal,
  Webhooks,
  type WebhooksOptions,
} from '../index.js'
export { fastifyPlugin } from './fastify.js'
export type { Handler, Reply } from './handler.js'
export { type Login, type LoginOptions, loginHandler } from './login.js'
export { type NodeContext, toNodeHandler } from './node.js'
export { type Activation, type PartnerOptions, partnerHandler } from './partner.js'
export type { CookieSecret } from './sealing.js'
