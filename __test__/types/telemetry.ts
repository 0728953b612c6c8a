/** Loggers, events, the records of diagnostics channels, and metrics. */

import type { Attributes } from '@opentelemetry/api'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import {
  type AttemptRecord,
  type CallRecord,
  ClientCredentials,
  type ErrorCode,
  type Logger,
  type LogLevel,
  type OAuthApp,
  SmartRecruiters,
  type StoreError,
  type TokenError,
  type TokenRecord,
  type WebhookRecord,
} from 'smartrecruiters'
import { type MetricsOptions, recordMetrics, undiciHooks } from 'smartrecruiters/otel'
import { type Equal, holds } from './assertions.js'

/** The methods of loggers as pino and winston declare them. */
interface Pino {
  (fields: object, message?: string, ...args: unknown[]): void
  (message: string, ...args: unknown[]): void
}
interface Winston {
  (message: string, ...meta: unknown[]): object
  (message: object): object
}

export function loggers(pino: Record<LogLevel, Pino>, winston: Record<'error' | 'warn' | 'info' | 'debug', Winston>) {
  const credential = new ClientCredentials({ clientId: 'id', clientSecret: 'secret' })
  for (const logger of [console, pino, winston] satisfies Logger[]) {
    new SmartRecruiters({ credential, logger, logLevel: 'debug', telemetry: { queryValues: true } })
  }
  // @ts-expect-error: a logger has all four methods
  new SmartRecruiters({ credential, logger: { info() {} } })
  // @ts-expect-error: there is no such level
  new SmartRecruiters({ credential, logger: console, logLevel: 'verbose' })
}

export function events(sr: SmartRecruiters, credential: ClientCredentials): void {
  sr.on('retry', ({ errorCode, delayMs }) => {
    holds<Equal<typeof errorCode, ErrorCode | undefined>>()
    holds<Equal<typeof delayMs, number>>()
  }).on('limited', ({ pauseMs }) => holds<Equal<typeof pauseMs, number | undefined>>())
  credential
    .on('tokenFailed', ({ error }) => holds<Equal<typeof error, TokenError>>())
    .on('storeFailed', ({ error }) => holds<Equal<typeof error, StoreError>>())
  // @ts-expect-error: there is no such event
  sr.on('retries', () => {})
}

export function records(call: CallRecord, attempt: AttemptRecord, token: TokenRecord, webhook: WebhookRecord): void {
  holds<Equal<typeof call.error, unknown>>()
  holds<Equal<typeof attempt.next, 'end' | 'retry' | 'reauthorize'>>()
  holds<Equal<typeof token.credential, 'clientCredentials' | 'grant' | 'customer'>>()
  holds<Equal<typeof webhook.outcome, 'accepted' | 'rejected' | 'handled' | 'failed'>>()
}

export function metrics(sr: SmartRecruiters, app: OAuthApp): void {
  const options: MetricsOptions = { clients: [sr], apps: [app], grantsEvery: 1000, requestDuration: false }
  const stop: () => void = recordMetrics(options)
  stop()
  new UndiciInstrumentation(undiciHooks)
  holds<Equal<ReturnType<typeof undiciHooks.startSpanHook>, Attributes>>()
}
