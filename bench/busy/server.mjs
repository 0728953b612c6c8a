/**
 * Servers of the scenario `busy`, in a process of their own: `small`, or those that keep a client `busy`. The two must
 * not share a process, since a server that pumps has no time for others either. Tells its parent the port of each.
 */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { ENDLESS, endless, large, redirects } from './answers.mjs'

const servers = {
  small: async () => ({
    small: createServer((request, response) => {
      request.resume()
      response.setHeader('content-type', 'application/json').end('{"ok":true}')
    }),
  }),
  busy: async () => ({
    redirects: redirects(),
    ...Object.fromEntries(Object.entries(ENDLESS).map(([name, answer]) => [name, endless(answer)])),
    large: await large(),
  }),
}

const ports = {}
for (const [name, server] of Object.entries(await servers[process.argv[2]]())) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ports[name] = server.address().port
}
process.on('disconnect', () => process.exit())
process.send(ports)
