// A process whose worker, which has a store of its own, ends in the middle of an exchange; and that then has nothing to
// do. It says which warnings there were.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { OAuthApp } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'

const sandbox = await startSandbox({ limits: false })
const { clientId, clientSecret, redirectUris } = sandbox.app
const options = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl, exitTimeout: 60_000 }
new OAuthApp(options)

process.on('warning', ({ code }) => console.log(code))
const held = sandbox.fault({ path: '/identity/oauth/token', kind: 'hold', when: 'after' })
const worker = new Worker(new URL('./own-store-thread.mjs', import.meta.url), {
  workerData: { action: 'exchange', app: options },
})
const [{ url }] = await once(worker, 'message')
worker.postMessage(await sandbox.consentTo(url))
while (held.hits === 0) await new Promise(setImmediate)
await worker.terminate()
held.clear()
await sandbox.close()
