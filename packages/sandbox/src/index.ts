/// <reference types="node" preserve="true" />
/**
 * A local server that imitates the SmartRecruiters API for tests. This file exports everything that is public.
 *
 * @packageDocumentation
 */
export type { ArrivedRequest } from './arrivals.js'
export type { Counters, ExchangeCount } from './counters.js'
export type { RecordedExchange } from './exchange-log.js'
export type { Fault, FaultEffect, FaultMatch, FaultSpec, RawAnswer } from './faults.js'
export type { ConsentOptions } from './oauth/consent.js'
export type { SandboxOptions } from './options.js'
export type { Route, RouteAnswer, RouteHandler, RouteMethod, RouteParams, RouteRequest } from './own-routes.js'
export type { Sandbox } from './sandbox.js'
export { startSandbox } from './start.js'
export type {
  ApiKeyCredential,
  ApiKeyOptions,
  ClientCredential,
  ClientOptions,
  GrantType,
} from './state/credentials.js'
export type { Item, SandboxData } from './state/given-data.js'
export type { IssuedGrant } from './state/tokens.js'
export type { EmitOptions, WebhookDelivery } from './webhooks/sender.js'
