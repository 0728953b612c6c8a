// Answers whatever the endurance test asks for. Ends with its standard input.

import { createServer } from 'node:http'

const JSON_HEADERS = { 'content-type': 'application/json' }

const server = createServer((request, response) => {
  request.resume()
  const { pathname } = new URL(request.url, 'http://localhost')
  if (pathname === '/never') return
  if (pathname === '/missing') return response.writeHead(404, JSON_HEADERS).end('{"message":"not here"}')
  if (pathname === '/page') {
    return response.writeHead(200, JSON_HEADERS).end(JSON.stringify({ content: Array(50).fill({ id: 'a-job' }) }))
  }
  response.writeHead(200, JSON_HEADERS).end('{"id":"00000000-3f6c-4f5e-b1a7"}')
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.stdin.on('end', () => process.exit()).resume()
