/**
 * `npm run faults`: tries every row of the fault matrix, says what came of it, and writes docs/reliability.md. It fails if
 * a test fails or is not there.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../scripts/setup.mjs'
import { outcomes, runCargo, runTests } from './checks.mjs'
import { PAGE, page, summary } from './page.mjs'
import { ROWS } from './rows.mjs'

/** What came of each row at its last run: so a run of some rows leaves the others on the page as they were. */
const RESULTS = join(root, 'target', 'faults.json')

const HELP = `npm run faults -- [options]
  --only D8,G8     these rows, and groups such as D; the others stay on the page as they were
  --short          only scenarios that take about a second and need nothing installed; writes no page
  --jobs 2         test files at once`

async function main() {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return console.log(HELP)
  const only = values.only?.split(',')
  const unknown = only?.find(part => !ROWS.some(({ id }) => isOf(id, part)))
  if (unknown !== undefined) throw new Error(`--only: there is no row ${unknown}`)
  const jobs = Number(values.jobs)
  if (!Number.isSafeInteger(jobs) || jobs < 1) throw new Error(`--jobs: ${values.jobs} is not a positive number`)

  const rows = ROWS.filter(({ id }) => only === undefined || only.some(part => isOf(id, part)))
  const wanted = rows.flatMap(({ checks }) => checks).filter(check => !values.short || check.short)
  const run = await runAll(wanted, jobs)
  const results = only === undefined || !existsSync(RESULTS) ? {} : JSON.parse(readFileSync(RESULTS, 'utf8'))
  let failed = false
  for (const { id, checks } of rows) {
    const all = checks.map(check => (run.has(check) ? outcomes(check, run.get(check)) : []))
    results[id] = all
    for (const { name, state, figure, reason } of all.flat()) {
      failed ||= state === 'failed'
      if (state !== 'passed' || figure) console.log(`${id} ${state}: ${name}: ${figure ?? reason}`)
    }
  }
  if (values.short) {
    console.log(`${wanted.length} checks, ${failed ? 'of which some failed' : 'all passed'}`)
  } else {
    mkdirSync(dirname(RESULTS), { recursive: true })
    writeFileSync(RESULTS, JSON.stringify(results, null, 2))
    writeFileSync(PAGE, page(results))
    console.log(`\n${summary(results)}`)
  }
  process.exitCode = failed ? 1 : 0
}

const OPTIONS = {
  only: { type: 'string' },
  short: { type: 'boolean', default: false },
  jobs: { type: 'string', default: '2' },
  help: { type: 'boolean' },
}

/** Whether a row is the one that is meant, or of the group that is meant. */
function isOf(id, part) {
  return id === part || id.charAt(0) === part
}

/** Check → the results of its file. Each file runs once, with all tests that are wanted of it. */
async function runAll(checks, jobs) {
  const run = new Map()
  const files = new Map()
  for (const check of checks.filter(({ kind }) => kind === 'test')) {
    files.set(check.file, [...(files.get(check.file) ?? []), check])
  }
  const isAlone = ([, those]) => those.some(check => check.alone)
  const runFile = async ([file, those]) => {
    const start = performance.now()
    const results = await runTests(file, those)
    console.error(`${file}: ${results.results.length} tests, ${((performance.now() - start) / 1000).toFixed(1)} s`)
    for (const check of those) run.set(check, results)
  }
  const queue = [...files].filter(entry => !isAlone(entry))
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await runFile(next)
  }
  await Promise.all(Array.from({ length: jobs }, work))
  for (const entry of [...files].filter(isAlone)) await runFile(entry)
  const core = checks.filter(({ kind }) => kind === 'cargo')
  if (core.length > 0) {
    const results = await runCargo(core)
    for (const check of core) run.set(check, results)
  }
  return run
}

await main().catch(error => {
  console.error(error.message)
  process.exitCode = 2
})
