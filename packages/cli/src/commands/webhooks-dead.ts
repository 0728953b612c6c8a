/** `smartrecruiters webhooks dead`: the events that failed too often. */

import type { DeadLetter, Webhooks } from 'smartrecruiters'
import { keysOf, STORE_HELP, STORE_OPTIONS, storeOf } from '../apps/store.js'
import { confirm, YES } from '../confirm.js'
import type { Context } from '../context.js'
import { EXIT, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { formatOf, ITEM_OPTIONS, printPages, wantsItems } from '../output/items.js'
import { inPages, table } from '../output/table.js'
import { smartrecruiters } from '../package.js'
import { noArguments } from '../positionals.js'
import { RECEIVER } from '../webhooks/options.js'

export const usage = 'webhooks dead [--repeat ID | --repeat-all | --drop ID]'

export const help = `
List the events whose listeners failed too often, with the last error. A repeated event is handled as if it had just
arrived, by a process of your app.

${STORE_HELP}`

export const options = {
  repeat: { type: 'string', value: 'ID', multiple: true, help: 'handle this event again' },
  'repeat-all': { type: 'boolean', help: 'handle all of them again' },
  drop: { type: 'string', value: 'ID', multiple: true, help: 'remove this event' },
  ...YES,
  ...RECEIVER,
  ...ITEM_OPTIONS,
  ...STORE_OPTIONS,
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  noArguments(context)
  const { repeat = [], 'repeat-all': repeatAll = false, drop = [], receiver: name } = context.with(options).values
  if ([repeat.length > 0, repeatAll, drop.length > 0].filter(Boolean).length > 1) {
    throw new UsageError('--repeat, --repeat-all and --drop exclude each other')
  }
  const format = formatOf(context)
  const { Webhooks } = smartrecruiters()
  const webhooks = new Webhooks({ store: storeOf(context), encryptionKey: keysOf(context), name })
  if (repeatAll) return change(context, 'repeated', await idsOf(webhooks), id => webhooks.repeat(id))
  if (repeat.length > 0) return change(context, 'repeated', repeat, id => webhooks.repeat(id))
  if (drop.length > 0) {
    await confirm(context, `Remove ${drop.length === 1 ? 'this event' : `these ${drop.length} events`}?`)
    return change(context, 'dropped', drop, id => webhooks.drop(id))
  }
  const letters = webhooks.deadLetters()
  if (!context.forPeople || wantsItems(context)) return printPages(context, inPages(letters), format)
  const rows: string[][] = []
  for await (const letter of letters) rows.push(rowOf(letter))
  const headings = ['event', 'name', 'attempts', 'since', 'error']
  await context.write(rows.length === 0 ? 'There are no dead letters.\n' : table(headings, rows))
}

async function idsOf(webhooks: Webhooks): Promise<string[]> {
  const ids: string[] = []
  for await (const { event } of webhooks.deadLetters()) ids.push(event.id)
  return ids
}

async function change(
  context: Context,
  what: 'repeated' | 'dropped',
  ids: readonly string[],
  work: (id: string) => Promise<boolean>,
): Promise<void> {
  const [done, unknown]: [string[], string[]] = [[], []]
  for (const id of ids) ((await work(id)) ? done : unknown).push(id)
  await context.show({ [what]: done, unknown }, () => `${done.length} ${what}, ${unknown.length} not found\n`)
  if (unknown.length > 0) context.exit = EXIT.failure
}

function rowOf({ event, attempts, error, deadSince }: DeadLetter): string[] {
  return [event.id, event.name, String(attempts), deadSince.toISOString(), error]
}
