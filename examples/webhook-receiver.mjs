// Receives webhooks: `node examples/webhook-receiver.mjs`, with the environment variables below. SmartRecruiters must
// reach PUBLIC_URL over HTTPS; the sandbox also takes `http://127.0.0.1:3000/`.

import { createServer } from 'node:http'
import { SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { toNodeHandler, Webhooks } from 'smartrecruiters/web'

const { PUBLIC_URL, ENCRYPTION_KEY, STORE = 'webhooks.sqlite', PORT = '3000' } = process.env
const sr = SmartRecruiters.fromEnv()
const webhooks = new Webhooks({
  store: new SqliteStore({ path: STORE }),
  encryptionKey: ENCRYPTION_KEY, // openssl rand -base64 32
  client: sr,
})

webhooks.on('application.created', async ({ event, resource }) => {
  console.log(event.payload.candidate_id, await resource())
})

const server = createServer(toNodeHandler(webhooks.handler())).listen(Number(PORT), async () => {
  const { id } = await webhooks.subscribe({ url: PUBLIC_URL, events: ['application.created'] })
  const { taken } = await webhooks.replay() // what arrived while this program did not run
  console.log(`subscription ${id} is active; ${taken} events were missed`)
})

process.once('SIGTERM', async () => {
  server.close()
  await webhooks.close()
  await sr.close()
})
