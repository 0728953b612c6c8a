import { once } from 'node:events'
import { createServer } from 'node:http'

// `GET /<bytes>` gives so many, `POST` takes any; as fast as the client is.
const BLOCK = Buffer.alloc(256 * 1024, 'x')

const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    let bytes = 0
    request.on('data', chunk => {
      bytes += chunk.length
    })
    await once(request, 'end')
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ bytes }))
    return
  }
  let left = Number(request.url.slice(1))
  response.setHeader('content-length', left)
  for (; left > 0; left -= BLOCK.length) {
    if (!response.write(BLOCK.subarray(0, Math.min(left, BLOCK.length)))) await once(response, 'drain')
  }
  response.end()
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
// It ends with the test that started it.
process.stdin.resume().on('end', () => process.exit())
