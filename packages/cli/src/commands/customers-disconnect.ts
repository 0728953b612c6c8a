/** `smartrecruiters customers disconnect`: removes the credentials of a customer. */

import { partnerOf } from '../apps/partner.js'
import { STORE_HELP, STORE_OPTIONS } from '../apps/store.js'
import { confirm, YES } from '../confirm.js'
import type { Context } from '../context.js'
import { Failure } from '../failure.js'
import type { Options } from '../options.js'
import { oneArgument } from '../positionals.js'

export const usage = 'customers disconnect COMPANY'

export const help = `
Remove the credentials of a customer from the store. They stay valid at SmartRecruiters, which has to reset the
integration before the customer can be connected again.

${STORE_HELP}`

export const options = { ...YES, ...STORE_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  const companyId = oneArgument(context, 'company')
  const partner = partnerOf(context)
  if (!(await isListed(partner.customers(), companyId))) {
    throw new Failure('UNKNOWN_CUSTOMER', `The store has no customer ${JSON.stringify(companyId)}.`, {
      remedy: 'Check the id, the store and its namespace: `smartrecruiters customers list` shows what is there.',
    })
  }
  await confirm(
    context,
    `Remove the credentials of ${JSON.stringify(companyId)}? SmartRecruiters issues them only once.`,
  )
  await partner.disconnect(companyId)
  await context.show({ disconnected: companyId }, () => `${JSON.stringify(companyId)} is disconnected.\n`)
}

async function isListed(customers: AsyncIterable<{ companyId: string }>, wanted: string): Promise<boolean> {
  for await (const { companyId } of customers) if (companyId === wanted) return true
  return false
}
