/** An HTTP/2 server that sends the very frames that a scenario wants, which no library would send. */

import { once } from 'node:events'
import { createServer } from 'node:tls'
import { serverCertificate } from '../../__test__/support/certificates.mjs'
import { listen } from '../../__test__/support/servers.mjs'

export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, CONTINUATION: 9 }
export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 }
/** `:status: 200`, as HPACK's static table has it. */
export const STATUS_200 = Buffer.from([0x88])

const PREFACE_LENGTH = 24
const HEAD_LENGTH = 9

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(HEAD_LENGTH)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** RST_STREAM with the error code CANCEL, unless another is given. */
export function reset(stream, code = 8) {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(code)
  return frame(FRAME.RST_STREAM, 0, stream, payload)
}

/** An answer of 200 without a body. */
export function answer(stream) {
  return frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, STATUS_200)
}

/**
 * Starts one. `onRequest(socket, stream, connection)` gets each request; `connection` counts from 1. What it does not
 * answer stays unanswered. PINGs are answered while `alive(connection)` says so.
 */
export async function startRawHttp2(t, ca, onRequest, alive = () => true) {
  const certificate = await serverCertificate(ca)
  let connections = 0
  const server = createServer({ ...certificate, ALPNProtocols: ['h2'] }, socket => {
    const connection = ++connections
    let buffer = Buffer.alloc(0)
    let greeted = false
    socket.on('error', () => {})
    socket.write(frame(FRAME.SETTINGS, 0, 0))
    socket.on('data', part => {
      buffer = Buffer.concat([buffer, part])
      if (!greeted) {
        if (buffer.length < PREFACE_LENGTH) return
        buffer = buffer.subarray(PREFACE_LENGTH)
        greeted = true
      }
      while (buffer.length >= HEAD_LENGTH && buffer.length >= HEAD_LENGTH + buffer.readUIntBE(0, 3)) {
        const end = HEAD_LENGTH + buffer.readUIntBE(0, 3)
        const [type, flags, stream] = [buffer[3], buffer[4], buffer.readUInt32BE(5)]
        const payload = buffer.subarray(HEAD_LENGTH, end)
        buffer = buffer.subarray(end)
        const asks = (flags & FLAG.ACK) === 0
        if (type === FRAME.SETTINGS && asks) socket.write(frame(FRAME.SETTINGS, FLAG.ACK, 0))
        if (type === FRAME.PING && asks && alive(connection)) socket.write(frame(FRAME.PING, FLAG.ACK, 0, payload))
        if (type === FRAME.HEADERS) onRequest(socket, stream, connection)
      }
    })
  })
  server.on('tlsClientError', () => {})
  const port = await listen(t, server)
  return { baseUrl: `https://localhost:${port}`, connections: () => connections }
}

/** Writes as long as the peer takes it and `more()` says so; resolves with the number of bytes that it took. */
export async function flood(socket, part, more) {
  let bytes = 0
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  while (!closed.signal.aborted && more(bytes)) {
    bytes += part.length
    if (!socket.write(part)) await once(socket, 'drain', { signal: closed.signal }).catch(() => {})
  }
  return bytes
}
