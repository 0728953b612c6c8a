// A thread with a server that answers each request with what its parent says for the path, or with an empty object, and
// tells its parent what it was sent.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

let requests = []
const server = createServer((request, response) => {
  const parts = []
  request.on('error', () => {})
  request.on('data', part => parts.push(part))
  request.on('end', () => {
    const { method, url, headers } = request
    requests.push({ method, url, headers, body: Buffer.concat(parts).toString('latin1') })
    response.setHeader('content-type', 'application/json')
    const [path] = url.split('?', 1)
    response.end(JSON.stringify(workerData?.[path] ?? {}))
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
parentPort.on('message', () => {
  parentPort.postMessage(requests)
  requests = []
})
parentPort.postMessage(`http://127.0.0.1:${server.address().port}`)
