/** One picture of a run: small JSON, http, 64 in flight. */

import { CLIENTS } from './clients/index.mjs'
import { picture } from './picture.mjs'
import { figures, summary } from './statistics.mjs'

const SCENARIO = 'small-64'
const PANELS = [
  { title: 'Main-thread time per request', unit: 'µs, less is better', metric: 'main' },
  { title: 'CPU time per request, all threads', unit: 'µs, less is better', metric: 'cpu' },
  { title: 'Requests per second', unit: 'more is better', metric: 'rate', descending: true },
]

/** The picture, or nothing if the scenario was not measured. */
export function svg(data) {
  const results = data.results[SCENARIO]
  if (results === undefined) return undefined
  const { run } = data
  return picture({
    name: 'HTTP clients of Node: small JSON over http, 64 requests in flight',
    heading: 'Small JSON over http, 64 requests in flight',
    caption: `Medians of ${data.options.rounds} interleaved rounds; node ${run.versions.node}, ${run.processor}, ${run.cores} cores, ${run.date}`,
    panels: PANELS.map(panel => ({ ...panel, bars: barsOf(panel, results) })),
  })
}

function barsOf({ metric, descending }, results) {
  const bars = CLIENTS.flatMap(({ id, title, native }) => {
    const value = summary((results[id]?.rounds ?? []).map(figures), metric)
    const kind = id.startsWith('smartrecruiters') ? 'ours' : native ? 'limit' : 'bar'
    return value ? [{ label: title, value: value.median, kind }] : []
  })
  return bars.sort((a, b) => (descending ? b.value - a.value : a.value - b.value))
}
