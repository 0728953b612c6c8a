// A process with little address space: reads bodies, each of them larger than the last, and keeps them all, while it
// uses a grant. It ends by running out of memory, or when there are enough of them. Prints a line for each.

import { OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'

const { app: options, path, encryptionKey } = JSON.parse(process.argv[2])

const app = new OAuthApp({ ...options, encryptionKey, store: new SqliteStore({ path }) })
const sr = new SmartRecruiters({ credential: app.grant('customer'), limits: false, timeout: 60_000 })
const kept = []
for (let size = 4 << 20; kept.length < 8; size += 4 << 20) {
  const body = await sr.get(`/payload/${size}`).catch(error => error)
  console.log(body instanceof Error ? `${body.name} ${body.code}` : 'ok')
  kept.push(body)
}
