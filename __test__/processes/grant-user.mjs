// One process of a fleet that shares a grant: does what its parent says, and says what came of it.

import { OAuthApp, SmartRecruiters } from 'smartrecruiters'
import { serveParent } from '../support/fleet.mjs'
import { ENCRYPTION_KEY, openStore } from '../support/stores.mjs'

const { place, app: options } = JSON.parse(process.argv[2])
const app = new OAuthApp({ encryptionKey: ENCRYPTION_KEY, ...options, store: openStore(place) })
const sr = new SmartRecruiters({ credential: app.grant('customer'), limits: false })

serveParent({
  /** Answered, or the error's code and reason. */
  async call() {
    return sr.get('/payload/20').then(
      () => 'answered',
      error => `${error.code} ${error.reason ?? ''}`.trim(),
    )
  },
  /** Begins a call, and ends the process by itself `after` so many milliseconds. */
  async exitAfter({ after }) {
    void sr.get('/payload/20').catch(() => {})
    await new Promise(resolve => setTimeout(resolve, after))
    process.exit(0)
  },
  /** Begins a call, and gives it and everything else up `after` so many milliseconds. */
  async abandonAfter({ after }) {
    const call = new AbortController()
    void sr.get('/payload/20', { signal: call.signal }).catch(() => {})
    await new Promise(resolve => setTimeout(resolve, after))
    call.abort()
    process.disconnect()
  },
  keepAlive({ idle, perSecond }) {
    return app.keepAlive({ idle, perSecond })
  },
  rekey() {
    return app.rekey()
  },
})
