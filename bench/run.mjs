/** `npm run bench`: measures all clients in all scenarios in one go, and tells what came out. `--help` has the options. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { manifest } from '../scripts/platforms.mjs'
import { setup } from '../scripts/setup.mjs'
import { CLIENTS } from './clients/index.mjs'
import { record, worse } from './figures.mjs'
import { describeRun, packageVersion } from './machine.mjs'
import { startClient, startColdClient, startServer } from './processes.mjs'
import { progress } from './progress.mjs'
import { markdown, scenarioTables, targets } from './report.mjs'
import { writeResults } from './results.mjs'
import { choose, SCENARIOS } from './scenarios.mjs'
import { svg } from './svg.mjs'

const HELP = `npm run bench -- [options]

  --rounds N         rounds of each scenario (5)
  --seconds S        length of a measurement (1)
  --warm-up S        time before each measurement (0.4; five times as long in the first round, and at 512 in flight)
  --starts N         new processes of each client in the scenario \`cold\` (10)
  --only A,B         only these scenarios, such as small-64,download or small-*
  --clients A,B      only these clients, such as smartrecruiters,undici-* or limit-core
  --quick            one short round of everything, to see that it works: the figures mean nothing
  --no-build         with the addon and the programs as they are
  --out FOLDER       write RESULTS.md, results.svg and results.json there; without it, into bench/ after a whole run
  --record           keep the ratios in figures.json, as those of this version
  --check            fail if a ratio is more than a tenth worse than in figures.json
  --from FILE        make the tables and the picture of an earlier results.json
`

/** How much longer the warm-up is in the first round, in which a client's code is compiled … */
const LONG_WARM_UP = 5
/** … and in every round with as many connections to make as this. */
const MANY = 512

const here = fileURLToPath(new URL('.', import.meta.url))
const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    'warm-up': { type: 'string' },
    starts: { type: 'string' },
    only: { type: 'string' },
    clients: { type: 'string' },
    quick: { type: 'boolean' },
    'no-build': { type: 'boolean' },
    out: { type: 'string' },
    record: { type: 'boolean' },
    check: { type: 'boolean' },
    from: { type: 'string' },
    help: { type: 'boolean' },
  },
})

try {
  if (args.help) {
    console.log(HELP)
  } else {
    const data = args.from ? JSON.parse(readFileSync(args.from, 'utf8')) : await run()
    console.log(`\n${scenarioTables(data).join('\n')}\n## Targets\n\n${targets(data)}`)
    write(data)
    if (args.record) record(manifest.version, data)
    if (args.check) check(data)
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

async function run() {
  const options = optionsOf(args)
  const scenarios = choose(SCENARIOS, args.only, ({ name }) => name)
  const clients = choose(CLIENTS, args.clients, ({ id }) => id).filter(isInstalled)
  if (!args['no-build']) await build()
  // Described before: what is built or edited while it runs is not what was measured.
  const packages = CLIENTS.map(client => client.package).filter(Boolean)
  const data = { run: describeRun('bench', argumentsToShow(), packages), options, results: {} }
  const plan = scenarios.map(scenario => ({ scenario, clients: clients.filter(client => takesPart(client, scenario)) }))
  const report = progress(plan.reduce((sum, part) => sum + part.clients.length * roundsOf(part.scenario, options), 0))
  const folder = mkdtempSync(join(os.tmpdir(), 'smartrecruiters-bench-'))
  const server = await startServer(join(folder, 'ca.pem'))
  try {
    for (const { scenario, clients } of plan) {
      data.results[scenario.name] = await runScenario(scenario, clients, server, options, report)
    }
  } finally {
    server.stop()
    rmSync(folder, { recursive: true })
  }
  const measured = Object.values(data.results).flatMap(Object.values)
  options.mainSource = measured.flatMap(({ rounds }) => rounds).find(round => round?.mainSource)?.mainSource
  return data
}

/** Round by round, each client once, another one first each time. */
async function runScenario(scenario, clients, server, options, report) {
  const start = scenario.kind === 'cold' ? startColdClient : startClient
  const running = new Map(clients.map(client => [client.id, start(client, scenario, server)]))
  const results = Object.fromEntries(clients.map(({ id }) => [id, { rounds: [] }]))
  const rounds = roundsOf(scenario, options)
  try {
    for (let round = 0; round < rounds; round++) {
      const first = round % Math.max(1, clients.length)
      for (const { id, title } of [...clients.slice(first), ...clients.slice(0, first)]) {
        const result = results[id]
        if (!running.has(id)) {
          report.skip()
          continue
        }
        report.start(scenario.name, round + 1, rounds, title)
        const long = round === 0 || scenario.inFlight >= MANY
        const warmUp = long ? options.warmUp * LONG_WARM_UP : options.warmUp
        const outcome = await running.get(id).round({ warmUp, seconds: options.seconds })
        report.end(scenario, outcome)
        if (outcome.result) result.rounds[round] = outcome.result
        else {
          Object.assign(result, outcome)
          running.get(id).stop()
          running.delete(id)
        }
      }
    }
  } finally {
    for (const client of running.values()) client.stop()
  }
  return results
}

function takesPart(client, { kind }) {
  if (kind === 'download') return client.streams === true
  if (kind === 'upload') return client.uploads === true
  if (kind === 'list') return client.lists === true
  return kind !== 'cold' || !client.native
}

function roundsOf({ kind }, { rounds, starts }) {
  return kind === 'cold' ? starts : rounds
}

function isInstalled(client) {
  if (!client.optional || packageVersion(client.package)) return true
  console.error(`${client.id} is left out: it is not installed for this platform`)
  return false
}

async function build() {
  await setup()
  const command = ['build', '--release', '--manifest-path', join(here, 'native', 'Cargo.toml')]
  console.error(`programs of the benchmark: cargo ${command.slice(0, 2).join(' ')}`)
  execFileSync('cargo', command, { cwd: here, stdio: ['ignore', 2, 2] })
}

function optionsOf(args) {
  const preset = args.quick
    ? { rounds: 1, seconds: 0.15, warmUp: 0.05, starts: 1 }
    : { rounds: 5, seconds: 1, warmUp: 0.4, starts: 10 }
  const number = (name, standard) => {
    const value = args[name] === undefined ? standard : Number(args[name])
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`)
    return value
  }
  return {
    rounds: Math.ceil(number('rounds', preset.rounds)),
    seconds: number('seconds', preset.seconds),
    warmUp: number('warm-up', preset.warmUp),
    starts: Math.ceil(number('starts', preset.starts)),
  }
}

function check(data) {
  const found = worse(data)
  if (found === undefined) return console.log('\nnothing to compare with: figures.json has no release yet')
  if (found.length === 0) return console.log('\nno ratio is more than a tenth worse than in the last release')
  console.error(`\nslower than in the last release:\n${found.join('\n')}`)
  process.exitCode = 1
}

/** The arguments that shaped the figures, and no folder of this machine. */
function argumentsToShow() {
  return Object.entries(args).flatMap(([name, value]) => {
    if (['out', 'from', 'no-build', 'record', 'check'].includes(name)) return []
    return value === true ? [`--${name}`] : [`--${name}`, value]
  })
}

/** Writes a whole run, or what was asked for. */
function write(data) {
  const failed = Object.entries(data.results).flatMap(([scenario, clients]) =>
    Object.entries(clients).flatMap(([id, { error }]) => (error ? [`${scenario}, ${id}: ${error}`] : [])),
  )
  const whole = !args.quick && args.only === undefined && args.clients === undefined
  const folder = args.out ?? (whole || args.from ? here : undefined)
  writeResults(folder, data, failed, data => ({ 'RESULTS.md': markdown(data), 'results.svg': svg(data) }))
}
