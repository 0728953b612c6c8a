import assert from 'node:assert/strict'
import {
  ApiError,
  ApiKey,
  ConfigurationError,
  type ErrorCode,
  NotFoundError,
  OAuthApp,
  SmartRecruiters,
} from 'smartrecruiters'
import { checkStore } from 'smartrecruiters/testing'
import { type Handler, loginHandler, toNodeHandler } from 'smartrecruiters/web'
import { serve } from '../server.cjs'

const server = await serve()
const sr = new SmartRecruiters({ credential: new ApiKey('mts'), baseUrl: server.baseUrl })

async function readMissing(): Promise<void> {
  await sr.get('/missing')
}

function configureWrongly(): void {
  new SmartRecruiters({ credential: new ApiKey('mts'), timeout: -1 })
}

const { data, response } = await sr.get<{ key: string }>('/jobs').withResponse()
assert.equal(data.key.toUpperCase(), 'MTS')
assert.equal(response.status, 200)
await assert.rejects(readMissing, (error: unknown) => {
  assert(error instanceof Error && error instanceof ApiError && error instanceof NotFoundError)
  const code: ErrorCode = error.code
  assert.equal(code, 'NOT_FOUND')
  assert.match(error.stack ?? '', /readMissing.*index\.mjs/)
  return true
})
assert.throws(configureWrongly, (error: unknown) => {
  assert(error instanceof Error && error instanceof ConfigurationError)
  assert.match(error.stack ?? '', /configureWrongly.*index\.mjs/)
  return true
})
await assert.rejects(
  checkStore(() => ({ load: () => null, swap: () => true, due: () => [] })),
  /created once/,
)
const app = new OAuthApp({ clientId: 'mts', clientSecret: 'secret', redirectUri: 'http://localhost/callback' })
const login: Handler = loginHandler(app, { cookieSecret: 'a secret of at least 32 characters' })
assert.equal((await login(new Request('http://localhost/login')))?.status, 302)
assert.equal(typeof toNodeHandler(login), 'function')
server.close()
console.log('done')
