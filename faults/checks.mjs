// How a row of the matrix is checked: by tests, in JavaScript or in Rust. Both report which test passed, so that a name
// that matches nothing is noticed.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { run } from 'node:test'
import { root } from '../scripts/setup.mjs'

/** What a scenario's test says about its figure, by `t.diagnostic()`. */
const FIGURE = 'figure: '
/** What node:test says of a test that no pattern names. */
const UNNAMED = 'test name does not match pattern'
/** For the tests of one file, in milliseconds. */
const TIMEOUT = 60 * 60 * 1000

/** Tests of a file by their names. Tests that a loop makes are named by one regular expression. */
export function test(file, ...names) {
  return { kind: 'test', file, names }
}

/** The same, of a file that needs the whole machine: it runs when no other does. */
export function alone(check) {
  return { ...check, alone: true }
}

/** Scenarios of this folder. A `short` one takes under a second and needs nothing that is to be installed. */
export function scenario(file, ...names) {
  return { kind: 'test', file: `faults/scenarios/${file}.test.mjs`, names }
}

export function short(file, ...names) {
  return { ...scenario(file, ...names), short: true }
}

/** Tests of the core, by the names of their functions. */
export function cargo(...names) {
  return { kind: 'cargo', file: 'cargo test', names }
}

/** Whether a test is the one that is meant. */
function matches(name, wanted) {
  return wanted instanceof RegExp ? wanted.test(name) : name === wanted
}

/** Runs the tests of one file that any of these checks names: a list of `{ name, state, figure, reason }`. */
export async function runTests(file, checks) {
  const wanted = checks.flatMap(({ names }) => names)
  const results = []
  const stream = run({
    files: [join(root, file)],
    testNamePatterns: wanted.map(name => (name instanceof RegExp ? name : new RegExp(`^${literal(name)}$`))),
    timeout: TIMEOUT,
  })
  const broken = []
  for await (const { type, data } of stream) {
    if (type === 'test:diagnostic' && data.message.startsWith(FIGURE)) {
      // It follows the result of its test, at the same place.
      const result = results.findLast(({ place }) => place === placeOf(data))
      if (result !== undefined) result.figure = data.message.slice(FIGURE.length)
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (data.details.type === 'suite' || data.skip === UNNAMED) continue
    const reason = data.details.error?.cause?.message ?? data.details.error?.message
    if (!wanted.some(name => matches(data.name, name))) {
      // The file itself, or what is around the tests, such as a hook.
      if (type === 'test:fail') broken.push(`${data.name}: ${reason}`)
      continue
    }
    results.push({ name: data.name, place: placeOf(data), ...stateOf(type === 'test:pass', data, reason) })
  }
  return { results, broken }
}

/** Runs all tests of the core that any of these checks names, in one build. */
export async function runCargo(checks) {
  const names = [...new Set(checks.flatMap(check => check.names))]
  const args = ['test', '--no-default-features', '--features', 'stores', '--lib', '--test', 'it', '--no-fail-fast']
  const child = spawn('cargo', [...args, '--', ...names], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const results = []
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const [, path, outcome] = line.match(/^test (\S+)(?: - should panic)? \.\.\. (\w+)/) ?? []
    const name = path?.split('::').at(-1)
    if (!names.includes(name)) continue
    const state = { ok: 'passed', ignored: 'not run' }[outcome] ?? 'failed'
    results.push({ name, state, reason: state === 'passed' ? undefined : `cargo says ${outcome}` })
  }
  await exited
  return { results, broken: [] }
}

/** What became of one check: an entry for each name, also for a name that matches no test. */
export function outcomes({ names }, { results, broken }) {
  return names.flatMap(wanted => {
    const found = results.filter(({ name }) => matches(name, wanted))
    if (found.length > 0) return found
    const reason = broken.length > 0 ? broken.join('; ') : 'there is no test with this name'
    return [{ name: String(wanted), state: 'failed', reason }]
  })
}

/** A `todo` says which defect a test shows: it has to fail as long as that is there. */
function stateOf(passed, { skip, todo }, reason) {
  if (skip) return { state: 'not run', reason: String(skip) }
  if (todo && passed) return { state: 'failed', reason: 'it passes, so that its `todo` is to be removed' }
  if (todo) return { state: 'defect', reason: String(todo) }
  return passed ? { state: 'passed' } : { state: 'failed', reason }
}

function placeOf({ line, column }) {
  return `${line}:${column}`
}

function literal(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
