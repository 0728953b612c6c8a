// `npm run sanitize`: the package under checkers of memory and of races, which see what no test asserts. With names, such
// as `npm run sanitize -- miri valgrind`, it runs only these. A checker whose tool is not there is named, and does not
// fail the run; one that checked nothing does.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

const TARGET = 'x86_64-unknown-linux-gnu'
const CORE = ['--no-default-features', '--features', 'stores', '--lib']
const TARGETS = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'sanitize')

/** Modules whose tests an interpreter can run: neither sockets, files nor C are in their way. */
const PURE = [
  'binding::allocator',
  'client::retry',
  'credential::tests',
  'error::tests',
  'http::headers',
  'http::link',
  'http::redirect',
]

/** Modules that stand on C or assembly: SQLite, ring and zstd. */
const ON_C = [
  'fingerprint',
  'http::body',
  'limit::limiter',
  'oauth::authorization',
  'once::lease',
  'secret',
  'store::grant_record',
  'store::seal',
  'store::sqlite',
  'webhook::signature',
]

/** Tests that take hours when every access to memory is checked: models, and properties with many cases. */
const TOO_LONG = ['once::protocol::model', 'mutated', 'a_minute_at_full_load', 'over_two_months', 'ten_thousand']
const SKIPS = TOO_LONG.flatMap(name => ['--skip', name])

const CHECKERS = {
  miri: {
    finds: 'undefined behaviour in Rust',
    missing: () => component('miri') ?? component('rust-src'),
    async run() {
      // The clock and the randomness are the machine's.
      const env = { MIRIFLAGS: '-Zmiri-disable-isolation', PROPTEST_CASES: '2' }
      const args = ['+nightly', 'miri', 'test', '--features', 'node', '--lib', '--', ...PURE, ...SKIPS]
      return rustTests('cargo', args, { env: { ...env, CARGO_TARGET_DIR: join(TARGETS, 'miri') } })
    },
  },
  address: {
    finds: 'errors of memory, and leaks, in the core',
    missing: () => runtimeOf('asan'),
    run: () => coreUnder('address', [], { ASAN_OPTIONS: 'detect_stack_use_after_return=1' }),
  },
  addon: {
    finds: 'errors of memory in the addon, under Node',
    missing: () => runtimeOf('asan') ?? (libasan() === undefined ? 'libasan is not there (Debian: gcc)' : undefined),
    run: addonUnderAddressSanitizer,
  },
  thread: {
    finds: 'data races in the core',
    missing: () => runtimeOf('tsan') ?? component('rust-src'),
    // The standard library has to be instrumented too: its locks would otherwise be taken for races.
    run: () => coreUnder('thread', ['-Zbuild-std'], {}),
  },
  valgrind: {
    finds: 'errors of memory, and leaks, in what stands on C',
    missing: () => (works('valgrind', ['--version']) ? undefined : 'valgrind is not there (Debian: valgrind)'),
    async run() {
      const binary = testBinary(['test', '--no-run', ...CORE])
      const checks = [
        '--error-exitcode=9',
        '--leak-check=full',
        '--show-leak-kinds=definite',
        '--errors-for-leak-kinds=definite',
        '--fair-sched=yes',
      ]
      const args = ['--quiet', ...checks, binary, ...ON_C, ...SKIPS, '--test-threads', '1']
      return rustTests('valgrind', args, { env: { PROPTEST_CASES: '4' } })
    },
  },
  models: {
    finds: 'orders of events in which locks and wake-ups fail',
    missing: () => undefined,
    run: () => rustTests('cargo', ['test', '--features', 'node,models', '--lib', '--', '::models::'], {}),
  },
}

/** Runs the tour of `faults/`, which uses every function of the addon, with an addon that is instrumented. */
async function addonUnderAddressSanitizer() {
  const env = instrumented('address')
  const args = ['+nightly', 'build', '--lib', '--features', 'node', '--target', TARGET]
  const built = await output('cargo', args, { env })
  if (built.code !== 0) return { failed: 'the addon was not built' }
  const addon = join(TARGETS, 'address', 'addon.node')
  cpSync(join(TARGETS, 'address', TARGET, 'debug', 'libsmartrecruiters.so'), addon)
  const { code, text } = await output(process.execPath, [join('faults', 'processes', 'tour.mjs')], {
    env: {
      LD_PRELOAD: libasan(),
      // V8 leaves its heap to the operating system at the end.
      ASAN_OPTIONS: 'detect_leaks=0',
      SMARTRECRUITERS_TORTURE_ADDON: addon,
      NODE_OPTIONS: `--require ${join(root, 'torture', 'preload.cjs')}`,
    },
  })
  const steps = Object.entries(JSON.parse(text.match(/^\{.*\}$/m)?.[0] ?? '{}'))
  const wrong = steps.filter(
    ([step, outcome]) => outcome !== 'ok' && !(outcome === 'error' && step.startsWith('failing')),
  )
  if (code !== 0 || wrong.length > 0) return { failed: `exit code ${code}; ${wrong.map(step => step.join(': '))}` }
  return { figure: `${steps.length} steps`, count: steps.length }
}

/** Runs the unit tests of the core under a sanitizer of LLVM. */
function coreUnder(sanitizer, flags, env) {
  const args = ['+nightly', 'test', ...flags, '--target', TARGET, ...CORE, '--', ...SKIPS]
  return rustTests('cargo', args, { env: { ...env, ...instrumented(sanitizer), PROPTEST_CASES: '4' } })
}

/** The environment of a build that is instrumented, which needs a `--target`: build scripts and macros are not, then. */
function instrumented(sanitizer) {
  return {
    RUSTFLAGS: `-Zsanitizer=${sanitizer}`,
    CARGO_PROFILE_DEV_DEBUG: 'line-tables-only',
    CARGO_TARGET_DIR: join(TARGETS, sanitizer),
  }
}

/** Runs tests of Rust, and counts them. A finding ends the process with another exit code than 0. */
async function rustTests(command, args, options) {
  const { code, text } = await output(command, args, options)
  const count = sum(text, /^test result: .*? (\d+) passed/gm)
  const failures = sum(text, /^test result: .*? (\d+) failed/gm)
  const reports = text.match(/^(==\d+==ERROR|WARNING: ThreadSanitizer|error: Undefined Behavior)/gm)?.length ?? 0
  if (code !== 0 || reports > 0) {
    return { failed: `${count} tests passed, ${failures} failed, ${reports} reports; exit code ${code}` }
  }
  return { figure: `${count} tests`, count }
}

function sum(text, pattern) {
  return [...text.matchAll(pattern)].reduce((all, [, number]) => all + Number(number), 0)
}

/** The file of the tests that `cargo test --no-run` builds. */
function testBinary(args) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 2] }
  const lines = execFileSync('cargo', [...args, '--message-format=json'], options)
    .trim()
    .split('\n')
  return lines.map(line => JSON.parse(line)).find(({ executable, profile }) => executable && profile.test).executable
}

/** Runs a command and shows what it writes; resolves with that and its exit code. */
function output(command, args, { env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', part => {
        text += part
        process.stderr.write(part)
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? signal, text }))
  })
}

function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function sysroot() {
  return spawnSync('rustc', ['+nightly', '--print', 'sysroot'], { encoding: 'utf8' }).stdout?.trim()
}

/** Why a component of the nightly toolchain cannot be used, if it cannot. */
function component(name) {
  const installed = sysroot() && spawnSync('rustup', ['component', 'list', '--toolchain', 'nightly', '--installed'])
  if (installed && new RegExp(`^${name}`, 'm').test(String(installed.stdout))) return undefined
  return `\`rustup toolchain install nightly --component ${name}\` installs what it needs`
}

/** Why a runtime of LLVM's sanitizers cannot be used, if it cannot. */
function runtimeOf(name) {
  const folder = join(sysroot() ?? '', 'lib', 'rustlib', TARGET, 'lib')
  if (existsSync(join(folder, `librustc-nightly_rt.${name}.a`))) return undefined
  return `it needs the nightly toolchain of ${TARGET}: \`rustup toolchain install nightly\``
}

/** The shared library of AddressSanitizer, which Node has to load before the addon. */
function libasan() {
  const path = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout?.trim()
  return path !== undefined && existsSync(path) ? path : undefined
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(CHECKERS)
const unknown = names.filter(name => !Object.hasOwn(CHECKERS, name))
if (unknown.length > 0) throw new Error(`no checker is named ${unknown}; there are ${Object.keys(CHECKERS)}`)

const lines = []
for (const name of names) {
  const { finds, missing, run } = CHECKERS[name]
  const reason = missing()
  if (reason !== undefined) {
    lines.push(`${name} (${finds}): not run; ${reason}`)
    continue
  }
  const { failed, figure, count } = await run()
  const problem = failed ?? (count === 0 ? 'it checked nothing' : undefined)
  if (problem !== undefined) process.exitCode = 1
  lines.push(`${name} (${finds}): ${problem === undefined ? `${figure}, no finding` : `FAILED: ${problem}`}`)
}
console.log(`\n${lines.join('\n')}`)
