/** A server of raw bytes that records what it is sent, exactly as it came. */

import { createServer } from 'node:net'
import { listen } from './servers.mjs'

const ANSWER = 'HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'

/** Starts one. `taken()` gives the requests since it was last asked, read as bytes. */
export async function recordingSocket(t) {
  let requests = []
  const server = createServer(socket => {
    let received = Buffer.alloc(0)
    socket.on('data', data => {
      received = Buffer.concat([received, data])
      const request = parsed(received)
      if (request === undefined) return
      requests.push(request)
      socket.end(ANSWER)
    })
  })
  const port = await listen(t, server)
  const taken = () => {
    const all = requests
    requests = []
    return all
  }
  return { baseUrl: `http://127.0.0.1:${port}`, taken }
}

/** A request, once it is whole: a character of its text is a byte. What follows its end is the `rest`. */
function parsed(bytes) {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line, ...lines] = text.slice(0, end).split('\r\n')
  const fields = lines.map(line => {
    const [, name, value] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(line)
    return { name, value }
  })
  const valueOfField = wanted => fields.find(({ name }) => name.toLowerCase() === wanted)?.value
  const length = valueOfField('content-length')
  const after = text.slice(end + 4)
  if (valueOfField('transfer-encoding') === 'chunked') {
    const chunks = dechunked(after)
    return chunks && { line, fields, framing: 'chunked', ...chunks }
  }
  if (length === undefined) return { line, fields, framing: 'none', body: '', rest: after }
  if (after.length < Number(length)) return undefined
  const body = after.slice(0, Number(length))
  return { line, fields, framing: 'content-length', body, rest: after.slice(body.length) }
}

function dechunked(text) {
  let body = ''
  for (let at = 0; ; ) {
    const size = /^([\da-f]+)\r\n/i.exec(text.slice(at))
    if (!size) return undefined
    const length = Number.parseInt(size[1], 16)
    at += size[0].length
    if (text.length < at + length + 2) return undefined
    body += text.slice(at, at + length)
    at += length + 2
    if (length === 0) return { body, rest: text.slice(at) }
  }
}
