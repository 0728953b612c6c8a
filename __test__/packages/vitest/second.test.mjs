// Another file gets a module registry, a thread or a realm of its own, as the pool has it.

import { ApiKey, NotFoundError, SmartRecruiters } from 'smartrecruiters'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../server.cjs'

let server

beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.close())

test('the package works in another file too', async () => {
  const sr = new SmartRecruiters({ credential: new ApiKey('second'), baseUrl: server.baseUrl })
  expect(await sr.get('/jobs')).toEqual({ key: 'second' })
  await expect(sr.get('/missing')).rejects.toThrow(NotFoundError)
})
