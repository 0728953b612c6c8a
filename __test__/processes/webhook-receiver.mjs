// A process that receives webhooks at a port of its own, and notes which events it has handled.

import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { toNodeHandler, Webhooks } from 'smartrecruiters/web'
import { serveParent } from '../support/fleet.mjs'
import { ENCRYPTION_KEY, openStore } from '../support/stores.mjs'

const { place, secrets, handled, hang, dieAfter, api } = JSON.parse(process.argv[2])
let begin
const begun = new Promise(resolve => {
  begin = resolve
})
const client = api && new SmartRecruiters({ credential: new ApiKey(api.key), baseUrl: api.baseUrl })
const webhooks = new Webhooks({ secrets, client, store: openStore(place), encryptionKey: ENCRYPTION_KEY })
const handler = webhooks.handler()
const server = createServer((req, res) => {
  // The answer has left for the network: the machine may go down at any time from now on.
  if (dieAfter) res.on('finish', () => setImmediate(() => process.kill(process.pid, 'SIGKILL')))
  toNodeHandler(handler)(req, res)
})
server.listen(0, () => {
  serveParent({
    port: () => server.address().port,
    handle: () => {
      webhooks.onAny(async ({ event }) => {
        begin()
        if (hang) await new Promise(() => {})
        appendFileSync(handled, `${event.id}\n`)
      })
      return 'handling'
    },
    subscribe: options => webhooks.subscribe(options).catch(error => ({ failed: error.message })),
    begun: () => begun.then(() => 'begun'),
  })
})
