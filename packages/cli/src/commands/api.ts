/** `smartrecruiters api`: any request, and whole lists. */

import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { formatOf, ITEM_OPTIONS, printPages, printValue } from '../output/items.js'

export const usage = 'api [METHOD] PATH [OPTIONS]'

export const help = `The method is GET unless it is given.

  smartrecruiters api /jobs --paginate --fields id,title
`

export const options = {
  paginate: { type: 'boolean', help: 'read the whole list, and print it as one array' },
  ...ITEM_OPTIONS,
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  const { values, positionals } = context.with(options)
  if (positionals.length === 0 || positionals.length > 2) {
    throw new UsageError('give a method and a path', 'See `smartrecruiters api --help`.')
  }
  const [method, path] = positionals.length === 1 ? ['GET', positionals[0]] : positionals
  if (method === undefined || path === undefined) return
  const format = formatOf(context)
  const sr = await clientOf(context)
  if (values.paginate) {
    const list = sr.paginate(path, { signal: context.signal })
    await printPages(context, itemsOf(list.pages()), format)
  } else {
    await printValue(context, await sr.request<unknown>(method.toUpperCase(), path, { signal: context.signal }), format)
  }
}

async function* itemsOf(pages: AsyncIterable<{ items: unknown[] }>): AsyncGenerator<unknown[]> {
  for await (const { items } of pages) yield items
}
