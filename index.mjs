// One instance for both module systems: everything is in the CommonJS build. It is a property of a file of one line, since
// Node would search all the text of an imported CommonJS file for its exports, which takes longer than loading it. Unlike
// a `require` made by `createRequire`, bundlers follow this.

import { instance } from './instance.cjs'

export const {
  AccessToken,
  AlreadyIntegratedError,
  ApiError,
  ApiKey,
  AuthenticationError,
  BadRequestError,
  BearerToken,
  ClientCredentials,
  ConfigurationError,
  ConflictError,
  Customer,
  Grant,
  MemoryStore,
  NetworkError,
  NotFoundError,
  OAuthApp,
  PartnerApp,
  PermissionError,
  PostgresStore,
  QueueFullError,
  RateLimitError,
  ReauthorizationRequiredError,
  RedisLimits,
  RedisStore,
  ServerError,
  SmartRecruiters,
  SmartRecruitersError,
  SqliteStore,
  StoreError,
  TimeoutError,
  TokenError,
  UnknownGrantError,
  WebhookError,
  Webhooks,
} = instance
