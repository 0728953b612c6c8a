// Clients that take a `fetch`: used as their own documentation shows, with ours in its place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfig, createClient as createHeyApi } from '@hey-api/client-fetch'
import ky, { HTTPError } from 'ky'
import { createFetch, FetchError } from 'ofetch'
import createOpenApi from 'openapi-fetch'
import { ClientCredentials, ConfigurationError, SmartRecruiters } from 'smartrecruiters'
import { firstCandidate, sandbox, sr } from './support/fetch.mjs'
import { failure } from './support/servers.mjs'

const QUERY = { limit: 2, sort: 'job_id' }

/** A form with a file, and where it goes. */
async function attachment() {
  const form = new FormData()
  form.set('attachmentType', 'RESUME')
  form.set('file', new Blob(['a résumé'], { type: 'text/plain' }), 'cv.txt')
  return { form, ...(await firstCandidate()) }
}

test('ky reads, sends, uploads and streams', async () => {
  const api = ky.create({ prefixUrl: sandbox.baseUrl, fetch: sr.fetch })
  const jobs = await api.get('jobs', { searchParams: QUERY }).json()
  assert.deepEqual([jobs.content.length, jobs.totalFound], [2, 20])
  const seen = await api.post('echo', { json: { name: 'Zoë' }, headers: { 'x-own': '1' } }).json()
  assert.equal(seen.method, 'POST')
  assert.deepEqual(JSON.parse(seen.body.text), { name: 'Zoë' })
  assert.equal(seen.headers['content-type'], 'application/json')
  assert.equal(seen.headers['x-own'], '1')
  const { form, id, jobId } = await attachment()
  const file = await api.post(`candidates/${id}/jobs/${jobId}/attachments`, { body: form }).json()
  assert.deepEqual([file.name, file.size], ['cv.txt', 10])
  let progress = 0
  const onDownloadProgress = ({ transferredBytes }) => {
    progress = transferredBytes
  }
  const text = await api.get('payload/300000', { onDownloadProgress }).text()
  assert.deepEqual([text.length, progress], [300_000, 300_000])
  assert.equal((await api.head('jobs')).status, 200)
})

test('ky has its own errors, retries, hooks and timeouts', async () => {
  const api = ky.create({ prefixUrl: sandbox.baseUrl, fetch: sr.fetch })
  const missing = await failure(api.get('jobs/none').json())
  assert.ok(missing instanceof HTTPError)
  assert.equal(missing.response.status, 404)
  assert.ok((await missing.response.json()).message)

  const fault = sandbox.fault({ path: '/echo', kind: 'status', status: 500, times: 2 })
  const seen = await api.get('echo', { retry: { limit: 2, delay: () => 0 } }).json()
  assert.deepEqual([seen.method, fault.hits], ['GET', 2])

  const statuses = []
  const beforeRequest = [request => request.headers.set('x-hook', '1')]
  const afterResponse = [(_request, _options, response) => void statuses.push(response.status)]
  const hooked = await api.put('echo', { json: 1, hooks: { beforeRequest, afterResponse } }).json()
  assert.deepEqual([hooked.headers['x-hook'], statuses], ['1', [200]])

  const hold = sandbox.fault({ path: '/echo', kind: 'hold' })
  assert.equal((await failure(api.get('echo', { timeout: 50, retry: 0 }))).name, 'TimeoutError')
  hold.clear()
})

test('openapi-fetch gives data or an error, with the response', async () => {
  const api = createOpenApi({ baseUrl: sandbox.baseUrl, fetch: sr.fetch })
  const list = await api.GET('/jobs', { params: { query: QUERY } })
  assert.equal(list.error, undefined)
  assert.equal(list.data.content.length, 2)
  const [{ id }] = list.data.content
  const one = await api.GET('/jobs/{id}', { params: { path: { id } } })
  assert.equal(one.data.id, id)
  const sent = await api.POST('/echo', { body: { name: 'Zoë' }, headers: { 'x-own': '1' } })
  assert.deepEqual(JSON.parse(sent.data.body.text), { name: 'Zoë' })
  assert.deepEqual([sent.data.headers['content-type'], sent.data.headers['x-own']], ['application/json', '1'])
  const missing = await api.GET('/jobs/{id}', { params: { path: { id: 'none' } } })
  assert.equal(missing.data, undefined)
  assert.equal(missing.response.status, 404)
  assert.ok(missing.error.message)
  const stream = await api.GET('/payload/{bytes}', { params: { path: { bytes: 300_000 } }, parseAs: 'stream' })
  let length = 0
  for await (const chunk of stream.data) length += chunk.length
  assert.equal(length, 300_000)
})

test('openapi-fetch uploads a form, and its middleware sees requests and responses', async () => {
  const api = createOpenApi({ baseUrl: sandbox.baseUrl, fetch: sr.fetch })
  const seen = []
  api.use({
    onRequest({ request }) {
      request.headers.set('x-middleware', '1')
      return request
    },
    onResponse({ response }) {
      seen.push([response.status, response.url])
    },
  })
  const echo = await api.PATCH('/echo', { body: [1] })
  assert.equal(echo.data.headers['x-middleware'], '1')
  assert.deepEqual(seen, [[200, `${sandbox.baseUrl}/echo`]])
  const { form, id, jobId } = await attachment()
  const { data } = await api.POST('/candidates/{id}/jobs/{jobId}/attachments', {
    params: { path: { id, jobId } },
    body: form,
    bodySerializer: body => body,
  })
  assert.deepEqual([data.name, data.size], ['cv.txt', 10])
})

test('@hey-api/client-fetch gives data or an error, with request and response', async () => {
  const api = createHeyApi(createConfig({ baseUrl: sandbox.baseUrl, fetch: sr.fetch }))
  const list = await api.get({ url: '/jobs', query: QUERY })
  assert.equal(list.error, undefined)
  assert.equal(list.data.content.length, 2)
  const [{ id }] = list.data.content
  assert.equal((await api.get({ url: '/jobs/{id}', path: { id } })).data.id, id)
  const sent = await api.post({
    url: '/echo',
    body: { name: 'Zoë' },
    headers: { 'Content-Type': 'application/json', 'x-own': '1' },
  })
  assert.deepEqual(JSON.parse(sent.data.body.text), { name: 'Zoë' })
  assert.deepEqual([sent.data.headers['content-type'], sent.data.headers['x-own']], ['application/json', '1'])
  const missing = await api.get({ url: '/jobs/{id}', path: { id: 'none' } })
  assert.equal(missing.response.status, 404)
  assert.ok(missing.error.message)
  const thrown = await failure(api.get({ url: '/jobs/{id}', path: { id: 'none' }, throwOnError: true }))
  assert.ok(thrown.message)
})

test('@hey-api/client-fetch has interceptors', async () => {
  const api = createHeyApi(createConfig({ baseUrl: sandbox.baseUrl, fetch: sr.fetch }))
  const statuses = []
  api.interceptors.request.use(request => {
    request.headers.set('x-interceptor', '1')
    return request
  })
  api.interceptors.response.use(response => {
    statuses.push(response.status)
    return response
  })
  const { data } = await api.put({ url: '/echo', body: 'text', bodySerializer: null })
  assert.deepEqual([data.headers['x-interceptor'], data.body.text, statuses], ['1', 'text', [200]])
})

test('ofetch reads, sends and throws its own errors', async () => {
  const $fetch = createFetch({ fetch: sr.fetch })
  const api = $fetch.create({ baseURL: sandbox.baseUrl })
  const jobs = await api('/jobs', { query: QUERY })
  assert.equal(jobs.content.length, 2)
  // Without a base: ours resolves paths.
  assert.equal((await $fetch('/echo')).path, '/echo')
  const seen = await api('/echo', { method: 'POST', body: { name: 'Zoë' }, headers: { 'x-own': '1' } })
  assert.deepEqual(JSON.parse(seen.body.text), { name: 'Zoë' })
  assert.deepEqual([seen.headers['content-type'], seen.headers['x-own']], ['application/json', '1'])
  const { form, id, jobId } = await attachment()
  const file = await api(`/candidates/${id}/jobs/${jobId}/attachments`, { method: 'POST', body: form })
  assert.deepEqual([file.name, file.size], ['cv.txt', 10])
  const missing = await failure(api('/jobs/none'))
  assert.ok(missing instanceof FetchError)
  assert.equal(missing.status, 404)
  assert.ok(missing.data.message)
  const raw = await api.raw('/jobs', { query: QUERY })
  assert.deepEqual([raw.status, raw._data.content.length], [200, 2])
  const stream = await api('/payload/300000', { responseType: 'stream' })
  let length = 0
  for await (const chunk of stream) length += chunk.length
  assert.equal(length, 300_000)
})

test('ofetch retries what failed, and stops at its timeout', async () => {
  const api = createFetch({ fetch: sr.fetch }).create({ baseURL: sandbox.baseUrl })
  const fault = sandbox.fault({ path: '/echo', kind: 'status', status: 500 })
  assert.equal((await api('/echo', { retry: 1, retryDelay: 0 })).method, 'GET')
  assert.equal(fault.hits, 1)
  const hold = sandbox.fault({ path: '/echo', kind: 'hold' })
  const error = await failure(api('/echo', { timeout: 50, retry: 0 }))
  assert.ok(error instanceof FetchError)
  assert.equal(error.cause.name, 'TimeoutError')
  hold.clear()
})

/** One POST by each client; each resolves with the status. */
function posts(fetch) {
  const { baseUrl } = sandbox
  const body = { name: 'Zoë' }
  const headers = { 'content-type': 'application/json' }
  const heyApi = createHeyApi(createConfig({ baseUrl, fetch }))
  return {
    fetch: async () => (await fetch('/echo', { method: 'POST', body: JSON.stringify(body) })).status,
    ky: async () => (await ky.post(`${baseUrl}/echo`, { fetch, json: body, retry: 0, throwHttpErrors: false })).status,
    'openapi-fetch': async () => (await createOpenApi({ baseUrl, fetch }).POST('/echo', { body })).response.status,
    '@hey-api/client-fetch': async () => (await heyApi.post({ url: '/echo', body, headers })).response.status,
    ofetch: async () =>
      (await createFetch({ fetch }).raw('/echo', { method: 'POST', body, retry: 0, ignoreResponseError: true })).status,
  }
}

test('beneath every client a token that the server no longer takes is renewed, for a POST too', async () => {
  const { clientId, clientSecret } = sandbox.client
  const { baseUrl } = sandbox
  const credential = new ClientCredentials({ clientId, clientSecret })
  const client = new SmartRecruiters({ credential, baseUrl, limits: false })
  const statuses = {}
  for (const [name, post] of Object.entries(posts(client.fetch))) {
    await client.get('/echo')
    sandbox.expireAccessTokens()
    statuses[name] = await post()
  }
  assert.deepEqual(new Set(Object.values(statuses)), new Set([200]), JSON.stringify(statuses))
})

test('beneath every client a 429 is waited out, for a POST too', async () => {
  const statuses = {}
  for (const [name, post] of Object.entries(posts(sr.fetch))) {
    const fault = sandbox.fault({ path: '/echo', kind: '429', retryAfter: 0 })
    statuses[name] = await post()
    assert.equal(fault.hits, 1)
  }
  assert.deepEqual(new Set(Object.values(statuses)), new Set([200]), JSON.stringify(statuses))
})

test('no client can be led to another origin', async () => {
  const evil = 'https://evil.example'
  const foreign = await failure(ky.get(`${evil}/jobs`, { fetch: sr.fetch, retry: 0 }))
  assert.ok(foreign instanceof TypeError && foreign.cause instanceof ConfigurationError)
  const openapi = await failure(createOpenApi({ baseUrl: evil, fetch: sr.fetch }).GET('/jobs', {}))
  assert.ok(openapi instanceof TypeError && openapi.cause instanceof ConfigurationError)
  const ofetch = await failure(createFetch({ fetch: sr.fetch })('/jobs', { baseURL: evil, retry: 0 }))
  assert.ok(ofetch.cause instanceof TypeError && ofetch.cause.cause instanceof ConfigurationError)
})
