/** Questions before what cannot be taken back. */

import { createInterface } from 'node:readline/promises'
import type { Context } from './context.js'
import { Failure, UsageError } from './failure.js'
import type { Options } from './options.js'

/** The option of every command that asks. */
export const YES = {
  yes: { type: 'boolean', short: 'y', help: 'do not ask' },
} as const satisfies Options

/** Asks whether to go on. Without a terminal it cannot, and `--yes` is needed. */
export async function confirm(context: Context, question: string): Promise<void> {
  if (context.with(YES).values.yes) return
  if (!context.interactive) throw new UsageError(`${question} Nothing was done.`, 'Add --yes to do it.')
  const { stdin, stderr } = context.terminal
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: context.signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('DECLINED', 'Nothing was done.')
  } finally {
    terminal.close()
  }
}
