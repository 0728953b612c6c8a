// A process that asks a DNS server of its own, which answers, refuses or hangs as its names say. It runs in a network
// and a mount namespace of its own. Prints what came of each call.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { ApiKey, OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'

/** As many as the threads that tokio has by default for what blocks. */
const HANGING = 512
/** So many questions have arrived once all of them were asked: a socket drops some of a burst. */
const ARRIVED = 450
const PORT = 8080
const [NO_ERROR, SERVFAIL, NXDOMAIN] = [0, 2, 3]
const TYPE_A = 1

const { path, encryptionKey } = JSON.parse(process.argv[2])
const app = new OAuthApp({
  clientId: 'client',
  clientSecret: 'secret',
  redirectUri: 'http://localhost:3000/callback',
  store: new SqliteStore({ path }),
  encryptionKey,
})

const asked = new Set()
let enough
const allAsked = new Promise(resolve => {
  enough = resolve
})
/** What the names without a rule of their own lead to. */
let address = '127.0.0.1'
let failing = true

/** The answer to a question, or nothing at all. */
function answerOf(name) {
  if (name.startsWith('hanging')) return undefined
  if (name.startsWith('unknown')) return { code: NXDOMAIN }
  if (name.startsWith('broken') && failing) return { code: SERVFAIL }
  return { code: NO_ERROR, address }
}

const dns = createSocket('udp4')
dns.on('message', (question, { port, address: host }) => {
  const labels = []
  let at = 12
  for (; question[at] !== 0; at += question[at] + 1)
    labels.push(String(question.subarray(at + 1, at + 1 + question[at])))
  const end = at + 5
  const isA = question.readUInt16BE(at + 1) === TYPE_A
  asked.add(labels.join('.'))
  if ([...asked].filter(name => name.startsWith('hanging')).length >= ARRIVED) enough()
  const answer = answerOf(labels[0])
  if (answer === undefined) return
  const hasAddress = answer.address !== undefined && isA
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(0x8180 | answer.code, 2)
  head.writeUInt16BE(hasAddress ? 1 : 0, 6)
  head.writeUInt32BE(0, 8)
  const record = [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4]
  const data = hasAddress ? [...record, ...answer.address.split('.').map(Number)] : []
  dns.send(Buffer.concat([head, question.subarray(12, end), Buffer.from(data)]), port, host)
})
dns.bind(53, '127.0.0.1')
await once(dns, 'listening')

async function serve(host) {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(host))
  })
  server.listen(PORT, host)
  await once(server, 'listening')
  return server
}

const client = (host, options) =>
  new SmartRecruiters({
    credential: new ApiKey('key'),
    baseUrl: `https://${host}`,
    retries: 0,
    limits: false,
    ...options,
  })
const outcome = promise =>
  promise.then(
    value => value,
    ({ code, kind, sent, cause }) => ({ code, kind, sent, cause: cause?.code }),
  )

// Clients send credentials to hosts other than the loopback by https alone, so names lead to a proxy of this kind.
const through = host => ({ baseUrl: 'https://unused.test', proxy: `http://${host}:${PORT}` })
const tunnels = []
async function proxyAt(host) {
  const server = createServer()
  server.on('connect', (_, socket) => {
    tunnels.push(host)
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
  })
  server.listen(PORT, host)
  await once(server, 'listening')
  return server
}

const results = {}
results.unknown = await outcome(client('unknown.test').get('/jobs'))
results.broken = await outcome(client('broken.test').get('/jobs'))

// What failed before is asked again, and so is what has moved.
const first = await proxyAt('127.0.0.1')
failing = false
const moving = client('unused.test', through('broken.test'))
await outcome(moving.get('/jobs'))
first.close()
address = '127.0.0.2'
const second = await proxyAt(address)
await outcome(moving.get('/jobs'))
results.tunnels = [...tunnels]
second.close()

const server = await serve('127.0.0.1')
address = '127.0.0.1'
const order = []
const hanging = Array.from({ length: HANGING }, (_, number) =>
  outcome(client(`hanging-${number}.test`).get('/jobs')).then(result => {
    order.push('hanging')
    return result
  }),
)
await Promise.race([allAsked, hanging[0]])
results.asked = [...asked].filter(name => name.startsWith('hanging')).length
const noted = name => () => order.push(name)
const named = outcome(client('unused.test', through('good.test')).get('/jobs')).then(noted('a name'))
const numbered = outcome(client('', { baseUrl: `http://127.0.0.1:${PORT}` }).get('/jobs')).then(noted('an address'))
const kept = app.import({ id: 'customer', refreshToken: 'refresh-token' }).then(noted('a store'))
await Promise.all([named, numbered, kept])
results.order = order.filter((end, index) => order.indexOf(end) === index)
const ends = await Promise.all(hanging)
results.hanging = [...new Set(ends.map(end => JSON.stringify(end)))]
server.close()
dns.close()
console.log(JSON.stringify(results))
