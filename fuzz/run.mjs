/**
 * `npm run fuzz`: runs each fuzz target, says what came of it, and writes target/fuzz.json. It fails if a target has a
 * finding.
 */

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { root, run } from '../scripts/setup.mjs'

const HELP = `npm run fuzz -- [options]
  --runs 10000000      inputs for each target
  --only path,cursor   these targets
  --sanitizer none     or address, which needs a nightly toolchain (RUSTUP_TOOLCHAIN=nightly)
  --keep               then adds to fuzz/corpus the inputs that reach what none there does
  --short              the part that CI runs: the kept inputs and some thousand mutations, without a fuzzer`

const OPTIONS = {
  runs: { type: 'string', default: '10000000' },
  only: { type: 'string' },
  sanitizer: { type: 'string', default: 'none' },
  keep: { type: 'boolean', default: false },
  short: { type: 'boolean', default: false },
  help: { type: 'boolean' },
}

/** The longest input. No reader treats longer ones in another way, but for limits that its unit tests reach. */
const LONGEST = 1024
/** The longest input that is kept in the repository. */
const LONGEST_KEPT = 256
/** What a run needs and makes, apart from the inputs that are kept in the repository. */
const FOLDER = join(root, 'target', 'fuzz')
const RESULTS = join(root, 'target', 'fuzz.json')

const kept = target => join(root, 'fuzz', 'corpus', target)
const found = target => join(FOLDER, 'corpus', target)
const findings = target => join(FOLDER, 'findings', target)

async function main() {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return console.log(HELP)
  if (values.short) {
    return run(['cargo', 'test', '--no-default-features', '--features', 'stores', '--test', 'it', 'fuzz::'])
  }
  const runs = Number(values.runs)
  if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`--runs: ${values.runs} is not a positive number`)
  const targets = readdirSync(join(root, 'fuzz', 'targets')).map(file => file.replace('.rs', ''))
  const only = values.only?.split(',') ?? targets
  const unknown = only.find(target => !targets.includes(target))
  if (unknown !== undefined) throw new Error(`--only: ${unknown} is not a target; there are ${targets.join(', ')}`)

  const cargo = await cargoFuzz(values.sanitizer)
  await run([...cargo('build')])
  const results = {}
  for (const target of only) {
    results[target] = await fuzz(cargo('run', target), target, runs)
    const { runs: done, perSecond, edges, inputs, findings } = results[target]
    console.log(
      `${target}: ${done} runs, ${perSecond}/s, ${edges} edges, ${inputs} inputs, ${findings.length} findings`,
    )
    for (const file of findings) console.log(`  ${file}`)
    writeFileSync(RESULTS, `${JSON.stringify({ sanitizer: values.sanitizer, longest: LONGEST, results }, null, 2)}\n`)
  }
  // Cargo builds everything again after a change of any file in the repository, so the inputs are copied last.
  const inputs = []
  for (const target of values.keep ? only : []) inputs.push(...(await worthKeeping(cargo('run', target), target)))
  for (const [from, to] of inputs) cpSync(from, to)
  console.table(
    Object.fromEntries(
      Object.entries(results).map(([target, row]) => [target, { ...row, findings: row.findings.length }]),
    ),
  )
  process.exitCode = Object.values(results).some(({ findings }) => findings.length > 0) ? 1 : 0
}

/** Returns what makes a command of cargo-fuzz, which has to be installed. */
async function cargoFuzz(sanitizer) {
  await run(['cargo', 'fuzz', '--version']).catch(() => {
    throw new Error('`cargo install cargo-fuzz` first, or take `--short`, which needs no fuzzer')
  })
  const options = ['--fuzz-dir', join(root, 'fuzz'), '--target-dir', FOLDER, '--sanitizer', sanitizer]
  return (command, ...target) => ['cargo', 'fuzz', command, ...options, ...target]
}

/** Runs a target until it has had all its inputs, or until one is a finding. */
async function fuzz(command, target, runs) {
  for (const folder of [found(target), findings(target)]) mkdirSync(folder, { recursive: true })
  const options = [`-runs=${runs}`, `-max_len=${LONGEST}`, `-artifact_prefix=${findings(target)}/`]
  const child = spawn(command[0], [...command.slice(1), found(target), kept(target), '--', ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  const result = { runs: 0, perSecond: 0, edges: 0, inputs: 0, findings: [] }
  for await (const line of createInterface({ input: child.stderr })) {
    const status = /^#(\d+)\s.*\bcov: (\d+) .*\bcorp: (\d+).*\bexec\/s: (\d+)/.exec(line)
    if (status) [result.runs, result.edges, result.inputs, result.perSecond] = status.slice(1).map(Number)
    const finding = /Test unit written to (.*)/.exec(line)
    if (finding) result.findings.push(relative(root, finding[1]))
    if (finding || /panicked at|^ *(left|right): |ERROR: libFuzzer/.test(line)) console.error(line)
  }
  const status = await ended
  if (status !== 0 && result.findings.length === 0) throw new Error(`${target} ended with ${status}`)
  return result
}

/** Returns the files of inputs that were found and reach code that none of the kept ones reaches, and where to put them. */
async function worthKeeping(command, target) {
  const merged = join(FOLDER, 'merged', target)
  rmSync(merged, { recursive: true, force: true })
  cpSync(kept(target), merged, { recursive: true })
  const known = new Set(readdirSync(merged))
  // Of inputs that reach the same code a different number of times, one is enough.
  const options = ['-merge=1', '-set_cover_merge=1', '-use_counters=0', `-max_len=${LONGEST_KEPT}`]
  await run([...command, merged, found(target), '--', ...options])
  const added = readdirSync(merged).filter(name => !known.has(name))
  return added.map(name => [join(merged, name), join(kept(target), name)])
}

await main().catch(error => {
  console.error(error.message)
  process.exitCode = 2
})
