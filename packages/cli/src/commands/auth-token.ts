/** `smartrecruiters auth token`: the access token, for other programs. */

import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { Failure, UsageError } from '../failure.js'
import type { Options } from '../options.js'

export const usage = 'auth token [OPTIONS]'

export const help = `
Print a valid access token, obtaining or renewing it if necessary. On a terminal, it is printed only
with --yes, since it may stay on the screen and in recordings.

  token=$(smartrecruiters auth token)
  curl -H "Authorization: Bearer $token" https://api.smartrecruiters.com/jobs
`

export const options = {
  yes: { type: 'boolean', help: 'print the token on a terminal, too' },
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  const { values, positionals } = context.with(options)
  if (positionals.length > 0) throw new UsageError('auth token takes no arguments')
  if (context.terminal.stdout.isTTY && !values.yes) {
    throw new UsageError('the token would be shown on this terminal', 'Pipe it to another program, or add --yes.')
  }
  const token = await (await clientOf(context)).token({ signal: context.signal })
  if (token === undefined) {
    throw new Failure(
      'NO_TOKEN',
      'An API key or an access token of your own is sent as it is: there is no token to obtain.',
    )
  }
  const { accessToken, expiresAt, scopes } = token
  const result = { accessToken, expiresAt: expiresAt.toISOString(), scopes }
  await context.write(values.json ? `${JSON.stringify(result)}\n` : `${accessToken}\n`)
}
