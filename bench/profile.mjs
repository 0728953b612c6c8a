/**
 * `node profile.mjs --client ID --scenario NAME`: where a client's CPU time goes, and how often its threads change. For
 * Linux with perf; the addon is best built with names in it, as PROFILES.md says.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer } from './processes.mjs'
import { SCENARIOS } from './scenarios.mjs'

const { values: args } = parseArgs({
  options: {
    client: { type: 'string', default: 'smartrecruiters' },
    scenario: { type: 'string', default: 'small-64' },
    seconds: { type: 'string', default: '5' },
    /** Rows of the table. */
    rows: { type: 'string', default: '40' },
  },
})
const scenario = SCENARIOS.find(({ name }) => name === args.scenario)
if (scenario === undefined) throw new Error(`there is no scenario ${args.scenario}`)
const runner = fileURLToPath(new URL('runner.mjs', import.meta.url))
const folder = mkdtempSync(join(os.tmpdir(), 'smartrecruiters-profile-'))
const server = await startServer(join(folder, 'ca.pem'))
try {
  const profile = join(folder, 'perf.data')
  const recorded = await measured(['record', '-q', '-F', '3000', '-o', profile], ['--perf-basic-prof'])
  print(recorded)
  const report = ['report', '-i', profile, '--no-children', '--stdio', '-q', '--percent-limit', '0.5']
  for (const keys of ['comm,dso', 'comm,dso,sym']) {
    const table = execFileSync('perf', [...report, '--sort', keys], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    const rows = table.split('\n').filter(row => row.trim() !== '')
    console.log(`\n${keys}\n${rows.slice(0, Number(args.rows)).join('\n')}`)
  }
  const counts = join(folder, 'counts.txt')
  const counters = 'context-switches,cpu-migrations,page-faults,task-clock'
  const counted = await measured(['stat', '-o', counts, '-e', counters], [])
  print(counted)
  console.log(execFileSync('cat', [counts], { encoding: 'utf8' }))
} finally {
  server.stop()
  rmSync(folder, { recursive: true })
}

/** One round of the client under perf, whose own start is in what perf counts. */
async function measured(perf, node) {
  const { client } = args
  const what = ['--client', client, '--scenario', scenario.name, '--url', server[scenario.scheme]]
  what.push('--amount', String(server[scenario.body]))
  if (scenario.scheme === 'https') what.push('--ca', server.caFile)
  const child = spawn('perf', [...perf, '--', process.execPath, ...node, runner, ...what], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    cwd: folder,
  })
  const ended = once(child, 'exit')
  child.send({ warmUp: 1, seconds: Number(args.seconds) })
  const [answer] = await once(child, 'message')
  child.disconnect()
  await ended
  if (answer.result === undefined) throw new Error(JSON.stringify(answer))
  return answer.result
}

function print({ requests, elapsed, cpu, main, p50, p99 }) {
  const each = value => (value / requests).toFixed(1)
  console.log(
    `${args.client}, ${scenario.name}: ${requests} requests, ${Math.round((requests / elapsed) * 1e6)}/s, ` +
      `CPU ${each(cpu)} µs, main thread ${each(main)} µs, p50 ${p50.toFixed(0)} µs, p99 ${p99.toFixed(0)} µs`,
  )
}
