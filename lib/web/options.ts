/**
 * Checks the options of the handlers. `smartrecruiters/web` uses the public face alone, so it makes the public
 * `ConfigurationError`, which callers can recognise by its class. The function that reads options holds no state, so
 * that this entry can have its own copy.
 */

import { ConfigurationError } from '../index.js'
import { members } from '../members.js'

/** Makes a `ConfigurationError` about `field`. `problem` says what would be right, and must not contain the value. */
export function configurationError(field: string, problem: string): ConfigurationError {
  return new ConfigurationError({ code: 'CONFIGURATION', message: `${field}: ${problem}`, causes: [], field })
}

/**
 * Checks an object of options, and returns the known ones. An unknown key is an error: a misspelt option would otherwise
 * be ignored silently.
 */
export function checkedOptions<Options extends object>(
  of: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  if (typeof options !== 'object' || options === null) throw configurationError('options', `must be an object of ${of}`)
  const unknown = Object.keys(options).find(key => !known.includes(key as keyof Options & string))
  if (unknown === undefined) return members(options, known) as Options
  const name = unknown.replace(/[^\x20-\x7e]/g, '').slice(0, 64)
  throw configurationError(name, `is not an option of ${of}; its options are ${known.join(', ')}`)
}

/** Checks optional functions. */
export function checkFunctions(functions: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(functions)) {
    if (value !== undefined && typeof value !== 'function') throw configurationError(field, 'must be a function')
  }
}

/** Checks an absolute path such as `/auth`, without a slash at its end. The empty path is the root. */
export function checkPath(field: string, value: unknown): string {
  if (typeof value !== 'string' || (value !== '' && !/^(\/[\w.~!$&'()*+,;=:@%-]+)+$/.test(value))) {
    throw configurationError(field, 'must be a path such as `/auth`, with a slash at its beginning and none at its end')
  }
  return value
}
