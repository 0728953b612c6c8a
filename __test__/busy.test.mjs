// Calls of one client go on while another client of the process reads an answer that never ends, or a large one. The
// scenario `busy` of the benchmark measures by how much they are held up; here they must not wait for its end.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { startServers } from '../bench/busy/servers.mjs'

/** Far more than a call takes beside any answer, and far less than the deadline of a busy one. */
const PATIENCE = 1000
const CALLS = 50

let servers

before(async () => {
  servers = await startServers()
})
after(() => servers.stop())

const client = (port, timeout) =>
  new SmartRecruiters({
    credential: new ApiKey('key'),
    baseUrl: `http://127.0.0.1:${port}`,
    limits: false,
    retries: 0,
    timeout,
  })

/** Asks for a busy answer again and again; resolves with how each ended once the signal is aborted. */
async function keepBusy(port, signal) {
  const busy = client(port, 60_000)
  const ends = []
  while (!signal.aborted)
    await busy.get('/', { signal }).then(
      () => ends.push('done'),
      error => ends.push(error.code),
    )
  return ends
}

test('no endless answer holds up the calls of another client', { timeout: 120_000 }, async () => {
  const small = client(servers.small, 30_000)
  await small.get('/')
  for (const [name, port] of Object.entries(servers.busy)) {
    if (name === 'large') continue
    const over = new AbortController()
    const busy = keepBusy(port, over.signal)
    const took = []
    for (let call = 0; call < CALLS; call++) {
      const began = performance.now()
      assert.deepEqual(await small.get('/'), { ok: true })
      took.push(performance.now() - began)
    }
    over.abort()
    const ends = await busy
    assert.ok(Math.max(...took) < PATIENCE, `${name}: ${Math.max(...took)} ms`)
    const bounded = ['INVALID_RESPONSE', 'BODY_TOO_LARGE', 'REDIRECT', 'NETWORK', 'ABORT_ERR', 20]
    assert.ok(
      ends.every(end => bounded.includes(end)),
      `${name}: ${ends}`,
    )
  }
})

test('eight large bodies are read whole, and hold up no small call', { timeout: 120_000 }, async () => {
  const small = client(servers.small, 30_000)
  await small.get('/')
  let open = true
  const large = Promise.all(
    Array.from({ length: 8 }, async () => {
      const { body } = await client(servers.busy.large, 60_000).get('/').asResponse()
      let length = 0
      for await (const part of body) length += part.byteLength
      return length
    }),
  ).finally(() => {
    open = false
  })
  const took = []
  while (open) {
    const began = performance.now()
    await small.get('/')
    took.push(performance.now() - began)
  }
  const lengths = await large
  assert.ok(
    lengths.every(length => length > 60 * 1024 * 1024 && length === lengths[0]),
    `${lengths}`,
  )
  assert.ok(took.length > 20 && Math.max(...took) < PATIENCE, `${took.length} calls, ${Math.max(...took)} ms`)
})
