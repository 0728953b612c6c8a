/** Tables of a run, in Markdown that reads well in a terminal too. */

import { CLIENTS } from './clients/index.mjs'
import { SCENARIOS } from './scenarios.mjs'
import { figures, ratio, summary } from './statistics.mjs'
import { TARGETS } from './targets.mjs'

/** Who all others are compared with. */
const OURS = 'smartrecruiters'

const micro = value => (value < 100 ? value.toFixed(1) : whole(value))
const whole = value => Math.round(value).toLocaleString('en-US')
const milli = value => (value / 1000).toFixed(1)
const plain = value => value.toFixed(1)
const mega = value => whole(value / 2 ** 20)
const times = value => (value < 10 ? value.toFixed(value < 1 ? 3 : 2) : value.toFixed(1))

const PROCESS = [
  { head: 'loop p99 ms', metric: 'loop', format: milli },
  { head: 'RSS MiB', metric: 'rss', format: mega },
  { head: 'peak MiB', metric: 'peak', format: mega },
]

const STREAM = [
  { head: 'MB/s', metric: 'millions', format: whole, descending: true, compared: true },
  { head: 'main µs/MB', metric: 'mainPerMillion', format: micro, compared: true },
  { head: 'CPU µs/MB', metric: 'cpuPerMillion', format: micro },
  ...PROCESS,
]

/** The columns of each kind of scenario; the rows are ordered by the first. */
const COLUMNS = {
  load: [
    { head: 'req/s', metric: 'rate', format: whole, descending: true },
    { head: 'main µs', metric: 'main', format: micro, compared: true },
    { head: 'CPU µs', metric: 'cpu', format: micro, compared: true },
    { head: 'p50 µs', metric: 'p50', format: whole },
    { head: 'p99 µs', metric: 'p99', format: whole },
    ...PROCESS,
  ],
  download: STREAM,
  upload: STREAM,
  list: [
    { head: 'items/s', metric: 'millions', format: value => whole(value * 1e6), descending: true, compared: true },
    { head: 'main µs/item', metric: 'mainPerMillion', format: value => (value / 1e6).toFixed(2), compared: true },
    { head: 'CPU µs/item', metric: 'cpuPerMillion', format: value => (value / 1e6).toFixed(2) },
    ...PROCESS,
  ],
  cold: [
    { head: 'load + first ms', metric: 'sum', format: plain, compared: true },
    { head: 'load ms', metric: 'load', format: plain },
    { head: 'first call ms', metric: 'first', format: plain },
    { head: 'from node start ms', metric: 'start', format: plain },
    { head: 'RSS MiB', metric: 'rss', format: mega },
  ],
}

/** The figures of every round, by scenario and client: `rounds(scenario, client)`. */
function reader({ results }) {
  return (scenario, client) => (results[scenario]?.[client]?.rounds ?? []).map(round => round && figures(round))
}

/** All of it. */
export function markdown(data) {
  const parts = ['# Results', '', 'Made by `bench/run.mjs`; [README.md](README.md) tells what is measured and how.', '']
  parts.push('![Main-thread time, CPU time and requests per second of each client](results.svg)', '')
  parts.push('## Targets', '', targets(data), '', ...scenarioTables(data), '## Made with', '', madeWith(data), '')
  return parts.join('\n')
}

/** The targets that this run has the figures for. */
export function targets(data) {
  const rounds = reader(data)
  const rows = TARGETS.map(target => targetRow(target, rounds)).filter(Boolean)
  if (rows.length === 0) return 'None was measured.'
  return table(['figure', 'scenario', 'of', 'against', 'its', 'theirs', 'ratio (spread)', 'target', ''], rows, 4)
}

/** The targets that are ratios, each with the `ratio` of this run. */
export function measuredTargets(data) {
  const rounds = reader(data)
  return TARGETS.filter(({ against }) => against !== undefined).flatMap(target => {
    const { scenario, client, against, metric } = target
    const measured = ratio(rounds(scenario, client), rounds(scenario, against), metric)
    return measured === undefined ? [] : [{ ...target, ratio: measured.median }]
  })
}

function targetRow({ figure, metric, scenario, client, against, most, least }, rounds) {
  const own = summary(rounds(scenario, client), metric)
  const format = formatOf(scenario, metric)
  if (own === undefined) return undefined
  const verdict = value => ((most === undefined ? value >= least : value <= most) ? 'pass' : '**miss**')
  if (against === undefined) {
    const limit = `≤ ${format(most)}`
    return [figure, scenario, title(client), '–', format(own.median), '–', '–', limit, verdict(own.median)]
  }
  const theirs = summary(rounds(scenario, against), metric)
  const measured = ratio(rounds(scenario, client), rounds(scenario, against), metric)
  if (measured === undefined) return undefined
  return [
    figure,
    scenario,
    title(client),
    title(against),
    format(own.median),
    format(theirs.median),
    `${times(measured.median)}× (${times(measured.least)}–${times(measured.most)})`,
    most === undefined ? `≥ ${least}×` : `≤ ${most}×`,
    verdict(measured.median),
  ]
}

function formatOf(scenario, metric) {
  const { kind } = SCENARIOS.find(({ name }) => name === scenario)
  return COLUMNS[kind].find(column => column.metric === metric).format
}

/** A heading and a table for each scenario that was measured. */
export function scenarioTables(data) {
  const rounds = reader(data)
  return SCENARIOS.filter(({ name }) => data.results[name]).flatMap(scenario => {
    const columns = COLUMNS[scenario.kind]
    const compared = columns.filter(column => column.compared)
    const head = ['client', ...columns.map(column => column.head), ...compared.map(({ head }) => `our ${head} ×`)]
    const measured = CLIENTS.filter(({ id }) => data.results[scenario.name][id]).map(({ id }) => ({
      id,
      rounds: rounds(scenario.name, id),
    }))
    const [{ metric, descending }] = columns
    const rank = row => (summary(row.rounds, metric)?.median ?? Number.NaN) * (descending ? -1 : 1)
    measured.sort((a, b) => (Number.isNaN(rank(a)) ? 1 : Number.isNaN(rank(b)) ? -1 : rank(a) - rank(b)))
    const rows = measured.map(row => {
      const { unsupported, error } = data.results[scenario.name][row.id]
      if (unsupported) return [title(row.id), `not supported: ${unsupported}`]
      if (error) return [title(row.id), `FAILED: ${error}`]
      const cells = columns.map(column => cell(summary(row.rounds, column.metric), column.format))
      const ratios = compared.map(column => {
        const value = row.id === OURS ? undefined : ratio(rounds(scenario.name, OURS), row.rounds, column.metric)
        return value ? times(value.median) : '–'
      })
      return [title(row.id), ...cells, ...ratios]
    })
    return [`## \`${scenario.name}\`: ${scenario.title}`, '', table(head, rows), '']
  })
}

/** A median and, where there is one, its spread. */
export function cell(figure, format) {
  if (figure === undefined) return '–'
  const { median, least, most } = figure
  return least === most ? format(median) : `${format(median)} (${format(least)}–${format(most)})`
}

function madeWith({ run, options }) {
  const { date, command, processor, cores, memory, system, versions } = run
  const rows = Object.entries(versions).filter(([, version]) => version)
  const lines = [
    `\`${command}\` on ${date}: ${options.rounds} rounds of ${options.seconds} s for each client in each scenario, ` +
      `after ${options.warmUp} s of warm-up (longer in the first round and at 512 in flight); ${options.starts} starts of new processes.`,
    '',
    `${processor}, ${cores} cores for all processes together, ${memory} GiB, ${system}.`,
    '',
    table(['what', 'version'], rows, 2),
  ]
  if (options.mainSource) lines.splice(2, 0, `Main-thread time: ${options.mainSource}.`, '')
  return lines.join('\n')
}

function title(id) {
  return CLIENTS.find(client => client.id === id).title
}

/** A table whose columns line up; all but the first `left` are numbers. */
export function table(head, rows, left = 1) {
  const cells = [head, ...rows].map(row => head.map((_, index) => String(row[index] ?? '')))
  // A row that says why it has no figures may stick out.
  const fits = cells.filter((_, index) => index === 0 || rows[index - 1].length === head.length)
  const widths = head.map((_, index) => Math.max(3, ...fits.map(row => row[index].length)))
  const pad = (text, index) => (index < left ? text.padEnd(widths[index]) : text.padStart(widths[index]))
  const line = row => `| ${row.map(pad).join(' | ')} |`
  const rule = widths.map((width, index) => (index < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)].join('\n')
}
