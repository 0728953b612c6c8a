// A process whose only work is keep-alive in the background, until its parent lets it go. It then ends by itself.

import { OAuthApp } from 'smartrecruiters'
import { ENCRYPTION_KEY, openStore } from '../support/stores.mjs'

const { place, app: options } = JSON.parse(process.argv[2])
function start() {
  const app = new OAuthApp({
    ...options,
    store: openStore(place),
    encryptionKey: ENCRYPTION_KEY,
    keepAlive: { every: 1000, perSecond: 100 },
  })
  app.on('renewed', ({ grantId }) => process.connected && process.send({ grantId }))
}

start()
// Nobody holds the app.
globalThis.gc()
process.on('message', () => process.disconnect())
process.send('ready')
