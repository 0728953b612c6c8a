import { readData, type SandboxData } from './state/given-data.js'

/** Settings of {@link startSandbox}. All are optional; lifetimes are in seconds and may be fractions. */
export interface SandboxOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  host?: string | undefined
  /** Port of the API; 0 takes a free one. The storage origin always takes a free one. Default 0. */
  port?: number | undefined
  /** Seconds an access token lives. `expires_in` is this, rounded down. Default 1800. */
  accessTokenLifetime?: number | undefined
  /** Seconds a refresh token lives from its issue. Default 2 419 200 (28 days). */
  refreshTokenLifetime?: number | undefined
  /** Seconds an authorization code lives. Default 600. */
  codeLifetime?: number | undefined
  /**
   * What happens when a spent refresh token comes again. `reject`: `invalid_grant`. `revokeFamily`: `invalid_grant`,
   * and every token of that grant dies. `grace`: within {@link SandboxOptions.gracePeriod} a new, valid pair.
   * Default `reject`.
   */
  refreshTokenReuse?: 'reject' | 'revokeFamily' | 'grace' | undefined
  /** Seconds after its first use in which a refresh token may be used again under `grace`. Default 10. */
  gracePeriod?: number | undefined
  /** Whether rate and concurrency limits are enforced and their four headers sent. Default `true`. */
  limits?: boolean | undefined
  /** `sliding`: any second; `fixed`: each second of the server's clock. Default `sliding`. */
  window?: 'sliding' | 'fixed' | undefined
  /** Whether the limit of 8 at once holds for a credential over all endpoints, or for each. Default `credential`. */
  concurrencyScope?: 'credential' | 'endpoint' | undefined
  /** Seconds to send as `Retry-After` with a 429; `null` sends none, as the vendor documents none. Default `null`. */
  retryAfter?: number | null | undefined
  /** Milliseconds that a request takes at most on its way in; how many is chance. Default 0. */
  latencyBefore?: number | undefined
  /** Milliseconds that an answer takes at most on its way out; how many is chance. Default 0. */
  latencyAfter?: number | undefined
  /** Number of jobs that are made up, the same ones at every start. Default 2000. */
  jobs?: number | undefined
  /** Number of candidates that are made up, the same ones at every start. Default 3000. */
  candidates?: number | undefined
  /**
   * Records of your own, with ids of your own, in place of what is made up: `{ jobs: [{ id: '1', title: 'Nurse' }] }`.
   * They are copied, and answered as they are given. Collections that are absent are made up. Default `{}`.
   */
  data?: SandboxData | undefined
  /** Fastify's request log on standard output. Default `false`. */
  logger?: boolean | undefined
}

export type ResolvedOptions = {
  [Name in Exclude<keyof SandboxOptions, 'data'>]-?: Exclude<SandboxOptions[Name], undefined>
} & { data: ReturnType<typeof readData> }

const DEFAULTS: ResolvedOptions = {
  host: '127.0.0.1',
  port: 0,
  accessTokenLifetime: 1800,
  refreshTokenLifetime: 2_419_200,
  codeLifetime: 600,
  refreshTokenReuse: 'reject',
  gracePeriod: 10,
  limits: true,
  window: 'sliding',
  concurrencyScope: 'credential',
  retryAfter: null,
  latencyBefore: 0,
  latencyAfter: 0,
  jobs: 2000,
  candidates: 3000,
  data: {},
  logger: false,
}

type Check = [accepts: (value: unknown) => boolean, expected: string]

const seconds: Check = [value => isNumber(value) && value > 0, 'a number of seconds above 0']
const latency: Check = [value => isNumber(value) && value >= 0 && value <= 60_000, 'milliseconds from 0 to 60000']
const count: Check = [value => isInteger(value) && value >= 0 && value <= 1_000_000, 'an integer from 0 to 1000000']
const flag: Check = [value => typeof value === 'boolean', 'true or false']

const CHECKS: Record<Exclude<keyof SandboxOptions, 'data'>, Check> = {
  host: [value => typeof value === 'string' && value !== '', 'a non-empty string'],
  port: [value => isInteger(value) && value >= 0 && value <= 65_535, 'an integer from 0 to 65535'],
  accessTokenLifetime: seconds,
  refreshTokenLifetime: seconds,
  codeLifetime: seconds,
  refreshTokenReuse: oneOf('reject', 'revokeFamily', 'grace'),
  gracePeriod: seconds,
  limits: flag,
  window: oneOf('sliding', 'fixed'),
  concurrencyScope: oneOf('credential', 'endpoint'),
  retryAfter: [value => value === null || (isNumber(value) && value >= 0), 'a number of seconds, or null'],
  latencyBefore: latency,
  latencyAfter: latency,
  jobs: count,
  candidates: count,
  logger: flag,
}

/** Fills in the defaults. Throws a TypeError that names the option at fault. */
export function resolveOptions(options: SandboxOptions = {}): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object')
  const { data: records = {}, ...others } = options
  const given = Object.entries(others).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const check = isOption(name) ? CHECKS[name] : undefined
    if (!check) throw new TypeError(`unknown option "${name}"`)
    if (!check[0](value)) throw new TypeError(`option "${name}" must be ${check[1]}`)
  }
  const data = readData(records)
  for (const name of ['jobs', 'candidates'] as const) {
    if (data[name] !== undefined && options[name] !== undefined) {
      throw new TypeError(`option "${name}" says how many to make up; leave it out, or "data.${name}"`)
    }
  }
  return { ...DEFAULTS, ...Object.fromEntries(given), data }
}

function isOption(name: string): name is keyof typeof CHECKS {
  return Object.hasOwn(CHECKS, name)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value)
}

function oneOf(...values: string[]): Check {
  return [value => typeof value === 'string' && values.includes(value), `one of ${values.join(', ')}`]
}
