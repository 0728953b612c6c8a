/** A proxy that others wrote: tinyproxy, on a free port and with a configuration of its own. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, programPath, startProgram } from './programs.mjs'

/** Starts one until the test ends. `user` and `password`: whom it lets in; default: everybody. */
export async function startTinyproxy(t, { user, password } = {}) {
  const program = programPath('tinyproxy', 'tinyproxy')
  const directory = await mkdtemp(join(tmpdir(), 'tinyproxy-'))
  t.after(() => rm(directory, { recursive: true }))
  const logFile = join(directory, 'log')
  const configFile = join(directory, 'conf')
  const port = await freePort()
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 60', `LogFile "${logFile}"`, 'LogLevel Connect']
  if (user) lines.push(`BasicAuth ${user} ${password}`)
  await writeFile(logFile, '', { mode: 0o666 })
  await writeFile(configFile, `${lines.join('\n')}\n`)

  const server = await startProgram(t, port, program, ['-d', '-c', configFile])
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    kill: () => server.stop('SIGKILL'),
    /** The request lines that it saw, in order. */
    async requests() {
      const log = await readFile(logFile, 'utf8')
      return [...log.matchAll(/Request \(file descriptor \d+\): (.*)/g)].map(([, line]) => line)
    },
  }
}
