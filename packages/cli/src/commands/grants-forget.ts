/** `smartrecruiters grants forget`: removes the tokens of a grant. */

import { appOf, findGrant, GRANT_OPTIONS, GRANTS_HELP } from '../apps/grants.js'
import { confirm, YES } from '../confirm.js'
import type { Context } from '../context.js'
import type { Options } from '../options.js'
import { oneArgument } from '../positionals.js'

export const usage = 'grants forget ID'

export const help = `
Remove the tokens of a grant from the store. The customer has to authorize your app again. The grant is not revoked
at SmartRecruiters, and an access token that a process holds works until it expires.

${GRANTS_HELP}`

export const options = { ...YES, ...GRANT_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  const id = oneArgument(context, 'grant')
  const app = await appOf(context)
  // The store forgets an unknown id, too, and the user would believe that the grant is gone.
  await findGrant(app, id)
  await confirm(context, `Remove the tokens of ${JSON.stringify(id)}? They cannot be brought back.`)
  await app.forget(id)
  await context.show({ forgotten: id }, () => `${JSON.stringify(id)} is forgotten.\n`)
}
