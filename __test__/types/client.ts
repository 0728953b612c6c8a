/** Clients, their credentials and their requests. */

import { createReadStream } from 'node:fs'
import {
  type AccessToken,
  ApiKey,
  BearerToken,
  ClientCredentials,
  type ClientOptions,
  type Credential,
  type EndpointLimits,
  type LimitOptions,
  MemoryStore,
  type Page,
  type PaginateOptions,
  type PaginateProgress,
  type Paginator,
  RedisLimits,
  type RequestOptions,
  type ResponsePromise,
  SmartRecruiters,
} from 'smartrecruiters'
import { type Equal, holds } from './assertions.js'

interface Job {
  id: string
  title: string
}

export async function credentials(): Promise<void> {
  const credentials: Credential[] = [
    new ApiKey('key'),
    new BearerToken('token'),
    new ClientCredentials({ clientId: 'id', clientSecret: 'secret' }),
    new ClientCredentials({
      clientId: 'id',
      clientSecret: 'secret',
      clientAuth: 'basic',
      tokenUrl: new URL('https://example.com/token'),
      store: new MemoryStore(),
      encryptionKey: ['key', 'older key'],
    }),
  ]
  for (const credential of credentials) new SmartRecruiters({ credential })

  // @ts-expect-error A key is text.
  new ApiKey(1)
  // @ts-expect-error A key is needed; that of the environment may be missing.
  new ApiKey(process.env.SMARTRECRUITERS_API_KEY)
  // @ts-expect-error A token is needed.
  new BearerToken()
  // @ts-expect-error A secret is needed.
  new ClientCredentials({ clientId: 'id' })
  // @ts-expect-error There is no such option.
  new ClientCredentials({ clientId: 'id', clientSecret: 'secret', scope: 'jobs_read' })
  // @ts-expect-error There is no such way.
  new ClientCredentials({ clientId: 'id', clientSecret: 'secret', clientAuth: 'header' })
  new ClientCredentials({ clientId: 'id', clientSecret: 'secret', tokenUrl: undefined })
  // @ts-expect-error A store is an object, and no URL of one.
  new ClientCredentials({ clientId: 'id', clientSecret: 'secret', store: 'redis://localhost' })
  // @ts-expect-error It is a class.
  ApiKey('key')
}

export async function clients(credential: Credential): Promise<void> {
  const options: ClientOptions = {
    credential,
    environment: 'sandbox',
    baseUrl: new URL('http://127.0.0.1:3000'),
    timeout: 5000,
    retries: 0,
    maxBodySize: 1024,
    limits: false,
    connectTimeout: 1000,
    proxy: false,
    ca: 'PEM',
    cert: new Uint8Array(),
    key: Buffer.from('PEM'),
  }
  await using sr: SmartRecruiters = new SmartRecruiters(options)
  const baseUrl: string = sr.baseUrl
  SmartRecruiters.fromEnv()
  SmartRecruiters.fromEnv({ baseUrl, timeout: 1000 })
  sr.withCredential(new ApiKey('other')).withCredential(credential)
  holds<Equal<Awaited<ReturnType<typeof sr.token>>, AccessToken | undefined>>()
  const token = await sr.token()
  if (token) holds<Equal<typeof token.expiresAt, Date>>()

  const shared = new RedisLimits({ url: 'redis://localhost', ca: 'PEM' })
  shared.on('degraded', ({ members, error }) => [members.toFixed(), error.code]).on('restored', () => {})
  const endpoints = { 'GET /jobs/{id}': { perSecond: 5, concurrent: 2 }, 'POST /jobs': {} }
  const limits: LimitOptions = { endpoints, concurrent: 4, concurrencyScope: 'endpoint', queue: 100, shared }
  new SmartRecruiters({ credential, limits })
  sr.limits().map((figures: EndpointLimits) => [figures.endpoint.length, figures.longestWait.toFixed()])
  await sr.get('/jobs', { priority: 'batch' })

  // As other clients take it.
  const platform: typeof globalThis.fetch = sr.fetch
  holds<Equal<Awaited<ReturnType<typeof platform>>, Response>>()

  // @ts-expect-error A client needs options.
  new SmartRecruiters()
  // @ts-expect-error A client needs a credential.
  new SmartRecruiters({})
  // @ts-expect-error There is no such option.
  new SmartRecruiters({ credential, apiKey: 'key' })
  // @ts-expect-error There is no such environment.
  new SmartRecruiters({ credential, environment: 'staging' })
  // @ts-expect-error A timeout is a number.
  new SmartRecruiters({ credential, timeout: '5s' })
  new SmartRecruiters({ credential, timeout: undefined })
  // @ts-expect-error There is no such proxy; without one, the environment's is used.
  new SmartRecruiters({ credential, proxy: true })
  // @ts-expect-error They are switched off by `false`.
  new SmartRecruiters({ credential, limits: true })
  // @ts-expect-error There is no such limit.
  new SmartRecruiters({ credential, limits: { perSecond: 10 } })
  // @ts-expect-error There is no such event.
  shared.on('lost', () => {})
  // @ts-expect-error A number of retries is a number.
  new SmartRecruiters({ credential, retries: false })
  // @ts-expect-error The credential is that of the environment.
  SmartRecruiters.fromEnv({ credential })
  // @ts-expect-error It is read only.
  sr.baseUrl = 'https://example.com'
  // @ts-expect-error A token may be missing.
  ;(await sr.token()).accessToken
}

export function noCredential(sr: SmartRecruiters): void {
  // @ts-expect-error A credential is an object of this package, and no text.
  new SmartRecruiters({ credential: 'key' })
  // @ts-expect-error A credential is an object of this package, and no number.
  new SmartRecruiters({ credential: 1 })
  // @ts-expect-error A credential is an object of this package, and no other.
  new SmartRecruiters({ credential: { apiKey: 'key' } })
  // @ts-expect-error A credential is an object of this package, and not its class.
  new SmartRecruiters({ credential: ApiKey })
  // @ts-expect-error The options of client credentials are none yet.
  new SmartRecruiters({ credential: { clientId: 'id', clientSecret: 'secret' } })
  // @ts-expect-error An id of a grant is no grant.
  new SmartRecruiters({ credential: { id: 'grant' } })
  // @ts-expect-error The same for clients of a client.
  sr.withCredential('key')
}

export async function requests(sr: SmartRecruiters, signal: AbortSignal): Promise<void> {
  holds<Equal<Awaited<ReturnType<typeof sr.get<Job>>>, Job>>()
  const job = await sr.get<Job>('/jobs/{id}', { params: { id: 'id' } })
  const title: string = job.title
  await sr.post<Job>('/jobs', { json: { title } })
  await sr.put<Job>('/jobs/id', { json: { title } })
  await sr.patch<Job>('/jobs/id', { json: [], headers: { 'Content-Type': 'application/json-patch+json' } })
  await sr.delete('/jobs/id')
  await sr.request<Job>('OPTIONS', '/jobs')
  holds<Equal<Awaited<ReturnType<typeof sr.head>>, undefined>>()

  const promise: ResponsePromise<Job> = sr.get<Job>('/jobs/id')
  const plain: Promise<Job> = promise
  await plain
  const { data, response } = await sr.get<Job>('/jobs/id').withResponse()
  holds<Equal<typeof data, Job>>()
  holds<Equal<typeof response, Response>>()
  holds<Equal<Awaited<ReturnType<typeof promise.asResponse>>, Response>>()

  const options: RequestOptions = {
    params: { id: 'a', page: 1, active: true },
    query: { one: 'a', two: 2, three: true, list: ['a', 1, false], none: null, skipped: undefined },
    headers: { 'X-One': 'a' },
    body: new Uint8Array(),
    timeout: 1000,
    signal,
  }
  await sr.post('/other', options)
  const list: readonly string[] = ['a']
  await sr.get('/jobs', { query: new URLSearchParams(), headers: new Headers() })
  await sr.get('/other', { query: { list } as const })
  await sr.post('/other', { body: 'text' })
  await sr.post('/other', { body: Buffer.from('bytes'), idempotent: true })
  await sr.post('/other', { body: new Blob(['text']).stream() })
  await sr.post('/other', { body: createReadStream('file') })
  await sr.post('/other', { form: new FormData() })
}

export async function wrongRequests(sr: SmartRecruiters): Promise<void> {
  // @ts-expect-error What comes is unknown, unless it is said.
  ;(await sr.get('/jobs/id')).title
  // @ts-expect-error The answer is no part of the data.
  ;(await sr.get<Job>('/jobs/id')).status
  // @ts-expect-error An answer must be awaited.
  sr.get<Job>('/jobs/id').title
  // @ts-expect-error A path is needed.
  await sr.get()
  // @ts-expect-error A path is text.
  await sr.get(new URL('https://example.com'))
  // @ts-expect-error A method is needed.
  await sr.request('/jobs')
  // @ts-expect-error There is no such option: it is `json`.
  await sr.post('/other', { jsno: {} })
  // @ts-expect-error There is no such option: it is `json`.
  await sr.post('/other', { data: {} })
  // @ts-expect-error There is no such option: it is `query`.
  await sr.get('/other', { qs: {} })
  // @ts-expect-error A body of objects is `json`.
  await sr.post('/other', { body: { title: 'a' } })
  // @ts-expect-error A form is a FormData.
  await sr.post('/other', { form: { title: 'a' } })
  // @ts-expect-error A parameter has a value.
  await sr.get('/jobs/{id}', { params: { id: undefined } })
  // @ts-expect-error A parameter has one value.
  await sr.get('/jobs/{id}', { params: { id: ['a'] } })
  // @ts-expect-error A query is flat.
  await sr.get('/other', { query: { filter: { status: 'open' } } })
  // @ts-expect-error A query's dates have many forms: say which.
  await sr.get('/other', { query: { since: new Date() } })
  // @ts-expect-error A header is text.
  await sr.get('/jobs', { headers: { 'X-One': 1 } })
  await sr.get('/jobs', { timeout: undefined })
  // @ts-expect-error A signal is needed, and not its controller.
  await sr.get('/jobs', { signal: new AbortController() })
  // @ts-expect-error There is no such method.
  await sr.options('/jobs')
}

/** The `{name}`s of a path that the compiler knows have values in `params`. */
export async function paths(sr: SmartRecruiters, path: string, id: string, options: RequestOptions): Promise<void> {
  await sr.get('/jobs/{id}', { params: { id }, timeout: 1000 })
  await sr.get('/candidates/{id}/jobs/{jobId}', { params: { id, jobId: 7 } })
  await sr.request('GET', '/jobs/{id}', { params: { id } })
  await sr.head('/jobs/{id}', { params: { id } })
  sr.paginate('/jobs/{id}/notes', { params: { id }, prefetch: 0 })
  const job: Job = await sr.get('/others/{id}', { params: { id } })
  await sr.get(`/jobs/${job.id}/{part}`, { params: { part: 'notes' } })
  await sr.get('/jobs', { params: {} })
  await sr.get('/jobs', options)
  await sr.get(`/jobs/${id}`)

  // Of these it knows no more than that they are strings.
  await sr.get(path)
  await sr.get(path, { params: { id } })
  await sr.get(path, options)
  sr.paginate(path, { params: { id } })
  // And with a type argument, it infers none of the others.
  await sr.get<Job>('/jobs/{id}', { params: { id } })

  // @ts-expect-error `id` has no value.
  await sr.get('/jobs/{id}')
  // @ts-expect-error `id` has no value.
  await sr.delete('/jobs/{id}', {})
  // @ts-expect-error `id` has no value.
  await sr.post('/jobs/{id}', { json: {} })
  // @ts-expect-error `jobId` has no value.
  await sr.put('/candidates/{id}/jobs/{jobId}', { params: { id } })
  // @ts-expect-error There is no `ID`.
  await sr.patch('/jobs/{id}', { params: { ID: id } })
  // @ts-expect-error There is no `page`.
  await sr.get('/jobs/{id}', { params: { id, page: 1 } })
  // @ts-expect-error There is no `id`.
  await sr.get('/jobs', { params: { id } })
  // @ts-expect-error There is no `id`.
  await sr.get(`/jobs/${path}`, { params: { id } })
  // @ts-expect-error The options may have no `id`.
  await sr.get('/jobs/{id}', options)
  // @ts-expect-error `id` has no value.
  await sr.request('GET', '/jobs/{id}')
  // @ts-expect-error `id` has no value.
  await sr.head('/jobs/{id}')
  // @ts-expect-error `id` has no value.
  sr.paginate('/jobs/{id}/notes')
  // @ts-expect-error There is no `id`.
  sr.paginate('/jobs', { params: { id } })
  // @ts-expect-error What the answer is, is said by the variable, and has to be right.
  const wrong: Job = await sr.get('/others/{id}')
  console.log(wrong)
}

export async function lists(sr: SmartRecruiters, signal: AbortSignal): Promise<void> {
  const jobs: Paginator<Job> = sr.paginate<Job>('/jobs')
  for await (const job of jobs) {
    holds<Equal<typeof job, Job>>()
    const cursor: string = jobs.cursor
    sr.paginate<Job>('/jobs', { from: cursor })
  }
  holds<Equal<typeof jobs.progress, PaginateProgress>>()
  holds<Equal<typeof jobs.progress.total, number | undefined>>()
  for await (const page of sr.paginate<Job>('/jobs').pages()) {
    holds<Equal<typeof page, Page<Job>>>()
    const items: Job[] = page.items
    const total: number | undefined = page.total
    await sr.post('/log', { json: { items, total, cursor: page.cursor } })
  }
  const array: Job[] = await sr.paginate<Job>('/jobs').toArray()
  await sr.paginate<Job>('/jobs').toArray({ limit: array.length })
  await sr.paginate<Job>('/jobs').toArray({ limit: undefined })
  for await (const job of sr.paginate<Job>('/jobs', { from: null }).take(10)) holds<Equal<typeof job, Job>>()
  sr.paginate('/jobs', { from: undefined })
  const { done, value } = await jobs.next()
  if (done !== true) holds<Equal<typeof value, Job>>()
  await jobs.return()
  const options: PaginateOptions = {
    params: { id: 'a' },
    query: { limit: 10, tag: ['a', 'b'] },
    headers: { 'X-One': 'a' },
    timeout: 1000,
    signal,
    from: 'cursor',
    prefetch: 0,
  }
  const values = '/others/{id}/values'
  for await (const item of sr.paginate(values, { ...options, params: { id: 'a' } })) {
    holds<Equal<typeof item, unknown>>()
  }
  const iterable: AsyncIterable<Job> = jobs
  for await (const job of iterable) await sr.get('/jobs/{id}', { params: { id: job.id } })
}

export function wrongLists(sr: SmartRecruiters): void {
  // @ts-expect-error A path is needed.
  sr.paginate()
  // @ts-expect-error A list is read, and nothing is sent.
  sr.paginate('/jobs', { json: {} })
  // @ts-expect-error The size of a page is a matter of the query.
  sr.paginate('/jobs', { pageSize: 10 })
  // @ts-expect-error A cursor is text.
  sr.paginate('/jobs', { from: 100 })
  // @ts-expect-error A limit is needed.
  sr.paginate('/jobs').take()
  // @ts-expect-error A limit is a number.
  sr.paginate('/jobs').take('10')
  // @ts-expect-error There is no such option: it is `limit`.
  sr.paginate('/jobs').toArray({ take: 10 })
  // @ts-expect-error An array is made of the whole list: it must be awaited.
  sr.paginate('/jobs').toArray().length
  // @ts-expect-error It is read only.
  sr.paginate('/jobs').cursor = ''
  // @ts-expect-error A list is asynchronous.
  sr.paginate<Job>('/jobs')[Symbol.iterator]()
}
