/** The environment variables of this thread: those of a worker may differ from the process's. */

import { configurationError } from './errors.js'
import { native } from './native.js'
import { given, optionalChoice, optionalUrl } from './validate.js'

/** Returns the value of a variable, or `undefined` if it is unset or empty. `Object.prototype` is not consulted. */
export function variable(name: string): string | undefined {
  return Object.hasOwn(process.env, name) && process.env[name] !== '' ? process.env[name] : undefined
}

/** Returns the variables that the core reads, as far as they are set. Names and values alternate. */
export function networkVariables(): string[] {
  return native
    .environmentVariables()
    .flatMap(name => [name, name.toLowerCase()])
    .flatMap(name => {
      const value = variable(name)
      return value === undefined ? [] : [name, value]
    })
}

/** The options that choose the API. */
export interface ApiOptions {
  /**
   * The environment of SmartRecruiters. Default: that of the app, if the credential is a grant or a customer; otherwise
   * the variable `SMARTRECRUITERS_ENVIRONMENT`, or `production`.
   */
  environment?: 'production' | 'sandbox' | undefined
  /**
   * The URL of another API root. It must begin with `https://`, or with `http://` on loopback. Credentials are sent to
   * its origin only. Default: that of the app, if the credential is a grant or a customer; otherwise the variable
   * `SMARTRECRUITERS_BASE_URL`, or the root of the environment.
   */
  baseUrl?: string | URL | undefined
}

/** Checks the options. If both are absent, both environment variables apply; otherwise neither does. */
export function api(known: Record<'environment' | 'baseUrl', unknown>): {
  environment?: 'production' | 'sandbox'
  baseUrl?: string
} {
  if (known.environment !== undefined || known.baseUrl !== undefined) return checked(known, 'environment', 'baseUrl')
  const [environment, baseUrl] = ['SMARTRECRUITERS_ENVIRONMENT', 'SMARTRECRUITERS_BASE_URL'] as const
  const root = variable(baseUrl)
  if (root !== undefined && !/^(https:\/\/[^/]|http:\/\/(localhost|127\.|\[::1\]))/i.test(root)) {
    throw configurationError(baseUrl, 'must begin with https:// (http:// is for localhost, 127.0.0.1 and [::1] only)')
  }
  return checked({ environment: variable(environment), baseUrl: root }, environment, baseUrl)
}

function checked(known: Record<'environment' | 'baseUrl', unknown>, environment: string, baseUrl: string) {
  return given({
    environment: optionalChoice(environment, known.environment, ['production', 'sandbox']),
    baseUrl: optionalUrl(baseUrl, known.baseUrl),
  })
}
