/** Variables of the environment: this thread's, which in a worker may be another than the process's. */

import { native } from './native.js'
import { given, optionalChoice, optionalUrl } from './validate.js'

/** The value of a variable, unless it is empty. What others put on `Object.prototype` is none. */
export function variable(name: string): string | undefined {
  return Object.hasOwn(process.env, name) && process.env[name] !== '' ? process.env[name] : undefined
}

/** The variables that the core reads, as far as they are set: names and values in turn. */
export function networkVariables(): string[] {
  return native
    .environmentVariables()
    .flatMap(name => [name, name.toLowerCase()])
    .flatMap(name => {
      const value = variable(name)
      return value === undefined ? [] : [name, value]
    })
}

/** The options that say which API. */
export interface ApiOptions {
  /**
   * The vendor's environment. Default: `SMARTRECRUITERS_ENVIRONMENT`, or `production`, or that of a grant's or customer's
   * app.
   */
  environment?: 'production' | 'sandbox' | undefined
  /**
   * Another API root: https, or http on loopback. Credentials go to its origin and to no other. Default:
   * `SMARTRECRUITERS_BASE_URL`, or that of the environment.
   */
  baseUrl?: string | URL | undefined
}

/** Checks the options. Where they say nothing, the environment's variables do: both, or neither. */
export function api(known: Record<'environment' | 'baseUrl', unknown>): {
  environment?: 'production' | 'sandbox'
  baseUrl?: string
} {
  if (known.environment !== undefined || known.baseUrl !== undefined) return checked(known, 'environment', 'baseUrl')
  const [environment, baseUrl] = ['SMARTRECRUITERS_ENVIRONMENT', 'SMARTRECRUITERS_BASE_URL'] as const
  return checked({ environment: variable(environment), baseUrl: variable(baseUrl) }, environment, baseUrl)
}

function checked(known: Record<'environment' | 'baseUrl', unknown>, environment: string, baseUrl: string) {
  return given({
    environment: optionalChoice(environment, known.environment, ['production', 'sandbox']),
    baseUrl: optionalUrl(baseUrl, known.baseUrl),
  })
}
