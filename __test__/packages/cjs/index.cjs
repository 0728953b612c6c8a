const assert = require('node:assert/strict')
const { ApiError, ApiKey, ConfigurationError, NotFoundError, SmartRecruiters } = require('smartrecruiters')
const { serve } = require('../server.cjs')

async function main() {
  const server = await serve()
  const sr = new SmartRecruiters({ credential: new ApiKey('cjs'), baseUrl: server.baseUrl })

  async function readMissing() {
    await sr.get('/missing')
  }

  function configureWrongly() {
    new SmartRecruiters({ credential: new ApiKey('cjs'), timeout: -1 })
  }

  assert.deepEqual(await sr.get('/jobs'), { key: 'cjs' })
  await assert.rejects(readMissing, error => {
    assert(error instanceof Error && error instanceof ApiError && error instanceof NotFoundError)
    assert.equal(error.code, 'NOT_FOUND')
    assert.match(error.stack, /readMissing.*index\.cjs/)
    return true
  })
  assert.throws(configureWrongly, error => {
    assert(error instanceof Error && error instanceof ConfigurationError)
    assert.equal(error.code, 'CONFIGURATION')
    assert.match(error.stack, /configureWrongly.*index\.cjs/)
    return true
  })
  server.close()
  console.log('done')
}

main()
