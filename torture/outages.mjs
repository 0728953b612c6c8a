/** How a store goes away and comes back: its server crashes, or another program holds the file's write lock. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { programPath } from '../__test__/support/programs.mjs'

const LOCK = `
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
file.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
file.execute("ROLLBACK")
`
/** By which its processes lose what they have not written. */
const CRASH = { redis: 'SIGKILL', postgres: 'SIGQUIT' }

/** Makes the store of `place` unusable until the function that it gives is called. */
export async function interrupt({ kind, options, server }) {
  if (server !== undefined) {
    await server.stop(CRASH[kind])
    return () => server.start()
  }
  const locker = spawn(programPath('python3', 'python3'), ['-c', LOCK, options.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(locker, 'exit')
  await once(locker.stdout, 'data')
  return async () => {
    locker.stdin.end()
    await ended
  }
}

/** Empties Redis. */
export async function flush({ options }) {
  const { hostname, port } = new URL(options.url)
  const socket = connect(Number(port), hostname)
  socket.end('FLUSHALL\r\n')
  const [answer] = await once(socket, 'data')
  if (!String(answer).startsWith('+OK')) throw new Error(`FLUSHALL: ${answer}`)
}
