import { readData, type SandboxData } from './state/given-data.js'

/** Options of {@link startSandbox}. Lifetimes are in seconds and may be fractions. */
export interface SandboxOptions {
  /** The address to listen on. Default: `127.0.0.1`. */
  host?: string | undefined
  /** The port of the API; 0 chooses a free one. The storage origin always has a free port. Default: 0. */
  port?: number | undefined
  /**
   * The lifetime of an access token in seconds. The answer's `expires_in` is this value, rounded down. Default: 1800.
   */
  accessTokenLifetime?: number | undefined
  /** The lifetime of a refresh token in seconds. Default: 2,419,200 (28 days). */
  refreshTokenLifetime?: number | undefined
  /** The lifetime of an authorization code in seconds. Default: 600. */
  codeLifetime?: number | undefined
  /**
   * What happens when a refresh token is used a second time. Default: `reject`.
   *
   * - `reject`: the answer is `invalid_grant`.
   * - `revokeFamily`: the answer is `invalid_grant`, and every token of that grant is revoked.
   * - `grace`: within {@link SandboxOptions.gracePeriod} the answer is a new, valid pair of tokens.
   */
  refreshTokenReuse?: 'reject' | 'revokeFamily' | 'grace' | undefined
  /** The time after its first use in which a refresh token may be used again under `grace`, in seconds. Default: 10. */
  gracePeriod?: number | undefined
  /** Whether rate and concurrency limits are enforced and their four headers sent. Default: true. */
  limits?: boolean | undefined
  /**
   * The window of the rate limits: any second (`sliding`), or each second of the server's clock (`fixed`). Default:
   * `sliding`.
   */
  window?: 'sliding' | 'fixed' | undefined
  /**
   * Whether the limit of 8 requests at once applies to all endpoints together (`credential`), or to each endpoint on
   * its own (`endpoint`). Default: `credential`.
   */
  concurrencyScope?: 'credential' | 'endpoint' | undefined
  /**
   * The `Retry-After` of answers with status 429, in seconds; `null` sends no such header. Default: `null`, because
   * SmartRecruiters does not document the header.
   */
  retryAfter?: number | null | undefined
  /** The maximum random delay of a request before it is counted and processed, in milliseconds. Default: 0. */
  latencyBefore?: number | undefined
  /** The maximum random delay of an answer after the request was processed, in milliseconds. Default: 0. */
  latencyAfter?: number | undefined
  /** The number of generated jobs. They are the same at every start. Default: 2000. */
  jobs?: number | undefined
  /** The number of generated candidates. They are the same at every start. Default: 3000. */
  candidates?: number | undefined
  /**
   * Your own records instead of generated ones: `{ jobs: [{ id: '1', title: 'Nurse' }] }`. They are copied, and
   * answered exactly as given. Collections that are absent are generated. Default: `{}`.
   */
  data?: SandboxData | undefined
  /** Redirect URIs of `sandbox.app`, in addition to the usual ones of a local app. Default: none. */
  redirectUris?: readonly string[] | undefined
  /** Whether Fastify logs requests on standard output. Default: false. */
  logger?: boolean | undefined
}

/** The options with their defaults filled in, and the user's records checked and copied. */
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
  redirectUris: [],
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
  redirectUris: [
    value => Array.isArray(value) && value.every(uri => typeof uri === 'string' && URL.canParse(uri)),
    'a list of absolute URIs',
  ],
  logger: flag,
}

/** Checks the options and fills in the defaults. Throws a TypeError that names the wrong option. */
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
      throw new TypeError(`option "${name}" is the number to generate; leave out either it or "data.${name}"`)
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
