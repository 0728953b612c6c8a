import { ApiError, ApiKey, ConfigurationError, NotFoundError, SmartRecruiters } from 'smartrecruiters'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../server.cjs'

let server
let sr

beforeAll(async () => {
  server = await serve()
  sr = new SmartRecruiters({ credential: new ApiKey('vitest'), baseUrl: server.baseUrl })
})
afterAll(() => server.close())

async function readMissing() {
  await sr.get('/missing')
}

function configureWrongly() {
  new SmartRecruiters({ credential: new ApiKey('vitest'), timeout: -1 })
}

test('a call succeeds', async () => {
  const call = sr.get('/jobs')
  expect(call).toBeInstanceOf(Promise)
  expect(await call).toEqual({ key: 'vitest' })
})

test('a failed call rejects with an error of this realm and of the caller', async () => {
  const error = await readMissing().catch(error => error)
  for (const Class of [Error, ApiError, NotFoundError]) expect(error).toBeInstanceOf(Class)
  expect(error.code).toBe('NOT_FOUND')
  expect(error.stack).toMatch(/readMissing.*client\.test\.mjs/)
  await expect(readMissing()).rejects.toThrow(NotFoundError)
})

test('a wrong option throws an error of this realm and of the caller', () => {
  expect(configureWrongly).toThrow(ConfigurationError)
  try {
    configureWrongly()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe('CONFIGURATION')
    expect(error.stack).toMatch(/configureWrongly.*client\.test\.mjs/)
  }
  expect.assertions(4)
})

test('values of this realm are taken and given', async () => {
  const abc = new Uint8Array([97, 98, 99])
  for (const body of [abc, Buffer.from(abc), abc.buffer, new Blob([abc]), new Blob([abc]).stream()]) {
    const bytes = await sr.post('/echo', { body, headers: new Headers(), query: new URLSearchParams() })
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect([...bytes]).toEqual([97, 98, 99])
  }
  await expect(sr.fetch('https://elsewhere.example')).rejects.toThrow(TypeError)
  const response = await sr.get('/jobs').asResponse()
  expect(response).toBeInstanceOf(Response)
  expect(await response.json()).toEqual(await sr.get('/jobs'))
})
