/** Programs of `processes/`, each run in the circumstances that a scenario makes for it. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isRoot, programPath } from '../../__test__/support/programs.mjs'

/** How long a program may take until it counts as one that hangs, in milliseconds. */
const TIMEOUT = 120_000

/**
 * Runs a program with one argument, as JSON. `before` is a command of the shell, such as `ulimit`; `wrapper` a command
 * in which all of it runs. Resolves with its end and what it wrote.
 */
export async function runProgram(name, argument, { before = 'true', wrapper = [], env = {}, onLine } = {}) {
  const program = fileURLToPath(new URL(`../processes/${name}.mjs`, import.meta.url))
  const shell = ['sh', '-c', `${before} && exec "$0" "$@"`, process.execPath, program, JSON.stringify(argument)]
  const [command, ...args] = [...wrapper, ...shell]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: TIMEOUT,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', data => {
    stdout += data
    onLine?.(String(data))
  })
  child.stderr.on('data', data => {
    stderr += data
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr }
}

/** Why a scenario cannot run here, or `false`: as the option `skip` of a test. */
export function needs({ root = false, linux = false, programs = {} } = {}) {
  if ((root || linux) && process.platform !== 'linux') return 'it needs Linux'
  if (root && !isRoot) return 'it needs root'
  for (const [name, debianPackage] of Object.entries(programs)) {
    try {
      programPath(name, debianPackage)
    } catch {
      return `it needs ${name} (Debian: ${debianPackage})`
    }
  }
  if (root) {
    try {
      execFileSync('unshare', ['--mount', '--net', 'true'], { stdio: 'ignore' })
    } catch {
      return 'it needs namespaces (unshare)'
    }
  }
  return false
}
