/** `smartrecruiters customers list`: the customers of a partner's app, without their credentials. */

import type { CustomerInfo } from 'smartrecruiters'
import { partnerOf } from '../apps/partner.js'
import { STORE_HELP, STORE_OPTIONS } from '../apps/store.js'
import type { Context } from '../context.js'
import type { Options } from '../options.js'
import { formatOf, ITEM_OPTIONS, printPages, wantsItems } from '../output/items.js'
import { inPages, table } from '../output/table.js'
import { noArguments } from '../positionals.js'

export const usage = 'customers list [OPTIONS]'

export const help = `
Customers are listed by their company ids.

${STORE_HELP}`

export const options = { ...ITEM_OPTIONS, ...STORE_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  noArguments(context)
  const format = formatOf(context)
  const customers = partnerOf(context).customers()
  if (!context.forPeople || wantsItems(context)) return printPages(context, inPages(customers), format)
  const rows: string[][] = []
  for await (const customer of customers) rows.push(rowOf(customer))
  await context.write(rows.length === 0 ? 'There are no customers.\n' : table(['company', 'state', 'since'], rows))
}

function rowOf({ companyId, state, connectedAt }: CustomerInfo): string[] {
  return [companyId, state, connectedAt?.toISOString() ?? '']
}
