/** What the vendor's table says of operations, for completion and for `--can`. */

import { OPERATIONS } from '../operations.js'

/** The paths that a method has, each with the scopes that it needs. */
export function candidates(method: string): [path: string, scopes: string][] {
  const prefix = `${method.toUpperCase()} `
  return Object.entries(OPERATIONS)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, scopes]) => [name.slice(prefix.length), scopes])
}

/**
 * The scopes that an operation needs, such as `['a', 'b or c']`: all of them. `undefined` if they are not known. The
 * operation may have values in place of its placeholders.
 */
export function scopesOf(operation: string): string[] | undefined {
  const wanted = operation.split(/[ /]/)
  const matching = Object.entries(OPERATIONS).filter(([name]) => {
    const parts = name.split(/[ /]/)
    return parts.length === wanted.length && parts.every((part, at) => part.startsWith('{') || part === wanted[at])
  })
  // `/jobs/{id}/status` before `/jobs/{id}/{what}`: the one with the fewest placeholders.
  const [best] = matching.sort(([a], [b]) => placeholders(a) - placeholders(b))
  const scopes = best?.[1]
  return scopes === undefined || scopes === ''
    ? undefined
    : scopes.split(' ').map(scope => scope.replaceAll('|', ' or '))
}

function placeholders(name: string): number {
  return name.split('{').length
}
