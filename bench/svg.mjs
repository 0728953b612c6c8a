/** One picture of a run: small JSON, http, 64 in flight. */

import { CLIENTS } from './clients/index.mjs'
import { figures, summary } from './statistics.mjs'

const SCENARIO = 'small-64'
const PANELS = [
  { title: 'Main-thread time per request', unit: 'µs, less is better', metric: 'main' },
  { title: 'CPU time per request, all threads', unit: 'µs, less is better', metric: 'cpu' },
  { title: 'Requests per second', unit: 'more is better', metric: 'rate', descending: true },
]
const WIDTH = 860
const ROW = 22
const BAR = 14
const LABELS = 290
const VALUES = 70
const MARGIN = 24

/** The picture, or nothing if the scenario was not measured. */
export function svg(data) {
  const results = data.results[SCENARIO]
  if (results === undefined) return undefined
  let y = MARGIN + 50
  const panels = PANELS.map(panel => {
    const bars = barsOf(panel, results)
    const drawn = drawPanel(panel, bars, y)
    y += 34 + bars.length * ROW + 20
    return drawn
  })
  const { run } = data
  const caption = `Medians of ${data.options.rounds} interleaved rounds; node ${run.versions.node}, ${run.processor}, ${run.cores} cores, ${run.date}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" width="${WIDTH}" height="${y + 10}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">
<title id="title">HTTP clients of Node: small JSON over http, 64 requests in flight</title>
<desc id="description">${escaped(describe(results))}</desc>
<style>
  .ground { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328 }
  .faint { fill: #59636e }
  .bar { fill: #8c959f }
  .limit { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
  .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .bar { fill: #656c76 }
    .limit { fill: none; stroke: #9198a1 }
    .ours { fill: #4493f8 }
  }
</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${y + 9}" rx="6"/>
<text x="${MARGIN}" y="${MARGIN + 12}" font-size="17" font-weight="600">Small JSON over http, 64 requests in flight</text>
<text class="faint" x="${MARGIN}" y="${MARGIN + 32}" font-size="12">${escaped(caption)}</text>
${panels.join('\n')}
</svg>
`
}

function barsOf({ metric, descending }, results) {
  const bars = CLIENTS.flatMap(({ id, title, native }) => {
    const value = summary((results[id]?.rounds ?? []).map(figures), metric)
    return value ? [{ id, title, native, ...value }] : []
  })
  return bars.sort((a, b) => (descending ? b.median - a.median : a.median - b.median))
}

function drawPanel({ title, unit }, bars, top) {
  const longest = Math.max(...bars.map(bar => bar.median))
  const room = WIDTH - MARGIN - LABELS - VALUES
  const heading = `<text x="${MARGIN}" y="${top + 16}" font-size="14" font-weight="600">${title} <tspan class="faint" font-size="12" font-weight="400">${unit}</tspan></text>`
  const rows = bars.map((bar, index) => {
    const y = top + 34 + index * ROW
    const length = Math.max(2, (bar.median / longest) * room)
    const own = bar.id.startsWith('smartrecruiters')
    const kind = own ? 'ours' : bar.native ? 'limit' : 'bar'
    const weight = own ? ' font-weight="600"' : ''
    const middle = y + BAR / 2 + 4.5
    return [
      `<text x="${LABELS - 8}" y="${middle}" text-anchor="end"${weight}>${escaped(bar.title)}</text>`,
      `<rect class="${kind}" x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text x="${(LABELS + length + 6).toFixed(1)}" y="${middle}"${weight}>${number(bar.median)}</text>`,
    ].join('')
  })
  return [heading, ...rows].join('\n')
}

function describe(results) {
  return PANELS.map(panel => {
    const bars = barsOf(panel, results).map(bar => `${bar.title} ${number(bar.median)}`)
    return `${panel.title} (${panel.unit}): ${bars.join(', ')}.`
  }).join(' ')
}

function number(value) {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
