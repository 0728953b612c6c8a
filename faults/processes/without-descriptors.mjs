// A process that may open few files: uses each thing for the first time when none is left, and again when there are
// some. Prints what came of it.

import { closeSync, openSync } from 'node:fs'
import { ApiKey, OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { otherThan } from '../../__test__/support/servers.mjs'

const { baseUrl, apiKey, app: options, path, encryptionKey, refreshToken, warm } = JSON.parse(process.argv[2])

const open = () => new OAuthApp({ ...options, encryptionKey, store: new SqliteStore({ path }) })
const client = credential => new SmartRecruiters({ credential, baseUrl, retries: 0, limits: false })
const outcome = promise =>
  promise.then(
    () => 'ok',
    ({ name, code, sent, cause }) => ({ name, code, sent, cause: cause?.code }),
  )

const app = open()
const key = client(new ApiKey(apiKey))
if (warm) {
  await app.import({ id: 'customer', refreshToken })
  await key.get('/jobs')
}

const files = []
try {
  for (;;) files.push(openSync('/dev/null'))
} catch (error) {
  if (error.code !== 'EMFILE') throw error
}
const fresh = client(new ApiKey(apiKey))
const without = {
  call: await outcome(fresh.post('/jobs', { json: {} })),
  grant: warm
    ? await outcome(client(app.grant('customer')).get('/jobs'))
    : await outcome(app.import({ id: 'customer', refreshToken })),
}
for (const file of files.splice(0)) closeSync(file)

if (!warm) await app.import({ id: 'customer', refreshToken })
const after = { call: await outcome(fresh.get('/jobs')), first: await outcome(key.get('/jobs')) }
const grant = client(app.grant('customer'))
const { error } = await otherThan('TOKEN_UNAVAILABLE', () => grant.get('/jobs'))
after.grant = error === undefined ? 'ok' : String(error)
console.log(JSON.stringify({ without, after }))
