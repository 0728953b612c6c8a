// TLS servers that nobody should talk to, and one that breaks off without saying so.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { before, test } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { ApiKey, NetworkError, SmartRecruiters } from 'smartrecruiters'
import { authority, serverCertificate } from '../../__test__/support/certificates.mjs'
import { failure, listen } from '../../__test__/support/servers.mjs'

const DAY = 24 * 3600 * 1000

let ca
let certificate
before(async () => {
  ca = await authority()
  certificate = await serverCertificate(ca)
})

const client = (port, options) =>
  new SmartRecruiters({
    credential: new ApiKey('key'),
    baseUrl: `https://localhost:${port}`,
    ca: ca.cert,
    retries: 0,
    limits: false,
    ...options,
  })

/** A TLS server over sockets that the scenario holds, so that it can end TCP behind the back of TLS. */
async function serve(t, options, onRequest) {
  const seen = []
  const secureContext = createSecureContext({ ...certificate, ...options })
  const port = await listen(
    t,
    createServer(raw => {
      const socket = new TLSSocket(raw, { isServer: true, secureContext })
      socket.on('error', () => {})
      socket.on('data', data => {
        seen.push(String(data))
        onRequest?.(socket, raw)
      })
    }),
  )
  return { port, seen }
}

/** A certificate of the authority for loopback, of these days. */
async function dated(notBeforeDate, notAfterDate) {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ca,
    notBeforeDate,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  return { cert: made.cert, key: made.private }
}

test('certificates that have expired, or are not valid yet', async t => {
  const now = Date.now()
  const certificates = [
    await dated(new Date(now - 3 * DAY), new Date(now - DAY)),
    await dated(new Date(now - 3 * DAY), new Date(now - 60_000)),
    await dated(new Date(now + DAY), new Date(now + 3 * DAY)),
  ]
  let requests = 0
  for (const options of certificates) {
    const { port, seen } = await serve(t, options)
    const error = await failure(client(port).get('/jobs'))
    assert.ok(error instanceof NetworkError && error.kind === 'tls', `${error}`)
    assert.equal(error.sent, false)
    requests += seen.length
  }
  assert.equal(requests, 0)
  t.diagnostic(`figure: ${certificates.length} of ${certificates.length} refused, 0 bytes of a request sent`)
})

test('versions of TLS before 1.2', async t => {
  const versions = ['TLSv1', 'TLSv1.1']
  for (const version of versions) {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    const { port, seen } = await serve(t, old)
    const error = await failure(client(port).get('/jobs'))
    assert.ok(error instanceof NetworkError && error.kind === 'tls', `${error}`)
    assert.deepEqual(seen, [])
  }
  const { port } = await serve(t, { maxVersion: 'TLSv1.2' }, socket =>
    socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'),
  )
  await client(port).get('/jobs')
  t.diagnostic(`figure: ${versions.join(' and ')} refused, 0 bytes of a request sent; TLSv1.2 accepted`)
})

test('an answer that ends without close_notify', async t => {
  const bodies = {
    // Only the end of the connection says where it ends: it may have been cut off.
    'without a length': ['HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"a":1}', false],
    'of a length that is not there': ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a":1}', false],
    'in chunks without the last': ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n', false],
    'of its whole length': [
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}',
      true,
    ],
  }
  for (const [what, [answer, whole]] of Object.entries(bodies)) {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const { port } = await serve(t, { maxVersion: version }, (socket, raw) => {
        socket.write(answer, () => raw.end())
      })
      const outcome = await client(port)
        .get('/jobs')
        .catch(error => error)
      if (whole) assert.deepEqual(outcome, { a: 1 }, what)
      else assert.ok(outcome instanceof NetworkError, `${what}, ${version}: ${JSON.stringify(outcome)}`)
    }
  }
  t.diagnostic('figure: 6 of 6 cut answers are a NetworkError, 2 of 2 whole ones are read')
})

test('a connection that ends within the handshake', async t => {
  const hello = 5
  for (const bytes of [0, 1, hello, 100]) {
    const port = await listen(
      t,
      createServer(async raw => {
        raw.on('error', () => {})
        await once(raw, 'data')
        raw.end(Buffer.alloc(bytes, 0x16))
      }),
    )
    const error = await failure(client(port).get('/jobs'))
    assert.ok(error instanceof NetworkError, `${error}`)
    assert.equal(error.sent, false)
  }
  t.diagnostic('figure: 4 of 4 are a NetworkError that says that nothing was sent')
})
