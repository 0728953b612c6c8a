/** `smartrecruiters limits`: what the API allows the credential, endpoint by endpoint, and what is in use. */

import type { SmartRecruiters } from 'smartrecruiters'
import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { table } from '../output/table.js'
import { candidates } from '../request/table.js'

export const usage = 'limits [PATH…]'

export const help = `
SmartRecruiters limits the requests of a credential, whichever process sends them: the number per second for each
endpoint, and the number at once. Only its answers say what is left. Send one GET to each PATH, or for your own user
if there is none, and print what the answers say.

  smartrecruiters limits /jobs /candidates`

export const options = {} as const satisfies Options

export function complete(): [string, string?][] {
  return candidates('GET')
}

/** Every credential may ask who it is, and an answer that it may not names the limits, too. */
const SELF = '/user-api/v201804/users/me'

/** The limits of one endpoint. `null` is what the answer does not say. */
interface Row {
  endpoint: string
  status: number
  perSecond: number | null
  left: number | null
  atOnce: number | null
  free: number | null
}

export async function run(context: Context): Promise<void> {
  const paths = context.positionals.length === 0 ? [SELF] : context.positionals
  const wrong = paths.find(path => !path.startsWith('/') || path.includes('{'))
  if (wrong !== undefined) {
    throw new UsageError(`${wrong} is not a path that can be requested`, 'Give one with values, such as /jobs.')
  }
  const sr = await clientOf(context)
  try {
    const rows: Row[] = []
    // One after another: each would count as one at once for the others.
    for (const path of paths) rows.push(await rowOf(sr, path, context.signal))
    await context.show(rows, () => textOf(rows))
  } finally {
    await sr.close()
  }
}

async function rowOf(sr: SmartRecruiters, path: string, signal: AbortSignal): Promise<Row> {
  const response = await sr.fetch(path, { signal })
  await response.body?.cancel()
  const number = (name: string) => {
    const value = response.headers.get(`x-ratelimit-${name}`)
    return value === null || !/^\d+$/.test(value) ? null : Number(value)
  }
  return {
    endpoint: `GET ${path.split('?', 1)[0]}`,
    status: response.status,
    perSecond: number('limit'),
    left: number('remaining'),
    atOnce: number('concurrent-limit'),
    free: number('concurrent-remaining'),
  }
}

function textOf(rows: readonly Row[]): string {
  const cells = rows.map(({ endpoint, status, perSecond, left, atOnce, free }) => [
    endpoint,
    String(status),
    perSecond === null ? '' : `${left ?? '?'} of ${perSecond}`,
    atOnce === null ? '' : `${free ?? '?'} of ${atOnce}`,
  ])
  return table(['endpoint', 'status', 'left this second', 'free at once'], cells)
}
