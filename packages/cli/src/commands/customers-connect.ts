/** `smartrecruiters customers connect`: requests the credentials of a customer. */

import { partnerOf } from '../apps/partner.js'
import { STORE_HELP, STORE_OPTIONS } from '../apps/store.js'
import type { Context } from '../context.js'
import { describe, Failure } from '../failure.js'
import type { Options } from '../options.js'
import { oneArgument } from '../positionals.js'

export const usage = 'customers connect COMPANY'

export const help = `
Request the credentials of a customer that has activated your integration, and store them. SmartRecruiters issues
them only once. Nothing is requested for a customer that is connected already.

${STORE_HELP}`

export const options = { ...STORE_OPTIONS } as const satisfies Options

export async function run(context: Context): Promise<void> {
  const companyId = oneArgument(context, 'company')
  const partner = partnerOf(context)
  try {
    await partner.connect(companyId, { signal: context.signal })
  } catch (error) {
    const { exit, report } = describe(error)
    if (report.code !== 'ALREADY_INTEGRATED') throw error
    throw new Failure(report.code, report.message, {
      exit,
      remedy: 'If no system has the credentials, ask SmartRecruiters to reset the integration, and connect again.',
    })
  } finally {
    await partner.settled()
  }
  await context.show({ connected: companyId }, () => `${JSON.stringify(companyId)} is connected.\n`)
}
