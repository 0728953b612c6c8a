/** A local SmartRecruiters for tests. Everything public is exported from here; the parts are in the files beside it. */
export type { ArrivedRequest } from './arrivals'
export type { Counters, ExchangeCount } from './counters'
export type { Fault, FaultEffect, FaultMatch, FaultSpec, RawAnswer } from './faults'
export type { ConsentOptions } from './oauth/consent'
export type { SandboxOptions } from './options'
export { type Sandbox, startSandbox } from './sandbox'
export type {
  ApiKeyCredential,
  ApiKeyOptions,
  ClientCredential,
  ClientOptions,
  GrantType,
} from './state/credentials'
