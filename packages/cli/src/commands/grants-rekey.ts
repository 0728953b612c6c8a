/** `smartrecruiters grants rekey`: encrypts all records with the first key. */

import type { RekeyProgress } from 'smartrecruiters'
import { appOf, GRANT_OPTIONS } from '../apps/grants.js'
import { keysOf, namesStore } from '../apps/store.js'
import type { Context } from '../context.js'
import { EXIT, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { Progress } from '../output/progress.js'
import { printable } from '../output/table.js'
import { noArguments } from '../positionals.js'

export const usage = 'grants rekey'

export const help = `
Encrypt every record of the store with the first key. To replace a key:

  1. Give all processes of your app both keys, the old one first.
  2. Give them both keys, the new one first.
  3. Run this command with SMARTRECRUITERS_ENCRYPTION_KEY=NEW,OLD. Grants can be used meanwhile.
  4. If nothing has failed, remove the old key.`

export const options = { ...GRANT_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  const { signal } = context
  noArguments(context)
  if (namesStore(context) && keysOf(context) === false)
    throw new UsageError('a store that is not encrypted has no key to replace')
  const progress = new Progress(context)
  const app = await appOf(context)
  app.on('rekeyFailed', ({ id, error }) => progress.note(printable(`${id}: ${error.message}`)))
  const onProgress = (now: RekeyProgress) => progress.update(() => textOf(now))
  try {
    const result = await app.rekey({ signal, onProgress })
    progress.clear()
    await context.show(result, () => `${textOf(result)}\n`)
    if (result.failed > 0) context.exit = EXIT.failure
  } finally {
    progress.clear()
  }
}

function textOf({ resealed, skipped, failed }: RekeyProgress): string {
  return `${resealed} encrypted with the first key, ${skipped} were already, ${failed} failed`
}
