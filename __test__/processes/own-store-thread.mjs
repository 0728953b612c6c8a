// A worker with a store of its own, which has something issued that is issued once.

import { parentPort, workerData } from 'node:worker_threads'
import { OAuthApp, PartnerApp, SmartRecruiters } from 'smartrecruiters'

const { action, app: options, refreshToken, exitWith } = workerData
const records = new Map()

/** In memory: gone with this thread. */
const store = {
  durable: false,
  load: id => records.get(id),
  swap(id, expected, content) {
    if ((records.get(id)?.version ?? 0) !== expected) return false
    records.set(id, { version: expected + 1, content })
    return true
  },
  due: () => [],
}

const ACTIONS = {
  async renew() {
    const app = new OAuthApp({ ...options, store })
    await app.import({ id: 'worker-grant', refreshToken })
    await new SmartRecruiters({ credential: app.grant('worker-grant') }).token()
  },
  async exchange() {
    const app = new OAuthApp({ ...options, store })
    const { url, state } = app.authorizationUrl()
    parentPort.postMessage({ url })
    const callback = await new Promise(resolve => parentPort.once('message', resolve))
    await app.exchange(callback, { state, id: 'worker-grant' })
  },
  async connect() {
    await new PartnerApp({ ...options, store }).connect('worker-company')
  },
}

if (exitWith !== undefined) parentPort.on('message', message => message === 'exit' && process.exit(exitWith))
await ACTIONS[action]()
parentPort.postMessage({ done: true })
