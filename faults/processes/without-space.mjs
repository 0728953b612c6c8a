// A process whose grants are on a small file system: fills it, uses the grant, and makes room again. Prints what came of
// each use.

import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { otherThan } from '../../__test__/support/servers.mjs'

/** More renewals than SQLite's log has room for, once the file system is full. */
const RENEWALS = 500

const { baseUrl, app: options, folder, encryptionKey, refreshToken } = JSON.parse(process.argv[2])

const app = new OAuthApp({ ...options, encryptionKey, store: new SqliteStore({ path: join(folder, 'grants.sqlite') }) })
const sr = new SmartRecruiters({ credential: app.grant('customer'), limits: false })
const expire = () => fetch(`${baseUrl}/_sandbox/expire-access-tokens`, { method: 'POST' })
const use = () =>
  sr.get('/jobs').then(
    () => 'ok',
    ({ name, code }) => `${name} ${code}`,
  )

await app.import({ id: 'customer', refreshToken })
const before = await use()

const filler = join(folder, 'filler')
const file = openSync(filler, 'w')
for (const size of [65_536, 4096, 1]) {
  try {
    for (;;) writeSync(file, Buffer.alloc(size))
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error
  }
}
closeSync(file)
const valid = await use()

let renewals = 0
// A token that the API has refused is used on while the store takes no journal of an exchange.
let full = 'ok'
while (full === 'ok' && renewals < RENEWALS) {
  await expire()
  full = await use()
  if (full === 'ok') renewals++
}
const imported = await app.import({ id: 'another', refreshToken: 'another' }).then(
  () => 'ok',
  ({ name, code }) => `${name} ${code}`,
)

unlinkSync(filler)
const { error } = await otherThan('AUTHENTICATION', () => sr.get('/jobs'))
console.log(JSON.stringify({ before, valid, renewals, full, imported, after: error === undefined ? 'ok' : `${error}` }))
