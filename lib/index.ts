/// <reference types="node" preserve="true" />
/**
 * Authenticated access to the SmartRecruiters API: give a {@link SmartRecruiters} client a credential, and it obtains,
 * renews and protects the tokens.
 *
 * @packageDocumentation
 */

import { endOfPackage } from './stack.js'

export { AccessToken } from './access-token.js'
export type { Body } from './body.js'
export type { CertificateAuthorities } from './certificates.js'
export { type ClientOptions, SmartRecruiters, type TokenOptions } from './client.js'
export type { ConnectionOptions } from './connection.js'
export {
  ApiKey,
  BearerToken,
  ClientCredentials,
  type ClientCredentialsOptions,
  type Credential,
  Customer,
  Grant,
} from './credentials.js'
export type { EncryptionKey } from './encryption-key.js'
export {
  AlreadyIntegratedError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConflictError,
  type ErrorCode,
  type ErrorDetail,
  type IntegrationReason,
  NetworkError,
  type NetworkKind,
  NotFoundError,
  PermissionError,
  QueueFullError,
  RateLimitError,
  type ReauthorizationReason,
  ReauthorizationRequiredError,
  ServerError,
  SmartRecruitersError,
  StoreError,
  TimeoutError,
  type TimeoutPhase,
  TokenError,
  UnknownGrantError,
  WebhookError,
  type WebhookRefusal,
} from './errors.js'
export type { GrantImport, SealedGrant } from './grant-import.js'
export type { GrantInfo, GrantsOptions, Refusal } from './grants.js'
export type {
  BackgroundKeepAliveOptions,
  KeepAliveOptions,
  KeepAlivePassOptions,
  KeepAliveProgress,
} from './keep-alive.js'
export type { EndpointLimits, LimitOptions } from './limits.js'
export {
  type AuthorizationRequest,
  type AuthorizationUrlOptions,
  type ExchangeOptions,
  OAuthApp,
  type OAuthAppOptions,
} from './oauth-app.js'
export type { OAuthAppEvents } from './oauth-app-events.js'
export type { Page, PaginateOptions, PaginateProgress, Paginator, PaginatorLoop, ToArrayOptions } from './paginate.js'
export {
  type CustomerImport,
  type CustomerInfo,
  PartnerApp,
  type PartnerAppOptions,
} from './partner-app.js'
export { RedisLimits, type RedisLimitsEvents, type RedisLimitsOptions } from './redis-limits.js'
export type { RekeyOptions, RekeyProgress } from './rekey.js'
export type { PathArguments, PathParams, RequestOptions, Scalar, WithoutParams, WithParams } from './request.js'
export type { ResponsePromise } from './response-promise.js'
export type { DueRecord, Store, StoredRecord } from './store-contract.js'
export {
  type AnyStore,
  MemoryStore,
  PostgresStore,
  type PostgresStoreOptions,
  RedisStore,
  type RedisStoreOptions,
  SqliteStore,
  type SqliteStoreOptions,
} from './stores.js'
export type { ClientCredentialsEvents, ClientEvents } from './telemetry/client-events.js'
export type { Logger, LogLevel } from './telemetry/logger.js'
export type { TelemetryOptions } from './telemetry/options.js'
export type {
  AttemptRecord,
  CallRecord,
  LimitRecord,
  QueueRecord,
  RenewalOutcome,
  RenewalRecord,
  StoreRecord,
  TokenCredential,
  TokenRecord,
  WebhookRecord,
} from './telemetry/records.js'
export type {
  AnswerOf,
  CallArguments,
  FreeArguments,
  ItemOf,
  KnownArguments,
  KnownList,
  KnownMethod,
  KnownPath,
  ListAt,
  NoArguments,
  OperationAt,
  OperationOptions,
  SearchParams,
  Sent,
} from './typed-calls.js'
export type { WebhookEvent, WebhookEventName, WebhookPayload } from './webhooks/event.js'
export type { WebhookContext, WebhookListener } from './webhooks/handling.js'
export type { WebhookHeaders } from './webhooks/headers.js'
export type { CallbackAuthentication, WebhookErrorContext, WebhooksOptions } from './webhooks/options.js'
export type { WebhookPayloads } from './webhooks/payloads.js'
export type { ReplayResult, SubscribeOptions, Subscription } from './webhooks/subscriptions.js'
export {
  type DeadLetter,
  type InboxDepth,
  type SignedRequest,
  type SignOptions,
  type WebhookBody,
  Webhooks,
} from './webhooks/webhooks.js'

endOfPackage()
