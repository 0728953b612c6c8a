// One instance for both module systems: everything is in the CommonJS build. Node requires it, since to import it would
// search all its text for names, which takes a millisecond. Bun and its bundler have a `require` of this module, and follow
// it. A global one, as in `node -e` and in workers of Deno, looks elsewhere.

import * as module from 'node:module'

// Tracers of files know this form.
const load = module.createRequire(import.meta.url)
const isFollowed = typeof require === 'function' && require !== globalThis.require
const instance = isFollowed ? require('./dist/index.js') : load('./dist/index.js')

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
