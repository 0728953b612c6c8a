/** `smartrecruiters grants list`: the grants of an app, without their secrets. */

import type { GrantInfo, GrantsOptions } from 'smartrecruiters'
import { appOf, GRANT_OPTIONS, GRANTS_HELP } from '../apps/grants.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { formatOf, ITEM_OPTIONS, printPages, wantsItems } from '../output/items.js'
import { inPages, table } from '../output/table.js'
import { noArguments } from '../positionals.js'
import { duration, parsePeriod } from '../time.js'

export const usage = 'grants list [OPTIONS]'

export const help = `
Grants are listed in the order in which their refresh tokens expire. Those that have ended come last.

${GRANTS_HELP}

  smartrecruiters grants list --expires-in 7d
  smartrecruiters grants list --state ended --ndjson --fields id,reason`

const STATES = ['active', 'renewing', 'refused', 'unread', 'ended'] as const

export const options = {
  state: { type: 'string', value: 'STATE', choices: STATES, help: 'list only grants in this state' },
  'expires-in': { type: 'string', value: 'PERIOD', help: 'list only grants that end sooner, such as 7d, unless used' },
  ...ITEM_OPTIONS,
  ...GRANT_OPTIONS,
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  const { values } = context.with(options)
  noArguments(context)
  const filter = filterOf(values.state, values['expires-in'])
  const format = formatOf(context)
  const grants = (await appOf(context)).grants(filter)
  if (!context.forPeople || wantsItems(context)) return printPages(context, inPages(grants), format)
  const rows: string[][] = []
  for await (const grant of grants) rows.push(rowOf(grant))
  await context.write(rows.length === 0 ? 'There are no such grants.\n' : table(HEADINGS, rows))
}

function filterOf(state: string | undefined, expiresIn: string | undefined): GrantsOptions {
  const known = STATES.find(each => each === state)
  if (state !== undefined && known === undefined) throw new UsageError(`--state must be one of ${STATES.join(', ')}`)
  return {
    state: known,
    expiresBefore: expiresIn === undefined ? undefined : Date.now() + parsePeriod('--expires-in', expiresIn),
  }
}

const HEADINGS = ['id', 'state', 'ends in', 'notes']

function rowOf({ id, state, reason, refusal, refreshTokenExpiresAt, metadata }: GrantInfo): string[] {
  const why = reason ?? refusal?.error
  const left = (refreshTokenExpiresAt.getTime() - Date.now()) / 1000
  return [
    id,
    why === undefined ? state : `${state} (${why})`,
    state === 'ended' ? '' : duration(left),
    Object.entries(metadata)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]
}
