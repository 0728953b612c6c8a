// What `run-platform.mjs` runs on a platform: every kind of credential, SQLite, compressed bodies, and the network.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ApiKey, NetworkError, OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import './main-job.mjs'

const sandbox = await startSandbox()
const { clientId, clientSecret, redirectUris } = sandbox.app
const open = () => {
  const store = new SqliteStore({ path: join(import.meta.dirname, 'grants.sqlite'), create: true })
  return new OAuthApp({
    ...{ clientId, clientSecret, store, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl },
    encryptionKey: '5a'.repeat(32),
  })
}
const app = open()
const { url, state } = app.authorizationUrl({ scopes: ['jobs_read'] })
await app.exchange(await sandbox.consentTo(url), { state, id: 'customer' })
const grant = open().grant('customer')
assert.equal((await new SmartRecruiters({ credential: grant }).get('/jobs', { query: { limit: 1 } })).content.length, 1)
await sandbox.close()

const codings = { gzip: gzipSync, br: brotliCompressSync }
const server = createServer(({ url }, response) => {
  const coding = url.slice(1)
  response.setHeader('content-type', 'application/json').setHeader('content-encoding', coding)
  response.end(codings[coding](JSON.stringify({ coding })))
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const credential = new ApiKey('key')
const sr = new SmartRecruiters({ credential, baseUrl: `http://127.0.0.1:${server.address().port}`, retries: 0 })
for (const coding of Object.keys(codings)) assert.deepEqual(await sr.get(`/${coding}`), { coding })
const secure = sr.baseUrl.replace('http:', 'https:')
// The server does not speak TLS, which only an attempt at a handshake can find out.
const failure = await new SmartRecruiters({ credential, baseUrl: secure, retries: 0 }).get('/').catch(error => error)
assert.ok(failure instanceof NetworkError && failure.kind === 'tls', String(failure))
server.close()
server.closeAllConnections()

console.log(`It works on ${process.platform} ${process.arch}, Node ${process.version}.`)
