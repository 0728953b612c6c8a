/** `smartrecruiters grants show`: what the store knows of one grant. */

import { appOf, findGrant, GRANT_OPTIONS, GRANTS_HELP } from '../apps/grants.js'
import type { Context } from '../context.js'
import type { Options } from '../options.js'
import { printable } from '../output/table.js'
import { oneArgument } from '../positionals.js'

export const usage = 'grants show ID'

export const help = `
Show the state, scopes, times and notes of a grant. Tokens are never shown.

${GRANTS_HELP}`

export const options = { ...GRANT_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  const id = oneArgument(context, 'grant')
  const grant = await findGrant(await appOf(context), id)
  await context.show(grant, () => `${lines(grant).join('\n')}\n`)
}

/** A line for each value, with the names of what is around it. */
function lines(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    if (inner === undefined) return []
    if (inner instanceof Date) return [`${prefix}${name}: ${inner.toISOString()}`]
    if (Array.isArray(inner)) return [`${prefix}${name}: ${printable(inner.join(', '))}`]
    return typeof inner === 'object' && inner !== null
      ? lines(inner, `${prefix}${name}.`)
      : [`${prefix}${name}: ${printable(String(inner))}`]
  })
}
