/**
 * The window in which a process that dies loses a grant: from the arrival of its exchange at the server until it has
 * stored the tokens, as it tells. Beside it what a bare request takes there and then: the rest is ours. In milliseconds.
 */

import { GONE, here } from './process.mjs'

/** Has a process make a bare request; adds to `trips` how long it took from its arrival until its answer was read. */
export async function probe(world, process, trips) {
  const { clientId, clientSecret } = world.sandbox.client
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  })
  const mark = `probe=${process.name}`
  const answered = await process.ask('probe', { form: form.toString(), mark })
  if (answered === GONE) return
  const { at } = world.sandbox.exchanges().findLast(({ query }) => query === mark)
  trips.push(here(answered) - at)
}

/** The figures of a table. */
export function measured(exchanges, trips) {
  const stored = exchanges.filter(({ storedAt }) => storedAt !== undefined)
  const windows = stored.map(({ at, storedAt }) => storedAt - at)
  return {
    'window p50': percentile(windows, 0.5),
    'window p99': percentile(windows, 0.99),
    'trip p50': percentile(trips, 0.5),
    'trip p99': percentile(trips, 0.99),
  }
}

/** The value below which this share of all lies. */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(1) ?? '-'
}
