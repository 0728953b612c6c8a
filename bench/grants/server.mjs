/**
 * A server of tokens that live for a second, in a process of its own. It does next to nothing for each, so that the
 * client shows.
 */

import { once } from 'node:events'
import { createServer } from 'node:http'

let issued = 0
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const answer = {
      access_token: `at-${++issued}`,
      refresh_token: `rt-${issued}`,
      token_type: 'bearer',
      expires_in: 1,
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send(server.address().port)
process.once('disconnect', () => process.exit())
