// The tools for tests, as a suite of vitest uses them.

import { ApiKey, ConfigurationError, SmartRecruiters } from 'smartrecruiters'
import { startBridge } from 'smartrecruiters/testing'
import { startSandbox } from 'smartrecruiters-sandbox'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

let sandbox
let sr

beforeAll(async () => {
  sandbox = await startSandbox({ data: { jobs: [{ id: 'nurse', title: 'Nurse' }] } })
  sr = new SmartRecruiters({ credential: new ApiKey(sandbox.apiKey), baseUrl: sandbox.baseUrl })
})
afterAll(() => sandbox.close())

test('the sandbox serves the data of the test', async () => {
  expect(await sr.get('/jobs/{id}', { params: { id: 'nurse' } })).toEqual({ id: 'nurse', title: 'Nurse' })
  const titles = []
  for await (const { title } of sr.paginate('/jobs')) titles.push(title)
  expect(titles).toEqual(['Nurse'])
})

test('its errors match', async () => {
  await expect(sr.get('/jobs/none')).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404, method: 'GET' })
  await expect(sr.get('/jobs/none')).rejects.toBeInstanceOf(Error)
  await expect(sr.get('/nowhere')).rejects.toThrow("add it with sandbox.route('GET', '/nowhere', …)")
  await expect(startSandbox({ data: { jobs: [{}] } })).rejects.toThrow(TypeError)
})

test('its routes are those of the test', async () => {
  const { clear } = sandbox.route('PUT', '/offers/{id}', ({ params, body }) => ({
    status: 201,
    body: { params, body },
  }))
  const { data, response } = await sr.put('/offers/{id}', { params: { id: 1 }, json: { a: [1] } }).withResponse()
  expect(response.status).toBe(201)
  expect(data).toEqual({ params: { id: '1' }, body: { a: [1] } })
  clear()
  const bytes = new Uint8Array([0, 255])
  sandbox.route('POST', '/files', ({ body }) => ({ body: new Uint8Array(body) }))
  expect(await sr.post('/files', { body: bytes })).toEqual(bytes)
  expect([...(await sandbox.requests().at(-1).bytes())]).toEqual([0, 255])
})

test('a bridge shows requests to a mock of fetch', async () => {
  const fetch = vi.fn(async (_url, { body }) => Response.json({ body }, { status: 201 }))
  const bridge = await startBridge({ fetch })
  const mocked = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: bridge.baseUrl })
  expect(await mocked.post('/jobs', { json: { title: 'Nurse' } })).toEqual({ body: '{"title":"Nurse"}' })
  expect(fetch).toHaveBeenCalledWith(
    'https://api.smartrecruiters.com/jobs',
    expect.objectContaining({ method: 'POST' }),
  )
  await bridge.close()
  await expect(startBridge({ fetch: 1 })).rejects.toThrow(ConfigurationError)
})
