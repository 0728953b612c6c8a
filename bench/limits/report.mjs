/** Tables and the picture of a run. */

import { picture } from '../picture.mjs'
import { cell, table } from '../report.mjs'
import { summary } from '../statistics.mjs'
import { CLIENTS } from './clients/index.mjs'
import { JOBS, leastSeconds, PER_SECOND, SERVERS } from './scenarios.mjs'

const OURS = 'smartrecruiters'
/** What the picture shows. */
const SERVER = 'sliding'
const JOB = 'export'

const whole = value => Math.round(value).toLocaleString('en-US')
const plain = value => value.toFixed(1)
const percent = value => `${value.toFixed(1)} %`

/** The rows are ordered by the first. */
const COLUMNS = [
  { head: 'items/s', metric: 'rate', format: plain },
  { head: 'of what is permitted', metric: 'share', format: percent },
  { head: 'failed', metric: 'failed', format: whole },
  { head: '429s', metric: 'refused', format: whole },
  { head: 'requests', metric: 'requests', format: whole },
  { head: 'wasted', metric: 'wasted', format: percent },
  { head: 'most in a second', metric: 'mostInSecond', format: whole },
  { head: 'most at once', metric: 'mostAtOnce', format: whole },
  { head: 'main µs', metric: 'main', format: whole },
]

const PANELS = [
  { title: 'Items per second', unit: 'more is better', metric: 'rate', descending: true },
  { title: 'Requests that were refused or repeated', unit: '% of all, less is better', metric: 'wasted' },
  { title: 'Main-thread time per item', unit: 'µs, less is better', metric: 'main' },
]

/**
 * The figures of one round. A job that is over sooner than the limits permit, since items failed, is taken to have lasted
 * as long as they permit: giving up is not speed.
 */
function figures({ items, elapsed, main, requests, endpoints, span, ...same }, options) {
  const least = leastSeconds(options.items)
  const permitted = endpoints * PER_SECOND * (1 + Math.max(span, least))
  return {
    ...same,
    requests,
    rate: items / Math.max(elapsed / 1000, least),
    share: (items / permitted) * 100,
    wasted: ((requests - items) / requests) * 100,
    main: items > 0 ? main / items : undefined,
  }
}

/** One line of one round. */
export function brief(outcome, options) {
  if (outcome.error) return `FAILED: ${outcome.error}`
  const { rate, share, failed, refused } = figures(outcome, options)
  return `${plain(rate)} items/s, ${percent(share)} of what is permitted, ${failed} failed, ${refused} × 429`
}

/** All of it. */
export function markdown(data) {
  return [
    '# Results',
    '',
    'Made by `bench/limits/run.mjs`; [the README](../README.md#limits) tells what is measured and how.',
    '',
    '![Items per second, wasted requests and main-thread time of each client](results.svg)',
    '',
    ...tables(data),
    '## The clients',
    '',
    'Each in the best way that its documentation has for ten requests a second and endpoint, and eight at once.',
    '',
    table(
      ['client', 'versions', 'settings'],
      measuredClients(data).map(client => [client.title, versions(client, data.run), client.settings]),
      3,
    ),
    '',
    '## Made with',
    '',
    madeWith(data),
    '',
  ].join('\n')
}

/** A heading and a table for each server and job that was measured. */
export function tables({ results, options }) {
  return SERVERS.filter(({ name }) => results[name]).flatMap(server =>
    JOBS.filter(({ name }) => results[server.name][name]).flatMap(job => [
      `## \`${server.name}\`, \`${job.name}\``,
      '',
      `${job.title[0].toUpperCase()}${job.title.slice(1)}, of ${server.title}: ` +
        `${options.items * job.endpoints.length} items, for which the limits permit ${leastSeconds(options.items)} s.`,
      '',
      clientTable(results[server.name][job.name], options),
      '',
    ]),
  )
}

function clientTable(clients, options) {
  const measured = CLIENTS.filter(({ id }) => clients[id]).map(({ id, title }) => {
    const { error, rounds } = clients[id]
    return { title, error, rounds: rounds.map(round => figures(round, options)) }
  })
  const [{ metric }] = COLUMNS
  const rank = ({ error, rounds }) => (error ? -1 : summary(rounds, metric).median)
  measured.sort((a, b) => rank(b) - rank(a))
  const rows = measured.map(({ title, error, rounds }) =>
    error
      ? [title, `FAILED: ${error}`]
      : [title, ...COLUMNS.map(({ metric, format }) => cell(summary(rounds, metric), format))],
  )
  return table(['client', ...COLUMNS.map(({ head }) => head)], rows)
}

/** The picture, or nothing if its scenario was not measured. */
export function drawing({ results, options, run }) {
  const clients = results[SERVER]?.[JOB]
  if (clients === undefined) return undefined
  const rounds = id => clients[id].rounds.map(round => figures(round, options))
  const bars = ({ metric, descending }) =>
    CLIENTS.filter(({ id }) => clients[id])
      .map(({ id, title }) => {
        return { label: title, value: summary(rounds(id), metric)?.median, kind: id === OURS ? 'ours' : 'bar' }
      })
      // A client without a single item has no time for each.
      .filter(({ value }) => value !== undefined)
      .sort((a, b) => (descending ? b.value - a.value : a.value - b.value))
  const heading = 'An export of a list and its details, at ten requests a second and endpoint'
  return picture({
    name: heading,
    heading,
    caption: `Medians of ${options.rounds} interleaved rounds of ${options.items * 2} items; node ${run.versions.node}, ${run.date}`,
    panels: PANELS.map(panel => ({ ...panel, bars: bars(panel) })),
  })
}

function measuredClients({ results }) {
  const measured = Object.values(results).flatMap(jobs => Object.values(jobs).flatMap(Object.keys))
  return CLIENTS.filter(({ id }) => measured.includes(id))
}

function versions({ id, packages }, { versions }) {
  if (id === OURS) return `${versions.smartrecruiters}, commit ${versions.commit}`
  return packages.map(name => `${name} ${versions[name]}`).join(', ')
}

function madeWith({ run, options, results }) {
  const { date, command, processor, cores, memory, system, load } = run
  const { mainSource } = Object.values(Object.values(results)[0])[0][OURS]?.rounds[0] ?? {}
  return [
    `\`${command}\` on ${date}, node ${run.versions.node}: ${options.rounds} rounds of each job for each client; ` +
      'medians, and the least and the most of the rounds.',
    'The servers were measured side by side, each with one client at a time.',
    '',
    `${processor}, ${cores} cores for all processes together, ${memory} GiB, ${system}; the load average was ` +
      `${load[0]} at the start and ${load[1]} at the end.`,
    ...(mainSource ? ['', `Main-thread time: ${mainSource}.`] : []),
  ].join('\n')
}
