import assert from 'node:assert/strict'
import { ApiError, ApiKey, ConfigurationError, NotFoundError, SmartRecruiters } from 'smartrecruiters'
import { serve } from '../server.cjs'

const server = await serve()
const sr = new SmartRecruiters({ credential: new ApiKey('esm'), baseUrl: server.baseUrl })

async function readMissing() {
  await sr.get('/missing')
}

function configureWrongly() {
  new SmartRecruiters({ credential: new ApiKey('esm'), timeout: -1 })
}

assert.deepEqual(await sr.get('/jobs'), { key: 'esm' })
await assert.rejects(readMissing, error => {
  assert(error instanceof Error && error instanceof ApiError && error instanceof NotFoundError)
  assert.equal(error.code, 'NOT_FOUND')
  assert.match(error.stack, /readMissing.*index\.mjs/)
  return true
})
assert.throws(configureWrongly, error => {
  assert(error instanceof Error && error instanceof ConfigurationError)
  assert.equal(error.code, 'CONFIGURATION')
  assert.match(error.stack, /configureWrongly.*index\.mjs/)
  return true
})
server.close()
console.log('done')
