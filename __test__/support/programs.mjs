/** Servers that others wrote: how they are found or installed, and started for a test. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** For a server's start, in steps of 20 ms. */
const STEPS = 500
/** Debian keeps PostgreSQL's programs out of the way. */
const FIND = 'for f in /usr/lib/postgresql/*/bin; do PATH=$PATH:$f; done; PATH=$PATH:/usr/sbin; command -v "$0"'

export const isRoot = process.getuid?.() === 0

/**
 * Where a program is. If nowhere, its Debian package is installed, where that may be. Tests that do so at once take
 * turns: the package manager waits for others when it installs, but not when it updates its lists.
 */
export function programPath(name, debianPackage) {
  const found = find(name)
  if (found !== undefined) return found
  const install = `apt-get update && apt-get install -y --no-install-recommends ${debianPackage}`
  if (isRoot) {
    try {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
      const waiting = install.replaceAll('apt-get', 'apt-get -o DPkg::Lock::Timeout=120')
      execFileSync('flock', ['--timeout', '300', '/var/lib/apt', 'sh', '-c', waiting], { stdio: 'ignore', env })
    } catch {
      // What is missing then is said below.
    }
  }
  const installed = find(name)
  if (installed === undefined) throw new Error(`${name} is not there, and these tests need it: ${install}`)
  return installed
}

function find(name) {
  try {
    return execFileSync('sh', ['-c', FIND, name], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/** Runs a server until the test ends; resolves when it listens. It can be stopped and started again meanwhile. */
export async function startProgram(t, port, path, args, options) {
  let child
  let ended
  const server = {
    async start() {
      child = spawn(path, args, { stdio: 'ignore', ...options })
      ended = once(child, 'exit')
      await listening(port, child)
    },
    /** By SIGINT, PostgreSQL does not wait for its clients; by SIGQUIT it crashes. */
    async stop(signal = 'SIGINT') {
      child.kill(signal)
      await ended
    },
  }
  t.after(() => server.stop())
  await server.start()
  return server
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port, child) {
  for (let step = 0; step < STEPS; step++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await setTimeout(20)
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`${child.spawnfile} does not listen`)
}
