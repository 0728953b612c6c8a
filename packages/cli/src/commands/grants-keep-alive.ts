/** `smartrecruiters grants keep-alive`: one pass of it, for a timer of the system. */

import type { KeepAliveProgress } from 'smartrecruiters'
import { appOf, GRANT_OPTIONS, GRANTS_HELP } from '../apps/grants.js'
import type { Context } from '../context.js'
import { EXIT } from '../failure.js'
import type { Options } from '../options.js'
import { Progress } from '../output/progress.js'
import { printable } from '../output/table.js'
import { noArguments } from '../positionals.js'
import { parsePeriod } from '../time.js'

export const usage = 'grants keep-alive [OPTIONS]'

export const help = `
Renew the grants that were not used, before their refresh tokens expire after 28 days. Run it once a day. Any number
of processes may do so: each grant is renewed by one of them. A grant that is refused or has ended is named, and the
others are renewed all the same.

The exit code is 0 if all grants that were due are renewed, 3 if the token endpoint is down and some remain, and 1 if
some cannot be renewed.

${GRANTS_HELP}`

export const options = {
  idle: {
    type: 'string',
    value: 'PERIOD',
    help: 'renew grants that were not renewed for this time; otherwise for 14d',
  },
  'per-second': { type: 'string', value: 'N', help: 'start this number of exchanges in one second; otherwise 5' },
  ...GRANT_OPTIONS,
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  const { values, signal } = context.with(options)
  noArguments(context)
  const idle = values.idle === undefined ? undefined : parsePeriod('--idle', values.idle)
  const perSecond = values['per-second'] === undefined ? undefined : Number(values['per-second'])
  const progress = new Progress(context)
  const app = await appOf(context)
  const failing = (id: string, reason: string) => progress.note(printable(`${id}: ${reason}`))
  app.on('renewalFailed', ({ grantId, error }) => failing(grantId, error.message))
  app.on('reauthorizationRequired', ({ grantId, reason }) => failing(grantId, `ended (${reason})`))
  app.on('refused', ({ grantId, error }) => failing(grantId, `refused (${error.error ?? error.message})`))
  const onProgress = (now: KeepAliveProgress) => progress.update(() => textOf(now))
  try {
    const result = await app.keepAlive({ idle, perSecond, signal, onProgress })
    progress.clear()
    await context.show(result, () => `${textOf(result)}\n`)
    context.exit = result.remaining > 0 ? EXIT.repeat : result.failed > 0 ? EXIT.failure : EXIT.ok
  } finally {
    progress.clear()
    await app.settled()
  }
}

function textOf({ renewed, skipped, failed, remaining }: KeepAliveProgress): string {
  return `${renewed} renewed, ${skipped} skipped, ${failed} failed, ${remaining} remaining`
}
