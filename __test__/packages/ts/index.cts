import assert = require('node:assert/strict')
import smartrecruiters = require('smartrecruiters')
import testing = require('smartrecruiters/testing')
import server = require('../server.cjs')

const { ApiError, ApiKey, ConfigurationError, NotFoundError, SmartRecruiters } = smartrecruiters

async function main(): Promise<void> {
  const { baseUrl, close } = await server.serve()
  const sr: smartrecruiters.SmartRecruiters = new SmartRecruiters({ credential: new ApiKey('cts'), baseUrl })

  async function readMissing(): Promise<void> {
    await sr.get('/missing')
  }

  function configureWrongly(): void {
    new SmartRecruiters({ credential: new ApiKey('cts'), timeout: -1 })
  }

  const { data, response } = await sr.get<{ key: string }>('/jobs').withResponse()
  assert.equal(data.key.toUpperCase(), 'CTS')
  assert.equal(response.status, 200)
  await assert.rejects(readMissing, (error: unknown) => {
    assert(error instanceof Error && error instanceof ApiError && error instanceof NotFoundError)
    const code: smartrecruiters.ErrorCode = error.code
    assert.equal(code, 'NOT_FOUND')
    assert.match(error.stack ?? '', /readMissing.*index\.cjs/)
    return true
  })
  assert.throws(configureWrongly, (error: unknown) => {
    assert(error instanceof Error && error instanceof ConfigurationError)
    assert.match(error.stack ?? '', /configureWrongly.*index\.cjs/)
    return true
  })
  const bad: smartrecruiters.Store = { load: () => null, swap: () => true, due: () => [] }
  await assert.rejects(
    testing.checkStore(() => bad),
    /created once/,
  )
  close()
  console.log('done')
}

main()
