/** Servers whose answers keep a client busy. Each pumps prepared bytes as fast as the client takes them. */

import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { createGzip, gzipSync } from 'node:zlib'

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n'
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`
/** The length of a large body once it is decoded, in bytes. */
const LARGE = 60 * 1024 * 1024

/** Answers that never end. `first` comes once, and then `again` until the client has gone. */
export const ENDLESS = {
  'interim answers': { first: '', again: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3000) },
  'interim answers with fields': {
    first: '',
    again: `HTTP/1.1 103 Early Hints\r\n${'link: </a>\r\n'.repeat(50)}\r\n`.repeat(100),
  },
  'empty gzip members': {
    first: `${OK}content-encoding: gzip\r\n\r\n`,
    again: Buffer.concat(Array(2000).fill(gzipSync(''))),
  },
  'gzip members of a byte': {
    first: `${OK}content-encoding: gzip\r\n\r\n`,
    again: Buffer.concat(Array(2000).fill(gzipSync('x'))),
  },
  'chunks of a byte': { first: CHUNKED, again: '1\r\nx\r\n'.repeat(10_000) },
  'chunks with long extensions': { first: CHUNKED, again: `1;${'e'.repeat(1000)}\r\nx\r\n`.repeat(100) },
  'header fields': { first: OK, again: 'x-field: 1\r\n'.repeat(5000) },
  'one header field': { first: `${OK}x-field: `, again: 'a'.repeat(64 * 1024) },
  trailers: { first: `${CHUNKED}1\r\nx\r\n0\r\n`, again: 'x-field: 1\r\n'.repeat(5000) },
  'bytes without an end': { first: `${OK}\r\n`, again: Buffer.alloc(64 * 1024, 'x') },
  'a bomb': { first: `${OK}content-encoding: gzip\r\n\r\n`, again: gzipSync(Buffer.alloc(8 * 1024 * 1024)) },
  'empty zstd frames': {
    first: `${OK}content-encoding: zstd\r\n\r\n`,
    // Node 20 cannot make one (RFC 8878 section 3.1.1: magic number, descriptor, window, an empty last block).
    again: Buffer.from('28b52ffd0058010000'.repeat(5000), 'hex'),
  },
}

/** Serves one endless answer. */
export function endless({ first, again }) {
  return createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const pump = () => {
        while (!socket.destroyed && socket.write(again));
      }
      socket.on('drain', pump)
      socket.write(first)
      pump()
    })
  })
}

/** Serves redirects to itself, with no end. */
export function redirects() {
  return createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n'))
  })
}

/** Serves one large body that went through gzip. It is text that does not repeat itself much. */
export async function large() {
  const zipped = await zip()
  return createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`)
      socket.write(zipped)
    })
  })
}

async function zip() {
  const gzip = createGzip({ level: 1 })
  const parts = []
  gzip.on('data', part => parts.push(part))
  let seed = createHash('sha256').update('busy').digest()
  for (let length = 0; length < LARGE; ) {
    const words = []
    for (let line = 0; line < 1000; line++) {
      seed = createHash('sha256').update(seed).digest()
      words.push(`${seed.toString('hex')},${line},a line of a large export,`.padEnd(128, 'x'))
    }
    const block = words.join('\n')
    length += block.length
    if (!gzip.write(block)) await new Promise(resolve => gzip.once('drain', resolve))
  }
  gzip.end()
  await new Promise(resolve => gzip.once('end', resolve))
  return Buffer.concat(parts)
}
