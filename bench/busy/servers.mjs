/** Starts the servers of the scenario `busy`: their ports by name, and how to stop them. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export async function startServers() {
  const program = fileURLToPath(new URL('server.mjs', import.meta.url))
  const children = ['small', 'busy'].map(which => fork(program, [which]))
  const [[{ small }], [busy]] = await Promise.all(children.map(child => once(child, 'message')))
  return {
    small,
    busy,
    stop() {
      for (const child of children) child.disconnect()
    },
  }
}
