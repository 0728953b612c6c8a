// A process whose wall clock its parent sets: calls with client credentials and with a grant, and says what came of it.

import { ClientCredentials, OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { serveParent } from '../../__test__/support/fleet.mjs'

const { baseUrl, client, app: options, path, encryptionKey, refreshToken } = JSON.parse(process.argv[2])

const app = new OAuthApp({ ...options, encryptionKey, store: new SqliteStore({ path }) })
if (refreshToken) await app.import({ id: 'customer', refreshToken })
const clients = [new ClientCredentials(client), app.grant('customer')].map(
  credential => new SmartRecruiters({ credential, baseUrl, limits: false }),
)

serveParent({
  /** Calls so often with each credential at once: the codes of those that failed. */
  async call({ times }) {
    const calls = clients.flatMap(sr => Array.from({ length: times }, () => sr.get('/jobs')))
    const outcomes = await Promise.allSettled(calls)
    return { now: Date.now(), failed: outcomes.flatMap(({ reason }) => (reason ? [reason.code] : [])) }
  },
})
