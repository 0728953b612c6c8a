// HTTP/2 servers that attack their client, or fall silent.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { ApiKey, NetworkError, SmartRecruiters, SmartRecruitersError } from 'smartrecruiters'
import { authority } from '../../__test__/support/certificates.mjs'
import { deferred, failure } from '../../__test__/support/servers.mjs'
import { MiB, peakOf } from '../support/memory.mjs'
import { answer, FRAME, flood, frame, reset, STATUS_200, startRawHttp2 } from '../support/raw-http2.mjs'

/** How much memory a flood of many times as much may take, both ends of it in this process. */
const FLAT = 48 * MiB

let ca
before(async () => {
  ca = await authority()
})

const client = (baseUrl, options) =>
  new SmartRecruiters({ credential: new ApiKey('key'), baseUrl, ca: ca.cert, retries: 0, limits: false, ...options })

test('a server that resets every stream at once', async t => {
  const CALLS = 2000
  let resetting = true
  const { baseUrl } = await startRawHttp2(t, ca, (socket, stream) => {
    socket.write(resetting ? reset(stream) : answer(stream))
  })
  const sr = client(baseUrl)
  const resets = count => Promise.all(Array.from({ length: count }, (_, id) => failure(sr.get(`/jobs/${id}`))))
  await resets(CALLS)
  const { value: errors, rise } = await peakOf(() => resets(CALLS))
  assert.ok(errors.every(error => error instanceof NetworkError && error.kind === 'reset'))
  resetting = false
  await sr.get('/jobs')
  assert.ok(rise < FLAT, `memory rose by ${rise / MiB} MiB`)
  t.diagnostic(`figure: ${CALLS} of ${CALLS} resets are a NetworkError, and the next call succeeds`)
})

test('a flood of RST_STREAM frames', async t => {
  const FRAMES = 1_000_000
  const flooded = deferred()
  const { baseUrl } = await startRawHttp2(t, ca, async (socket, stream, connection) => {
    socket.write(answer(stream))
    if (connection > 1) return
    const part = Buffer.concat(Array(1000).fill(reset(stream)))
    flooded.resolve(await flood(socket, part, bytes => bytes < FRAMES * reset(stream).length))
  })
  const sr = client(baseUrl)
  const { value: bytes, rise } = await peakOf(async () => {
    await sr.get('/jobs')
    return flooded.promise
  })
  await sr.get('/jobs')
  assert.ok(rise < FLAT, `memory rose by ${rise / MiB} MiB`)
  t.diagnostic(
    `figure: ${Math.round(bytes / reset(1).length)} frames cost less than ${FLAT / MiB} MiB, and the next call succeeds`,
  )
})

test('a head that never ends, in CONTINUATION frames', async t => {
  const MOST = 256 * MiB
  const taken = deferred()
  const { baseUrl } = await startRawHttp2(t, ca, async (socket, stream, connection) => {
    if (connection > 1) return socket.write(answer(stream))
    socket.write(frame(FRAME.HEADERS, 0, stream, STATUS_200))
    // A literal field without indexing: `a: bbb…`.
    const field = Buffer.concat([Buffer.from([0x00, 0x01, 0x61, 0x7f, 0x81, 0x7c]), Buffer.alloc(16_000, 'b')])
    taken.resolve(await flood(socket, frame(FRAME.CONTINUATION, 0, stream, field), bytes => bytes < MOST))
  })
  const sr = client(baseUrl)
  const { value: error, rise } = await peakOf(() => failure(sr.get('/jobs')))
  const bytes = await taken.promise
  assert.ok(error instanceof SmartRecruitersError, `${error}`)
  assert.ok(bytes < MOST, 'the client reads on for ever')
  assert.ok(rise < FLAT, `memory rose by ${rise / MiB} MiB`)
  await sr.get('/jobs')
  t.diagnostic(`figure: ${error.code} after at most ${(bytes / MiB).toFixed(1)} MiB`)
})

test('a head that never ends, in empty CONTINUATION frames', async t => {
  const MOST = 64 * MiB
  const taken = deferred()
  const { baseUrl } = await startRawHttp2(t, ca, async (socket, stream, connection) => {
    if (connection > 1) return socket.write(answer(stream))
    socket.write(frame(FRAME.HEADERS, 0, stream, STATUS_200))
    const part = Buffer.concat(Array(1000).fill(frame(FRAME.CONTINUATION, 0, stream)))
    taken.resolve(await flood(socket, part, bytes => bytes < MOST))
  })
  const sr = client(baseUrl)
  const { value: error, rise } = await peakOf(() => failure(sr.get('/jobs', { timeout: 10_000 })))
  const bytes = await taken.promise
  assert.ok(error instanceof SmartRecruitersError, `${error}`)
  assert.ok(rise < FLAT, `memory rose by ${rise / MiB} MiB`)
  await sr.get('/jobs')
  t.diagnostic(`figure: ${error.code} after at most ${(bytes / MiB).toFixed(1)} MiB`)
})

test('a connection whose peer has fallen silent', async t => {
  const { baseUrl, connections } = await startRawHttp2(
    t,
    ca,
    (socket, stream, connection) => {
      // The first connection answers one request, and nothing after it.
      if (connection > 1 || stream === 1) socket.write(answer(stream))
    },
    connection => connection > 1,
  )
  const sr = client(baseUrl, { timeout: 120_000 })
  await sr.get('/jobs')
  const start = performance.now()
  const errors = await Promise.all(Array.from({ length: 20 }, () => failure(sr.get('/jobs'))))
  const seconds = (performance.now() - start) / 1000
  assert.ok(errors.every(error => error instanceof NetworkError))
  await sr.get('/jobs')
  assert.equal(connections(), 2)
  t.diagnostic(`figure: the silence was noticed after ${seconds.toFixed(0)} s; the next call has a new connection`)
})
