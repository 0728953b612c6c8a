/** `npm run bench:limits`: lets all clients do the same jobs within the same limits, and tells what came out. */

import { readFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setup } from '../../scripts/setup.mjs'
import { describeRun } from '../machine.mjs'
import { startRunner } from '../processes.mjs'
import { writeResults } from '../results.mjs'
import { choose } from '../scenarios.mjs'
import { CLIENTS } from './clients/index.mjs'
import { brief, drawing, markdown, tables } from './report.mjs'
import { startSandbox } from './sandbox.mjs'
import { callsOf, JOBS, ROWS, SERVERS, WORK } from './scenarios.mjs'

const HELP = `npm run bench:limits -- [options]

  --rounds N         rounds of each job (3)
  --items N          requests of a job for each of its endpoints (50)
  --servers A,B      only these servers, such as sliding,latency
  --jobs A,B         only these jobs, such as export
  --clients A,B      only these clients, such as smartrecruiters,bottleneck*
  --no-build         with the addon and the sandbox as they are
  --out FOLDER       write RESULTS.md, results.svg and results.json there; without it, into bench/limits/ after a whole run
  --from FILE        make the tables and the picture of an earlier results.json
`

/** How long a job may take, in milliseconds: longer than any client needs that tries again ten times. */
const PATIENCE = 180_000

const STANDARD = { rounds: '3', items: '50' }

const here = fileURLToPath(new URL('.', import.meta.url))
const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: STANDARD.rounds },
    items: { type: 'string', default: STANDARD.items },
    servers: { type: 'string' },
    jobs: { type: 'string' },
    clients: { type: 'string' },
    'no-build': { type: 'boolean' },
    out: { type: 'string' },
    from: { type: 'string' },
    help: { type: 'boolean' },
  },
})

try {
  if (args.help) {
    console.log(HELP)
  } else {
    const data = args.from ? JSON.parse(readFileSync(args.from, 'utf8')) : await run()
    console.log(`\n${tables(data).join('\n')}`)
    write(data)
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

async function run() {
  const options = { rounds: wholeNumber('rounds'), items: wholeNumber('items') }
  const name = one => one.name
  const servers = choose(SERVERS, args.servers, name)
  const jobs = choose(JOBS, args.jobs, name)
  const clients = choose(CLIENTS, args.clients, ({ id }) => id)
  if (!args['no-build']) await setup()
  const packages = clients.flatMap(client => client.packages)
  const data = { run: describeRun('bench:limits', argumentsToShow(), packages), options, results: {} }
  const total = servers.length * jobs.length * clients.length * options.rounds
  const report = progress(total, options)
  const load = [os.loadavg()[0]]
  const starts = await Promise.allSettled(servers.map(server => startLane(server, clients, options)))
  const lanes = starts.flatMap(({ value }) => (value ? [value] : []))
  try {
    const failed = starts.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    // Side by side: what clients do nearly all the time is wait.
    const results = await Promise.all(lanes.map((lane, index) => runLane(lane, jobs, options, index * 3, report)))
    servers.forEach((server, index) => {
      data.results[server.name] = results[index]
    })
  } finally {
    for (const lane of lanes) lane.stop()
  }
  data.run.load = [...load, os.loadavg()[0]].map(Math.round)
  return data
}

/** A sandbox, and a process for each client, which have loaded all they need: that would disturb who is measured. */
async function startLane(server, clients, { items }) {
  const sandbox = await startSandbox({ flags: server.flags, rows: items * ROWS, work: WORK })
  const runners = clients.map(client => {
    const args = ['--client', client.id, '--url', sandbox.baseUrl]
    return { client, runner: startRunner(join(here, 'runner.mjs'), args) }
  })
  const lane = {
    server,
    sandbox,
    runners,
    stop() {
      for (const { runner } of runners) runner.stop()
      sandbox.stop()
    },
  }
  try {
    const loaded = await Promise.all(runners.map(({ runner }) => runner.round({ calls: [] }, PATIENCE)))
    const index = loaded.findIndex(({ error }) => error)
    if (index !== -1) throw new Error(`${clients[index].id} cannot be loaded: ${loaded[index].error}`)
    lane.ids = { jobs: await sandbox.ids('jobs', items), candidates: await sandbox.ids('candidates', items) }
    return lane
  } catch (error) {
    lane.stop()
    throw error
  }
}

/** All jobs at one server. Round by round, each client once, another one first each time. */
async function runLane({ server, sandbox, runners, ids }, jobs, { rounds, items }, first, report) {
  const results = {}
  for (const job of jobs) {
    const calls = callsOf(job, items, ids)
    const clients = Object.fromEntries(runners.map(({ client }) => [client.id, { rounds: [] }]))
    results[job.name] = clients
    for (let round = 0; round < rounds; round++) {
      for (const { client, runner } of turned(runners, first + round)) {
        const result = clients[client.id]
        const outcome = result.error ? result : await runRound(sandbox, calls, runner)
        if (outcome.error) result.error = outcome.error
        else result.rounds[round] = outcome
        report(`${server.name}, ${job.name}, round ${round + 1}: ${client.title}`, outcome)
      }
    }
  }
  return results
}

/** The job done once by one client, with what the sandbox counted meanwhile. */
async function runRound(sandbox, calls, runner) {
  const { label, apiKey } = await sandbox.freshCredential()
  const { result, error } = await runner.round({ apiKey, calls }, PATIENCE)
  if (error) return { error }
  const { requests, statuses, tooManyRequests, peakPerSecond, concurrency, span } = await sandbox.counters()
  const served = statuses['200'] ?? 0
  if (served < result.items) return { error: `${result.items} items, but ${served} answers of the sandbox` }
  return {
    ...result,
    endpoints: Object.keys(requests).length,
    requests: sum(Object.values(requests)),
    refused: tooManyRequests,
    mostInSecond: Math.max(...Object.values(peakPerSecond[label])),
    mostAtOnce: concurrency.peakByCredential[label],
    span: Math.max(...Object.values(span[label])) / 1000,
  }
}

function progress(total, options) {
  const began = Date.now()
  let done = 0
  return (what, outcome) => {
    done += 1
    const seconds = ((Date.now() - began) / 1000 / done) * (total - done)
    console.error(`[${done}/${total}, ${Math.ceil(seconds)} s left] ${what}: ${brief(outcome, options)}`)
  }
}

function turned(list, by) {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

function wholeNumber(name) {
  const value = Number(args[name])
  if (!(Number.isInteger(value) && value > 0)) throw new Error(`--${name} must be a whole number above 0`)
  return value
}

/** The arguments that shaped the figures, and no folder of this machine. */
function argumentsToShow() {
  const shown = ['rounds', 'items', 'servers', 'jobs', 'clients'].filter(name => args[name] !== STANDARD[name])
  return shown.flatMap(name => [`--${name}`, args[name]])
}

/** Writes a whole run, or what was asked for. */
function write(data) {
  const failed = Object.entries(data.results).flatMap(([server, jobs]) =>
    Object.entries(jobs).flatMap(([job, clients]) =>
      Object.entries(clients).flatMap(([id, { error }]) => (error ? [`${server}, ${job}, ${id}: ${error}`] : [])),
    ),
  )
  const whole = args.servers === undefined && args.jobs === undefined && args.clients === undefined
  const folder = args.out ?? (whole || args.from ? here : undefined)
  writeResults(folder, data, failed, data => ({ 'RESULTS.md': markdown(data), 'results.svg': drawing(data) }))
}
