/** The arguments of commands that are no options. */

import type { Context } from './context.js'
import { UsageError } from './failure.js'

/** Returns the one argument of a command. */
export function oneArgument({ positionals }: Context, what: string): string {
  const [value, ...others] = positionals
  if (value === undefined || others.length > 0) throw new UsageError(`name one ${what}`)
  return value
}

/** Refuses arguments where a command has none. */
export function noArguments({ positionals }: Context): void {
  if (positionals[0] !== undefined) throw new UsageError(`${JSON.stringify(positionals[0])} is one argument too many`)
}
