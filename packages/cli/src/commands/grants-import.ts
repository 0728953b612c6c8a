/** `smartrecruiters grants import`: moves a grant into a store. */

import { appOf, GRANT_OPTIONS, GRANTS_HELP } from '../apps/grants.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import { Questions } from '../login/questions.js'
import type { Options } from '../options.js'
import { parseTime } from '../time.js'

export const usage = 'grants import [ID] < FILE'

export const help = `
Without an ID, stdin holds what \`grants export\` has printed, and the grant keeps its id. With an ID, stdin holds the
refresh token of a grant that another system has obtained. A refresh token works only once: from now on, no other
system may use it. On a terminal, the command asks, and does not show what you type.

${GRANTS_HELP}

  smartrecruiters grants import acme --notes company=Acme < refresh-token.txt`

export const options = {
  notes: { type: 'string', value: 'NAME=VALUE', multiple: true, help: 'add a note about the grant' },
  scopes: { type: 'string', value: 'LIST', help: 'say which scopes the grant has' },
  'issued-at': { type: 'string', value: 'TIME', help: 'say when the refresh token was issued; otherwise now' },
  ...GRANT_OPTIONS,
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  const [id, ...others] = context.positionals
  if (others.length > 0) throw new UsageError('name one grant, or none')
  const { notes, scopes, 'issued-at': issuedAt } = context.with(options).values
  if (id === undefined && (notes ?? scopes ?? issuedAt) !== undefined) {
    throw new UsageError('--notes, --scopes and --issued-at are for a refresh token: name the grant')
  }
  const metadata = notes === undefined ? undefined : Object.fromEntries(notes.map(noteOf))
  const refreshTokenIssuedAt = issuedAt === undefined ? undefined : parseTime('--issued-at', issuedAt, Date.now())
  const app = await appOf(context, { made: true })
  const what = id === undefined ? 'exported grant' : 'refresh token'
  const secret = await ask(context, what)
  const grant = await app.import(
    id === undefined
      ? { sealed: secret }
      : { id, refreshToken: secret, scopes: scopes?.split(','), metadata, refreshTokenIssuedAt },
  )
  await context.show({ imported: grant.id }, () => `${JSON.stringify(grant.id)} is in the store.\n`)
}

async function ask(context: Context, what: string): Promise<string> {
  const questions = new Questions(context)
  try {
    return await questions.ask(`${what[0]?.toUpperCase()}${what.slice(1)}: `, `the ${what}`, { secret: true })
  } finally {
    questions.close()
  }
}

function noteOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError('--notes must be a name and a value, such as company=Acme')
  return [text.slice(0, at), text.slice(at + 1)]
}
