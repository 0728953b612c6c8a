// Another file has a module registry of its own, and so the face twice on one addon in one process.

const { serve } = require('../server.cjs')

let server

beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.close())

test('the package works once more in the same process, and after a reset of the modules', async () => {
  for (const key of ['first', 'second']) {
    jest.resetModules()
    const { ApiKey, NotFoundError, SmartRecruiters } = require('smartrecruiters')
    const sr = new SmartRecruiters({ credential: new ApiKey(key), baseUrl: server.baseUrl })
    expect(await sr.get('/jobs')).toEqual({ key })
    await expect(sr.get('/missing')).rejects.toThrow(NotFoundError)
  }
})
