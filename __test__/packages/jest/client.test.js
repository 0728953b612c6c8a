const { ApiError, ApiKey, ConfigurationError, NotFoundError, SmartRecruiters } = require('smartrecruiters')
const { serve } = require('../server.cjs')

let server
let sr

beforeAll(async () => {
  server = await serve()
  sr = new SmartRecruiters({ credential: new ApiKey('jest'), baseUrl: server.baseUrl })
})
afterAll(() => server.close())

async function readMissing() {
  await sr.get('/missing')
}

function configureWrongly() {
  new SmartRecruiters({ credential: new ApiKey('jest'), timeout: -1 })
}

test('a call succeeds', async () => {
  const call = sr.get('/jobs')
  expect(call).toBeInstanceOf(Promise)
  expect(await call).toEqual({ key: 'jest' })
})

test('a failed call rejects with an error of this realm and of the caller', async () => {
  const error = await readMissing().catch(error => error)
  for (const Class of [Error, ApiError, NotFoundError]) expect(error).toBeInstanceOf(Class)
  expect(error.code).toBe('NOT_FOUND')
  expect(error.stack).toMatch(/readMissing.*client\.test\.js/)
  await expect(readMissing()).rejects.toThrow(NotFoundError)
})

test('a wrong option throws an error of this realm and of the caller', () => {
  expect(configureWrongly).toThrow(ConfigurationError)
  try {
    configureWrongly()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe('CONFIGURATION')
    expect(error.stack).toMatch(/configureWrongly.*client\.test\.js/)
  }
  expect.assertions(4)
})
