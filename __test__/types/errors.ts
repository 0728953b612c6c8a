/** Errors, as a program tells them apart: by their class, or by their code. */

import {
  AlreadyIntegratedError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConflictError,
  type ErrorCode,
  type ErrorDetail,
  NetworkError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ReauthorizationRequiredError,
  ServerError,
  SmartRecruitersError,
  StoreError,
  TimeoutError,
  TokenError,
  UnknownGrantError,
} from 'smartrecruiters'
import { type Equal, holds } from './assertions.js'

/** Does not compile if a code is missing here, or is none. */
export function whatToDo(code: ErrorCode): 'mend' | 'again' | 'authorize' | 'look' {
  switch (code) {
    case 'CONFIGURATION':
    case 'CLOSED':
    case 'BAD_REQUEST':
    case 'AUTHENTICATION':
    case 'PERMISSION':
    case 'CONFLICT':
    case 'ALREADY_INTEGRATED':
    case 'NOT_FOUND':
      return 'mend'
    case 'QUEUE_FULL':
    case 'RATE_LIMIT':
    case 'SERVER':
    case 'NETWORK':
    case 'TIMEOUT':
    case 'BODY_INTERRUPTED':
    case 'TOKEN_UNAVAILABLE':
      return 'again'
    case 'AUTHORIZATION_DENIED':
    case 'CALLBACK_REFUSED':
    case 'REAUTHORIZATION_REQUIRED':
    case 'UNKNOWN_GRANT':
      return 'authorize'
    case 'UNEXPECTED_STATUS':
    case 'INVALID_RESPONSE':
    case 'REDIRECT':
    case 'PAGINATION':
    case 'BODY_TOO_LARGE':
    case 'TOKEN_REFUSED':
    case 'TOKEN_INVALID':
    case 'STORE':
    case 'WEBHOOK_REFUSED':
    case 'INTERNAL':
      return 'look'
  }
}

export function tellApart(error: unknown): void {
  if (error instanceof ReauthorizationRequiredError) {
    const grantId: string = error.grantId
    const parent: TokenError = error
    holds<Equal<typeof error.reason, 'revokedOrExpired' | 'responseLost' | 'forgotten' | 'exported' | undefined>>()
    whatToDo(parent.code)
    grantId.toUpperCase()
  } else if (error instanceof UnknownGrantError) {
    const parent: TokenError = error
    holds<Equal<typeof error.grantId, string>>()
    whatToDo(parent.code)
  } else if (error instanceof TokenError) {
    holds<Equal<typeof error.error, string | undefined>>()
    holds<Equal<typeof error.errorDescription, string | undefined>>()
    holds<Equal<typeof error.status, number | undefined>>()
    holds<Equal<typeof error.requestId, string | undefined>>()
    holds<Equal<typeof error.headers, Readonly<Record<string, string>>>>()
    holds<Equal<typeof error.retryAfter, number | undefined>>()
  } else if (error instanceof AlreadyIntegratedError) {
    const parent: ConflictError = error
    holds<Equal<typeof error.reason, 'issuedElsewhere' | 'responseLost' | 'disconnected' | undefined>>()
    holds<Equal<typeof error.companyId, string>>()
    whatToDo(parent.code)
  } else if (error instanceof ApiError) {
    holds<Equal<typeof error.status, number>>()
    holds<Equal<typeof error.vendorCode, string | undefined>>()
    holds<Equal<typeof error.requestId, string | undefined>>()
    holds<Equal<typeof error.errors, readonly ErrorDetail[]>>()
    const name: string | undefined = error.headers['content-type']
    name?.toUpperCase()
  } else if (error instanceof NetworkError) {
    holds<Equal<typeof error.kind, 'dns' | 'connect' | 'tls' | 'reset' | 'protocol' | undefined>>()
  } else if (error instanceof TimeoutError) {
    holds<Equal<typeof error.phase, 'queue' | 'token' | 'connect' | 'response' | 'body' | 'retry' | undefined>>()
  } else if (error instanceof ConfigurationError) {
    holds<Equal<typeof error.field, string>>()
  } else if (error instanceof SmartRecruitersError) {
    holds<Equal<typeof error.code, ErrorCode>>()
    holds<Equal<typeof error.method, string | undefined>>()
    holds<Equal<typeof error.path, string | undefined>>()
  }
}

/** Every class is a `SmartRecruitersError`, and this an `Error`. */
export const all: (abstract new (...args: never[]) => SmartRecruitersError & Error)[] = [ConfigurationError, StoreError]

/** Each of these is an `ApiError`. */
export const ofTheApi: (abstract new (...args: never[]) => ApiError)[] = [
  BadRequestError,
  AuthenticationError,
  PermissionError,
  NotFoundError,
  ConflictError,
  AlreadyIntegratedError,
  RateLimitError,
  ServerError,
]

export function wrong(error: ApiError, code: ErrorCode): void {
  // @ts-expect-error It is read only.
  error.status = 200
  // @ts-expect-error It is read only.
  error.headers['content-type'] = 'text/plain'
  // @ts-expect-error There is no such code.
  if (code === 'NOTFOUND') return
  // @ts-expect-error An error of the API is no error of tokens.
  const token: TokenError = error
  // @ts-expect-error Not every error has a status.
  ;(error as SmartRecruitersError).status
  token.toString()
}

/** Of a 403, the scopes are known or undefined. */
export function scopesOf(error: PermissionError): readonly string[] {
  holds<Equal<typeof error.grantedScopes, readonly string[] | undefined>>()
  holds<Equal<typeof error.missingScopes, readonly string[] | undefined>>()
  return error.requiredScopes ?? []
}
