/** Servers of one test's own, closed with it. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

/** Starts an HTTP server, and a client of it that tries once, as fast as it can. */
export async function serve(t, handler, options = {}) {
  const server = createServer(handler)
  const port = await listen(t, server)
  const baseUrl = `http://127.0.0.1:${port}`
  const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, retries: 0, limits: false, ...options })
  return { server, baseUrl, sr }
}

/** Has any server listen on a free port of the loopback until the test ends. */
export async function listen(t, server, host = '127.0.0.1') {
  const sockets = new Set()
  server.on('connection', socket => {
    sockets.add(socket)
    // A client that leaves resets its connection; that is no error of these servers.
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, host)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server.address().port
}

/** The error of a call that has to fail. */
export async function failure(promise) {
  return promise.then(
    () => {
      throw new Error('it succeeded')
    },
    error => error,
  )
}

/**
 * What a call ends in once that is not an error of this code any more: after a failed exchange the client asks nobody
 * for a while, and repeats its error.
 */
export async function otherThan(code, call) {
  for (;;) {
    const outcome = await call().then(
      value => ({ value }),
      error => ({ error }),
    )
    if (outcome.error?.code !== code) return outcome
  }
}

/** A promise with its functions. */
export function deferred() {
  let resolve
  const promise = new Promise(done => {
    resolve = done
  })
  return { promise, resolve }
}

/** Waits until `value()` is the same before and after many turns of the client's runtime and ours. */
export async function settled(sr, value) {
  for (let before = -1; before !== value(); ) {
    before = value()
    for (let call = 0; call < 100; call++) await sr.get('/echo')
  }
  return value()
}
