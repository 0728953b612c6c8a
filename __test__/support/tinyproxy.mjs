/** A proxy that others wrote: tinyproxy, on a free port and with a configuration of its own. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const INSTALL = 'apt-get update && apt-get install -y --no-install-recommends tinyproxy'
/** For its start, in steps of 20 ms. */
const STEPS = 500

/** Starts one until the test ends. `user` and `password`: whom it lets in; default: everybody. */
export async function startTinyproxy(t, { user, password } = {}) {
  install()
  const directory = await mkdtemp(join(tmpdir(), 'tinyproxy-'))
  t.after(() => rm(directory, { recursive: true }))
  const logFile = join(directory, 'log')
  const configFile = join(directory, 'conf')
  const port = await freePort()
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 60', `LogFile "${logFile}"`, 'LogLevel Connect']
  if (user) lines.push(`BasicAuth ${user} ${password}`)
  await writeFile(logFile, '', { mode: 0o666 })
  await writeFile(configFile, `${lines.join('\n')}\n`)

  const child = spawn('tinyproxy', ['-d', '-c', configFile], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill()
    await ended
  })
  await listening(port, child)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** The request lines that it saw, in order. */
    async requests() {
      const log = await readFile(logFile, 'utf8')
      return [...log.matchAll(/Request \(file descriptor \d+\): (.*)/g)].map(([, line]) => line)
    },
  }
}

function install() {
  if (isInstalled()) return
  if (process.getuid?.() === 0) {
    try {
      execFileSync('sh', ['-c', INSTALL], {
        stdio: 'ignore',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
    } catch {
      // What is missing then is said below.
    }
  }
  if (!isInstalled()) throw new Error(`tinyproxy is not there, and these tests need it: ${INSTALL}`)
}

function isInstalled() {
  try {
    execFileSync('tinyproxy', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port, child) {
  for (let step = 0; step < STEPS; step++) {
    if (child.exitCode !== null) throw new Error(`tinyproxy ended with ${child.exitCode}`)
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
  throw new Error('tinyproxy does not listen')
}
