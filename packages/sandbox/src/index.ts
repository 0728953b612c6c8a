/// <reference types="node" preserve="true" />
/** A local SmartRecruiters for tests. Everything public is exported from here; the parts are in the files beside it. */
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
