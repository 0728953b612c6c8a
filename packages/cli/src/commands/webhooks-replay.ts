/** `smartrecruiters webhooks replay`: events that a receiver has missed. */

import { keysOf, namesStore, STORE_OPTIONS, storeOf } from '../apps/store.js'
import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { EXIT, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { smartrecruiters } from '../package.js'
import { noArguments } from '../positionals.js'
import { parseTime } from '../time.js'
import { forward, lineOf, urlOf } from '../webhooks/forward.js'
import { readLog } from '../webhooks/log.js'
import { RECEIVER } from '../webhooks/options.js'

export const usage = 'webhooks replay --since TIME [--forward-to URL | --store PLACE]'

export const help = `
SmartRecruiters repeats an event for a day, and keeps a log of what it has sent for 30 days. With --forward-to, the
events of the log that no receiver has accepted are sent to that URL, the oldest first and exactly as they were. With
a store, the events are put into the inbox of your receiver, which handles those that it does not have yet.

A receiver refuses signatures that are older than 26 hours, unless its \`tolerance\` is raised. The inbox does not.

  smartrecruiters webhooks replay --since 2h --forward-to http://localhost:3000/hook
  smartrecruiters webhooks replay --since 3d --url https://app.example.com/hook --store inbox.sqlite`

export const options = {
  since: { type: 'string', value: 'TIME', help: 'take the events since then, such as 2h, 3d or 2026-01-31' },
  'forward-to': { type: 'string', value: 'URL', help: 'send the events to this receiver' },
  all: { type: 'boolean', help: 'send events that were accepted, too' },
  url: { type: 'string', value: 'URL', help: 'take only what SmartRecruiters has sent to this URL' },
  ...RECEIVER,
  ...STORE_OPTIONS,
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  noArguments(context)
  const { since, url, 'forward-to': forwardTo } = context.with(options).values
  if (since === undefined) throw new UsageError('--since is missing')
  const time = parseTime('--since', since, Date.now())
  const to = forwardTo === undefined ? undefined : urlOf('--forward-to', forwardTo)
  if (to !== undefined) return sendAgain(context, to, time, url)
  if (!namesStore(context)) {
    throw new UsageError('the events have no destination', 'Add --forward-to URL, or --store PLACE.')
  }
  return takeIn(context, time, url)
}

async function sendAgain(context: Context, to: URL, since: Date, url: string | undefined): Promise<void> {
  const client = await clientOf(context)
  const { all = false } = context.with(options).values
  const { signal } = context
  try {
    const events = (await readLog(client, { since, url, signal })).filter(({ delivered }) => all || !delivered)
    let refused = 0
    for (const { id, name, headers, body } of events) {
      const forwarded = await forward(to, headers, body)
      if (forwarded.status !== 202) refused++
      await context.write(
        context.forPeople ? lineOf(id, name, forwarded) : `${JSON.stringify({ id, name, ...forwarded })}\n`,
      )
    }
    context.note(`${events.length} events, of which ${refused} were not answered with 202.`)
    if (refused > 0) context.exit = EXIT.failure
  } finally {
    await client.close()
  }
}

async function takeIn(context: Context, since: Date, url: string | undefined): Promise<void> {
  const { Webhooks } = smartrecruiters()
  const { receiver: name } = context.with(RECEIVER).values
  const store = { store: storeOf(context), encryptionKey: keysOf(context), name }
  const client = await clientOf(context)
  try {
    const result = await new Webhooks({ ...store, client }).replay({ since, url })
    await context.show(
      result,
      () => `${result.taken} of ${result.read} events were missing, and are in the inbox now.\n`,
    )
  } finally {
    await client.close()
  }
}
