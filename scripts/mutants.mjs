// `npm run mutants -- [FILE…]`: changes the code that decides, one place at a time, and reports which changes no unit test
// of the same module notices. Without files, it tries all those below, which takes hours. Needs
// `cargo install cargo-mutants`. The results are in `target/mutants/`.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from './setup.mjs'

const FILES = [
  'src/client/retry.rs',
  'src/http/redirect.rs',
  'src/http/target.rs',
  'src/limit/schedule/window.rs',
  'src/oauth/keeping.rs',
  'src/oauth/refusal.rs',
  'src/oauth/token_answer.rs',
  'src/once/customer.rs',
  'src/once/grant.rs',
  'src/once/lease.rs',
  'src/once/protocol.rs',
  'src/secret.rs',
  'src/store/grant_record.rs',
  'src/store/seal.rs',
  'src/webhook/signature.rs',
]
/** The share of mutants that the tests have to notice. */
const LEAST = 0.95
/** Tests of random changes, which take most of the time. What they notice, a test of its own has to notice as well. */
const SLOW = ['--skip', 'mutated']
/** A changed loop can allocate without end, before its time is up. In KiB. */
const MEMORY = 8_000_000

const given = process.argv.slice(2)
const files = given.length > 0 ? given : FILES
const modules = new Set(files.map(moduleOf))
const results = [...modules].map(module => ({
  module,
  ...mutate(
    module,
    files.filter(file => moduleOf(file) === module),
  ),
}))
console.table(results)
const sum = name => results.reduce((total, result) => total + result[name], 0)
const viable = sum('caught') + sum('timeout') + sum('missed')
const share = (viable - sum('missed')) / viable
console.log(`${(share * 100).toFixed(1)} % of ${viable} mutants were noticed`)
process.exitCode = share >= LEAST ? 0 : 1

function moduleOf(file) {
  return file.replace(/^src\//, '').replace(/(\/.*|\.rs)$/, '')
}

/** Tries the mutants of `files`, which are of one module, and counts the outcomes. */
function mutate(module, files) {
  const output = join(root, 'target', 'mutants', module)
  mkdirSync(output, { recursive: true })
  const command = [
    'cargo',
    'mutants',
    '--output',
    output,
    ...files.flatMap(file => ['--file', file]),
    '--',
    `${module}::`,
    '--',
    ...SLOW,
  ]
  const env = {
    ...process.env,
    CARGO_PROFILE_TEST_DEBUG: 'none',
    CARGO_TARGET_DIR: join(root, 'target', 'mutants', 'build'),
    PROPTEST_CASES: '64',
  }
  const limited = ['-c', `ulimit -v ${MEMORY}; exec "$@"`, 'sh', ...command]
  const { status, signal } = spawnSync('sh', limited, { cwd: root, env, stdio: 'inherit' })
  // 2: some mutants were missed. 3: some took too long, which counts as noticed.
  if (![0, 2, 3].includes(status)) throw new Error(`${command.join(' ')} failed: ${signal ?? status}`)
  const { caught, timeout, missed, unviable } = JSON.parse(readFileSync(join(output, 'mutants.out', 'outcomes.json')))
  return { caught, timeout, missed, unviable }
}
