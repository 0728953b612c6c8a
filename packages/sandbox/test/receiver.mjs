import { once } from 'node:events'
import { createServer } from 'node:http'

/** Starts a receiver of webhooks. `answer` says what it answers; a handshake is echoed. It keeps no process alive. */
export async function startReceiver(answer = () => 202) {
  const received = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { url, headers } = request
    received.push({ url, headers, body })
    const hook = headers['x-hook-secret']
    if (hook === undefined) response.writeHead(answer(received.at(-1))).end()
    else response.writeHead(200, { 'x-hook-secret': hook }).end()
  })
  server.listen(0, '127.0.0.1').unref()
  server.on('connection', socket => socket.unref())
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}/hook`, received, close: () => server.close() }
}
