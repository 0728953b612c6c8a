// One process of a partner's fleet.

import { PartnerApp, SmartRecruiters } from 'smartrecruiters'
import { serveParent } from '../support/fleet.mjs'
import { ENCRYPTION_KEY, openStore } from '../support/stores.mjs'

const { place, app: options } = JSON.parse(process.argv[2])
const partner = new PartnerApp({ limits: false, ...options, store: openStore(place), encryptionKey: ENCRYPTION_KEY })

serveParent({
  /** Connects them all at once: for each nothing, or the error's code. */
  connect: ({ companyIds }) =>
    Promise.all(
      companyIds.map(companyId =>
        partner.connect(companyId).then(
          () => null,
          error => error.code,
        ),
      ),
    ),
  /** The token that the customer's calls are made with. */
  async token({ companyId }) {
    const sr = new SmartRecruiters({ credential: partner.customer(companyId) })
    await sr.get('/payload/20')
    return (await sr.token()).accessToken
  },
  /** Begins to connect one, and ends the process by itself `after` so many milliseconds. */
  async exitAfter({ companyId, after }) {
    void partner.connect(companyId).catch(() => {})
    await new Promise(resolve => setTimeout(resolve, after))
    process.exit(0)
  },
  /** Begins to connect one, and gives it and everything else up `after` so many milliseconds. */
  async abandonAfter({ companyId, after }) {
    const call = new AbortController()
    void partner.connect(companyId, { signal: call.signal }).catch(() => {})
    await new Promise(resolve => setTimeout(resolve, after))
    call.abort()
    process.disconnect()
  },
})
