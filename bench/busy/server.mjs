/** The servers of the scenario `busy`, in a process of their own. Tells its parent the port of each. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { ENDLESS, endless, large, redirects } from './answers.mjs'

const servers = {
  small: createServer((request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json').end('{"ok":true}')
  }),
  redirects: redirects(),
  large: await large(),
  ...Object.fromEntries(Object.entries(ENDLESS).map(([name, answer]) => [name, endless(answer)])),
}
const ports = {}
for (const [name, server] of Object.entries(servers)) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ports[name] = server.address().port
}
process.on('disconnect', () => process.exit())
process.send(ports)
