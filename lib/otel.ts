/**
 * Metrics of this package for OpenTelemetry, and hooks that give the spans of stock instrumentation a path template.
 *
 * @packageDocumentation
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type Attributes, type Meter, type MeterProvider, metrics, type ObservableResult } from '@opentelemetry/api'
import type { OAuthApp, SmartRecruiters, Webhooks } from './index.js'
import type { Records } from './telemetry/sink.js'
import { VERSION } from './version.js'

/** Options of {@link recordMetrics}. */
export interface MetricsOptions {
  /** The provider of meters. Default: the global one. */
  meterProvider?: MeterProvider | undefined
  /** Clients whose use of the rate limits is measured: one for each credential. Default: none. */
  clients?: readonly SmartRecruiters[] | undefined
  /** Apps whose grants are counted by the days that they have left. Default: none. */
  apps?: readonly OAuthApp[] | undefined
  /** Receivers whose events in the store are counted, with each collection of the metrics. Default: none. */
  webhooks?: readonly Webhooks[] | undefined
  /**
   * How often the grants of `apps` are listed, in milliseconds. Counts in between are those of the last list. Default:
   * 900,000, which is 15 minutes.
   */
  grantsEvery?: number | undefined
  /**
   * Whether to record `http.client.request.duration`. Give `false` if instrumentation of undici records it too: each
   * call would then be counted by both. Default: true.
   */
  requestDuration?: boolean | undefined
}

/** The boundaries that the semantic conventions give for `http.client.request.duration`, in seconds. */
const REQUEST_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** For waits and whole calls, which may take minutes. */
const WAIT_BOUNDARIES = [0.001, 0.01, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
/** The methods that the semantic conventions know. Others would make as many series as callers can think of. */
const METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']
/** Grants are counted by the least of these numbers of days within which they expire. */
const DAYS = [1, 3, 7, 14, 28]
const DAY = 24 * 60 * 60 * 1000
const GRANTS_EVERY = 15 * 60 * 1000
/** The most client ids whose tokens are measured: far more than a program has. */
const MOST_CLIENTS = 100

/**
 * Records metrics of all calls, tokens, renewals, stores and webhooks of this process, and returns a function that stops
 * it. Call it once, after the meter provider was registered and before the first call.
 * @example
 * const stop = recordMetrics({ clients: [sr], apps: [app] })
 */
export function recordMetrics(options: MetricsOptions = {}): () => void {
  const meter = (options.meterProvider ?? metrics).getMeter('smartrecruiters', VERSION)
  const ends = [
    ...recordCalls(meter, options.requestDuration ?? true),
    ...recordTokens(meter),
    ...recordLimits(meter, options.clients ?? []),
    ...recordInboxes(meter, options.webhooks ?? []),
    ...recordGrants(meter, options.apps ?? [], options.grantsEvery ?? GRANTS_EVERY),
  ]
  return () => {
    for (const end of ends) end()
  }
}

/**
 * Options for `UndiciInstrumentation` that name the spans of this package's calls by their path template, and add it as
 * `url.template`. They change nothing about other requests.
 * @example
 * new UndiciInstrumentation(undiciHooks)
 */
export const undiciHooks = {
  /** Returns the attributes that a span starts with. */
  startSpanHook(request: object): Attributes {
    const template = templateOf(request)
    return template === undefined ? {} : { 'url.template': template }
  },
  /** Names a span. */
  requestHook(span: { updateName(name: string): unknown }, request: object): void {
    const template = templateOf(request)
    if (template !== undefined) span.updateName(`${(request as { method: string }).method} ${template}`)
  },
}

function templateOf(request: object): string | undefined {
  const { template } = request as { template?: unknown }
  return typeof template === 'string' ? template : undefined
}

function recordCalls(meter: Meter, requestDuration: boolean): (() => void)[] {
  const duration =
    requestDuration &&
    meter.createHistogram('http.client.request.duration', {
      unit: 's',
      description: 'Duration of HTTP client requests.',
      advice: { explicitBucketBoundaries: REQUEST_BOUNDARIES },
    })
  const whole = meter.createHistogram('smartrecruiters.call.duration', {
    unit: 's',
    description: 'Duration of calls, with their waits and retries.',
    advice: { explicitBucketBoundaries: WAIT_BOUNDARIES },
  })
  const queue = meter.createHistogram('smartrecruiters.queue.duration', {
    unit: 's',
    description: 'How long requests waited for their turn within the rate limits.',
    advice: { explicitBucketBoundaries: WAIT_BOUNDARIES },
  })
  const retries = meter.createCounter('smartrecruiters.retries', {
    unit: '{request}',
    description: 'Requests that were followed by another one of the same call.',
  })
  const limited = meter.createCounter('smartrecruiters.rate_limited', {
    unit: '{response}',
    description: 'Answers with status 429.',
  })
  const webhooks = meter.createCounter('smartrecruiters.webhooks', {
    unit: '{event}',
    description: 'Webhooks, by what a receiver did with them.',
  })
  return [
    listen('attempt', attempt => {
      const endpoint = endpointOf(attempt)
      const outcome = outcomeOf(attempt)
      const { protocol, hostname, port } = new URL(attempt.origin)
      if (duration) {
        duration.record(attempt.durationMs / 1000, {
          ...endpoint,
          ...outcome,
          'server.address': hostname,
          'server.port': port ? Number(port) : protocol === 'https:' ? 443 : 80,
          'url.scheme': protocol.slice(0, -1),
          ...(attempt.httpVersion && { 'network.protocol.version': attempt.httpVersion }),
        })
      }
      queue.record(attempt.queueMs / 1000, endpoint)
      if (attempt.next !== 'end') retries.add(1, { ...endpoint, ...outcome })
    }),
    listen('limit', limit => limited.add(1, endpointOf(limit))),
    listen('webhook', ({ outcome, event }) => {
      webhooks.add(1, { 'smartrecruiters.outcome': outcome, ...(event && { 'smartrecruiters.event': event }) })
    }),
    subscribed('tracing:smartrecruiters:call:asyncEnd', message => {
      const call = message as Records['call']
      const failure = call.error === undefined ? {} : { 'error.type': errorType(call.error) }
      whole.record((call.durationMs ?? 0) / 1000, {
        ...endpointOf(call),
        ...(call.status && { 'http.response.status_code': call.status }),
        ...failure,
      })
    }),
  ]
}

function recordTokens(meter: Meter): (() => void)[] {
  const exchanges = meter.createCounter('smartrecruiters.tokens', {
    unit: '{token}',
    description: 'Access tokens that were obtained, and failures to obtain one.',
  })
  const renewals = meter.createCounter('smartrecruiters.renewals', {
    unit: '{renewal}',
    description: 'Renewals of grants, by outcome.',
  })
  const failures = meter.createCounter('smartrecruiters.store.failures', {
    unit: '{failure}',
    description: 'Operations of stores that failed.',
  })
  const expiries = new Map<string, number>()
  const remaining = meter.createObservableGauge('smartrecruiters.token.remaining', {
    unit: 's',
    description: 'How long the access tokens of client credentials can still be used.',
  })
  return [
    listen('token', ({ credential, id, expiresInMs, error }) => {
      exchanges.add(1, { 'smartrecruiters.credential': credential, ...errorAttribute(error) })
      if (credential !== 'clientCredentials' || expiresInMs === undefined) return
      if (expiries.has(id) || expiries.size < MOST_CLIENTS) expiries.set(id, performance.now() + expiresInMs)
    }),
    listen('renewal', ({ outcome, error }) => {
      renewals.add(1, { 'smartrecruiters.outcome': outcome, ...errorAttribute(error) })
    }),
    listen('store', ({ operation, error }) => {
      failures.add(1, { 'smartrecruiters.operation': operation, ...errorAttribute(error) })
    }),
    observed(remaining, result => {
      for (const [id, expiry] of expiries) {
        result.observe(Math.max(0, expiry - performance.now()) / 1000, { 'smartrecruiters.client_id': id })
      }
    }),
  ]
}

function recordLimits(meter: Meter, clients: readonly SmartRecruiters[]): (() => void)[] {
  if (clients.length === 0) return []
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`smartrecruiters.limit.${name}`, { unit, description })
  const used = gauge('used', '{request}', 'Requests that the server may count in its current second.')
  const permitted = gauge('permitted', '{request}', 'Requests that the limits permit in a second.')
  const inFlight = gauge('in_flight', '{request}', 'Requests that were sent and not answered to the end.')
  const waiting = gauge('waiting', '{call}', 'Calls that wait for their turn.')
  const sums =
    (read: (limits: ReturnType<SmartRecruiters['limits']>[number]) => number) => (result: ObservableResult) => {
      const all = new Map<string, number>()
      for (const limits of clients.flatMap(client => client.limits())) {
        all.set(limits.endpoint, (all.get(limits.endpoint) ?? 0) + read(limits))
      }
      for (const [endpoint, sum] of all) {
        const [method = '', template = ''] = endpoint.split(' ')
        result.observe(sum, endpointOf({ method, template }))
      }
    }
  return [
    observed(
      used,
      sums(limits => limits.used),
    ),
    observed(
      permitted,
      sums(limits => limits.perSecond),
    ),
    observed(
      inFlight,
      sums(limits => limits.inFlight),
    ),
    observed(
      waiting,
      sums(limits => limits.waiting),
    ),
  ]
}

function recordInboxes(meter: Meter, webhooks: readonly Webhooks[]): (() => void)[] {
  if (webhooks.length === 0) return []
  const depth = meter.createObservableGauge('smartrecruiters.webhooks.depth', {
    unit: '{event}',
    description: 'Events in the store: those that wait to be handled, and those that failed too often.',
  })
  return [
    observed(depth, async result => {
      // A store that fails is another metric.
      const depths = (await Promise.allSettled(webhooks.map(receiver => receiver.depth()))).filter(isFulfilled)
      if (depths.length === 0) return
      for (const state of ['waiting', 'dead'] as const) {
        const count = depths.reduce((sum, { value }) => sum + value[state], 0)
        result.observe(count, { 'smartrecruiters.state': state })
      }
    }),
  ]
}

function isFulfilled<T>(outcome: PromiseSettledResult<T>): outcome is PromiseFulfilledResult<T> {
  return outcome.status === 'fulfilled'
}

function recordGrants(meter: Meter, apps: readonly OAuthApp[], every: number): (() => void)[] {
  if (apps.length === 0) return []
  const grants = meter.createObservableGauge('smartrecruiters.grants', {
    unit: '{grant}',
    description: 'Grants, by the days within which their refresh tokens expire unless they are used.',
  })
  let counted: { at: number; counts: Promise<Map<string, number>> } | undefined
  return [
    observed(grants, async result => {
      if (counted === undefined || performance.now() - counted.at >= every) {
        counted = { at: performance.now(), counts: countGrants(apps) }
      }
      // A store that fails is another metric.
      const counts = await counted.counts.catch(() => new Map<string, number>())
      for (const [days, count] of counts) result.observe(count, { 'smartrecruiters.days_left': days })
    }),
  ]
}

/** Counts grants by the days that they have left, or by `ended`. */
async function countGrants(apps: readonly OAuthApp[]): Promise<Map<string, number>> {
  const counts = new Map(['ended', ...DAYS.map(String)].map(name => [name, 0]))
  for (const app of apps) {
    for await (const { state, refreshTokenExpiresAt } of app.grants()) {
      const days = (refreshTokenExpiresAt.getTime() - Date.now()) / DAY
      const name = state === 'ended' ? state : String(DAYS.find(most => days <= most) ?? DAYS.at(-1))
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return counts
}

/** Listens to a channel of this package, and returns a function that stops it. */
function listen<Kind extends Exclude<keyof Records, 'call' | 'warning'>>(
  kind: Kind,
  take: (record: Records[Kind]) => void,
): () => void {
  return subscribed(`smartrecruiters:${kind}`, record => take(record as Records[Kind]))
}

function subscribed(name: string, take: (message: unknown) => void): () => void {
  subscribe(name, take)
  return () => unsubscribe(name, take)
}

type Gauge = ReturnType<Meter['createObservableGauge']>

/** Observes a gauge, and returns a function that stops it. */
function observed(gauge: Gauge, observe: (result: ObservableResult) => void | Promise<void>): () => void {
  gauge.addCallback(observe)
  return () => gauge.removeCallback(observe)
}

function endpointOf({ method, template }: { method: string; template: string }): Attributes {
  return { 'http.request.method': METHODS.includes(method) ? method : '_OTHER', 'url.template': template }
}

function outcomeOf({ status, errorCode }: Records['attempt']): Attributes {
  if (status === undefined) return { 'error.type': errorCode ?? '_OTHER' }
  return { 'http.response.status_code': status, ...(status >= 400 && { 'error.type': String(status) }) }
}

function errorAttribute(error: unknown): Attributes {
  return error === undefined ? {} : { 'error.type': errorType(error) }
}

/** The type of an error, of which there are few: its code or name. */
function errorType(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    name?: unknown
  }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : '_OTHER'
}
