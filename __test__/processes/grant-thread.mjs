// A worker thread that uses a grant, or does to it what its parent says, and tells what it hears of it.

import { parentPort, workerData } from 'node:worker_threads'
import { OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { ENCRYPTION_KEY, openStore } from '../support/stores.mjs'

const { place, app: options, id } = workerData
const app = new OAuthApp({ encryptionKey: ENCRYPTION_KEY, ...options, store: openStore(place) })
const sr = new SmartRecruiters({ credential: app.grant(id) })
app.on('renewed', event => parentPort.postMessage({ event }))

const ACTIONS = {
  /** Answered, or what became of it. */
  async call() {
    return sr.get('/payload/20').then(
      () => 'answered',
      error => `${error.code} ${error.reason ?? error.message}`.trim(),
    )
  },
  forget: () => app.forget(id),
  async import({ refreshToken }) {
    await app.import({ id, refreshToken })
  },
}

parentPort.on('message', async ({ action, ...options }) => {
  parentPort.postMessage({ done: await ACTIONS[action](options) })
})
parentPort.postMessage('ready')
