/** Processes of a fleet, each of which does one thing at a time. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts a program of `processes/`, which gets `options` and then listens, until the test ends. */
export async function startProcess(t, name, options) {
  const program = fileURLToPath(new URL(`../processes/${name}.mjs`, import.meta.url))
  const child = fork(program, [JSON.stringify(options)])
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill()
    await ended
  })
  await once(child, 'message')
  return {
    ended,
    async run(action, options) {
      child.send({ action, ...options })
      const [answer] = await once(child, 'message')
      return answer
    },
    start: (action, options) => child.send({ action, ...options }),
    kill: () => child.kill('SIGKILL'),
  }
}

/** Starts so many of them. */
export function startProcesses(t, size, name, options) {
  return Promise.all(Array.from({ length: size }, () => startProcess(t, name, options)))
}

/** In such a program: does what its parent says, and says what came of it. */
export function serveParent(actions) {
  process.on('message', async ({ action, ...options }) => {
    const answer = await actions[action](options)
    if (process.connected) process.send(answer)
  })
  process.send('ready')
}
