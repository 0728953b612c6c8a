/** `smartrecruiters grants export`: moves a grant out of a store. */

import { appOf, GRANT_OPTIONS, GRANTS_HELP, withGrant } from '../apps/grants.js'
import { YES } from '../confirm.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { oneArgument } from '../positionals.js'

export const usage = 'grants export ID > FILE'

export const help = `
End a grant in this store, and print it as encrypted text for \`grants import\`, into another store or app that has
the same key. Exporting it again prints it again, and importing it here restores it.

${GRANTS_HELP}

  smartrecruiters grants export acme | smartrecruiters grants import --store new.sqlite`

export const options = { ...YES, ...GRANT_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  const id = oneArgument(context, 'grant')
  if (context.terminal.stdout.isTTY && !context.with(YES).values.yes) {
    throw new UsageError('the grant would be on the screen', 'Send it to a file or a program, or add --yes.')
  }
  const app = await appOf(context)
  const sealed = await withGrant(id, () => app.export(id))
  await context.write(context.values.json ? `${JSON.stringify({ sealed })}\n` : `${sealed}\n`)
}
