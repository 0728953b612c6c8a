/** Calls whose operation is in the API's table: their paths, options and answers. */

import type { RequestOptions, ResponsePromise, SmartRecruiters } from 'smartrecruiters'
import type {
  ApiObject,
  Candidate,
  CandidateDetails,
  Candidates,
  Job,
  JobDetails,
  JobInput,
  JobStatus,
  JobSummary,
  Jobs,
  JSONPatch,
  Offer,
  OperationName,
  Operations,
  SubscriptionDetails,
} from 'smartrecruiters/api'
import { type Equal, holds, type IsAny } from './assertions.js'

interface Mine {
  id: string
  title: string
}

type Any = ReturnType<typeof JSON.parse>

declare const sr: SmartRecruiters

/** What a call resolves with. */
type Answer<Call> = Call extends Promise<infer Data> ? Data : never

export async function answers(id: string, jobId: string): Promise<void> {
  const jobs = await sr.get('/jobs')
  holds<Equal<typeof jobs, Jobs>>()
  holds<Equal<typeof jobs.content, JobSummary[] | undefined>>()
  const promise = sr.get('/jobs/{id}', { params: { id } })
  holds<Equal<typeof promise, ResponsePromise<JobDetails>>>()
  const created = await sr.post('/candidates', { json: { firstName: 'A', lastName: 'B', email: 'a@example.com' } })
  holds<Equal<typeof created, CandidateDetails>>()
  const { data } = await sr.get('/candidates', { query: { limit: 1 } }).withResponse()
  holds<Equal<typeof data, Candidates>>()
  const requested = await sr.request('GET', '/jobs')
  holds<Equal<typeof requested, Jobs>>()
  const lowercase = await sr.request('get', '/jobs/{id}', { params: { id } })
  holds<Equal<typeof lowercase, JobDetails>>()
  const head = await sr.head('/jobs/{id}', { params: { id } })
  holds<Equal<typeof head, undefined>>()

  // Answers without a schema.
  const empty = await sr.delete('/candidates/{id}', { params: { id } })
  holds<Equal<typeof empty, undefined>>()
  const file = await sr.get('/candidates/attachments/{attachmentId}', { params: { attachmentId: id } })
  holds<Equal<typeof file, Uint8Array | string>>()
  const csv = await sr.get('/reporting-api/v201804/files/{reportFileId}/data', { params: { reportFileId: id } })
  holds<Equal<typeof csv, string>>()
  const unknown = await sr.get('/configuration/career-sites')
  holds<Equal<typeof unknown, unknown>>()
  const perhaps = await sr.get('/packages')
  holds<Equal<undefined extends typeof perhaps ? true : false, true>>()

  // The names of placeholders are free.
  const other = await sr.get('/jobs/{x}', { params: { x: id } })
  holds<Equal<typeof other, JobDetails>>()
  const others = await sr.get('/candidates/{candidate}/jobs/{job}/attachments', {
    params: { candidate: id, job: jobId },
  })
  holds<Equal<typeof others, Operations['GET /candidates/{id}/jobs/{jobId}/attachments']['response']>>()

  // One of several paths.
  const either = await sr.get(id === '' ? '/jobs' : '/candidates')
  holds<Equal<typeof either, Jobs | Candidates>>()
  const mixed = await sr.get(id === '' ? '/jobs' : '/others')
  holds<Equal<typeof mixed, unknown>>()

  // Fields that the types do not have are unknown; known values of a text are not the only ones.
  const job = await promise
  holds<Equal<typeof job.somethingNew, unknown>>()
  const status: JobStatus = 'A_NEW_STATUS'
  const known: JobStatus = 'SOURCING'
  console.log(status, known)

  // @ts-expect-error The answer is a list of jobs.
  const number: number = await sr.get('/jobs')
  // @ts-expect-error Its id may be missing.
  const own: Mine = await sr.get('/jobs/{id}', { params: { id } })
  // @ts-expect-error A title is text.
  const title: number | undefined = job.title
  // @ts-expect-error This call resolves with `undefined`.
  const nothing: Mine = await sr.delete('/candidates/{id}', { params: { id } })
  // @ts-expect-error A HEAD request has no data.
  const none: Jobs = await sr.head('/jobs')
  // @ts-expect-error The answer is a list of jobs.
  const another: Candidates = await sr.request('GET', '/jobs')
  console.log(number, own, title, nothing, none, another)
}

export async function ownTypes(id: string, path: string, untyped: Any): Promise<void> {
  // The caller's own type wins.
  const job = await sr.get<Mine>('/jobs/{id}', { params: { id } })
  holds<Equal<typeof job, Mine>>()
  const posted = await sr.post<Mine>('/jobs', { json: { title: 'A' } })
  holds<Equal<typeof posted, Mine>>()
  const requested = await sr.request<Mine>('GET', '/jobs', { query: { anything: 1 } })
  holds<Equal<typeof requested, Mine>>()
  const any = await sr.get<Any>('/jobs', { query: { anything: 1 } })
  holds<Equal<IsAny<typeof any>, true>>()
  const anyParams = await sr.get<Any>('/jobs/{id}', { params: { id } })
  holds<Equal<IsAny<typeof anyParams>, true>>()
  const anything = await sr.get<unknown>('/jobs', { query: { anything: 1 } })
  holds<Equal<typeof anything, unknown>>()
  holds<Equal<Answer<ReturnType<typeof sr.get<Mine>>>, Mine>>()
  holds<Equal<Awaited<ReturnType<typeof sr.request>>, unknown>>()

  // Other paths are free.
  const free = await sr.get('/others')
  holds<Equal<typeof free, unknown>>()
  const inferred: Mine = await sr.get('/others/{id}', { params: { id } })
  const single: Mine = await sr.get('/jobs/123')
  const query: Mine = await sr.get('/jobs?limit=1')
  const template: Mine = await sr.get(`/jobs/${id}`)
  const variable: Mine = await sr.get(path)
  const unchecked: Mine = await sr.get(untyped)
  const method: Mine = await sr.request(path, '/jobs', { query: { anything: 1 } })
  const unlisted: Mine = await sr.request('OPTIONS', '/jobs')
  const wrongMethod = await sr.put('/jobs', { json: {} })
  holds<Equal<typeof wrongMethod, unknown>>()
  console.log(inferred, single, query, template, variable, unchecked, method, unlisted)

  // @ts-expect-error The answer has no such field.
  job.status
  // @ts-expect-error A value for `id` is missing.
  await sr.get('/others/{id}')
  // @ts-expect-error There is no such option, of any path.
  await sr.get<Mine>('/jobs', { qurey: {} })
}

export async function options(id: string, all: RequestOptions, signal: AbortSignal): Promise<void> {
  await sr.get('/jobs', {})
  await sr.get('/jobs', { timeout: 1, signal, headers: { 'X-One': 'a' }, priority: 'batch', idempotent: true })
  await sr.get('/jobs', { query: { limit: 10, q: 'nurse', city: ['Bonn', 'Kyoto'] } })
  await sr.get('/jobs', { query: { city: 'Bonn', q: null, limit: undefined } })
  await sr.get('/jobs', { query: { sort: 'job_id' } })
  await sr.get('/jobs', { query: { sort: 'a_new_order' } })
  await sr.get('/jobs', { query: new URLSearchParams({ anything: '1' }) })
  await sr.get('/jobs', all)
  await sr.get('/jobs', { params: {} })
  await sr.get('/reviews-api/v201910/reviews', { query: { candidateId: id, jobId: id } })
  await sr.head('/jobs', { query: { limit: 1 } })
  await sr.get('/packages', { query: { 'country-code': 'de' } })

  // @ts-expect-error A value for `id` is missing.
  await sr.get('/jobs/{id}')
  // @ts-expect-error A value for `id` is missing.
  await sr.get('/jobs/{id}', {})
  // @ts-expect-error A value for `id` is missing.
  await sr.get('/jobs/{id}', { params: {} })
  // @ts-expect-error The placeholder is called `id`.
  await sr.get('/jobs/{id}', { params: { jobId: id } })
  // @ts-expect-error There is one placeholder.
  await sr.get('/jobs/{id}', { params: { id, page: 1 } })
  // @ts-expect-error There is no placeholder.
  await sr.get('/jobs', { params: { id } })
  // @ts-expect-error There is no such parameter.
  await sr.get('/jobs', { query: { limt: 10 } })
  // @ts-expect-error A limit is a number.
  await sr.get('/jobs', { query: { limit: '10' } })
  // @ts-expect-error A page id is one text.
  await sr.get('/jobs', { query: { pageId: ['a'] } })
  // @ts-expect-error A city is text.
  await sr.get('/jobs', { query: { city: [1] } })
  // @ts-expect-error This operation takes no query.
  await sr.get('/jobs/{id}', { params: { id }, query: { limit: 1 } })
  // @ts-expect-error A `Map` is not a query.
  await sr.get('/jobs', { query: new Map([['limit', '1']]) })
  // @ts-expect-error A list of pairs is not a query.
  await sr.get('/jobs', { query: [['limit', '1']] })
  // @ts-expect-error The query is required.
  await sr.get('/reviews-api/v201910/reviews')
  // @ts-expect-error The query is required.
  await sr.get('/reviews-api/v201910/reviews', {})
  // @ts-expect-error Both parameters are required.
  await sr.get('/reviews-api/v201910/reviews', { query: { jobId: id } })
  // @ts-expect-error A required parameter has a value.
  await sr.get('/reviews-api/v201910/reviews', { query: { jobId: id, candidateId: null } })
  // @ts-expect-error There is no such option.
  await sr.get('/jobs', { qurey: {} })
  // @ts-expect-error A timeout is a number.
  await sr.get('/jobs', { timeout: '1' })
  // @ts-expect-error There is no such parameter.
  await sr.head('/jobs', { query: { limt: 10 } })
  // @ts-expect-error There is no such parameter.
  await sr.request('GET', '/jobs', { query: { limt: 10 } })
  // @ts-expect-error There is one argument after the path.
  await sr.get('/jobs', {}, {})
}

export async function bodies(id: string, all: RequestOptions, input: JobInput, file: Blob): Promise<void> {
  await sr.post('/jobs', { json: input })
  await sr.put('/jobs/{id}/status', { params: { id }, json: { status: 'SOURCING' } })
  await sr.put('/jobs/{id}/status', { params: { id }, json: { status: 'A_NEW_STATUS' } })
  // Fields that the types do not have, on each level.
  const location = { countryCode: 'de', city: 'Bonn' }
  const property = { id: '1', somethingNew: 1 }
  const job = { title: 'Nurse', location, industry: property, function: property, experienceLevel: property }
  await sr.post('/jobs', { json: job })
  await sr.post('/jobs', { json: { ...job, somethingNew: 1, location: { ...location, somethingNew: 1 } } })
  await sr.post('/jobs', { json: { ...job, refNumber: undefined } })
  // An interface has no index signature.
  interface Status {
    status: string
  }
  const status: Status = { status: 'SOURCING' }
  await sr.put('/jobs/{id}/status', { params: { id }, json: status })
  await sr.put('/candidates/{id}/tags', { params: { id }, json: { tags: ['a'] as const } })

  const form = new FormData()
  form.set('file', file)
  await sr.post('/candidates/cv', { form })
  const patch: JSONPatch = [{ op: 'replace', path: '/title', value: 'Nurse' }]
  await sr.patch('/jobs/{id}', {
    params: { id },
    json: patch,
    headers: { 'Content-Type': 'application/json-patch+json', 'X-One': 'a' },
  })
  await sr.patch('/jobs/{id}', { params: { id }, json: [{ op: 'remove', path: '/refNumber' }] })
  await sr.post('/oauth/token', { body: new URLSearchParams({ grant_type: 'client_credentials' }) })
  // Of a body that is not known.
  await sr.post('/configuration/predefined-locations')
  await sr.post('/configuration/predefined-locations', { json: { anything: 1 } })

  // @ts-expect-error A body is required.
  await sr.post('/jobs')
  // @ts-expect-error A body is required.
  await sr.post('/jobs', {})
  // @ts-expect-error Of a body of any type.
  await sr.post('/jobs', all)
  // @ts-expect-error There is no such option.
  await sr.post('/jobs', { jsno: input })
  // @ts-expect-error The body is JSON.
  await sr.post('/jobs', { body: 'text' })
  // @ts-expect-error The body is JSON.
  await sr.post('/jobs', { form })
  // @ts-expect-error Other fields are required.
  await sr.post('/jobs', { json: { title: 'Nurse' } })
  // @ts-expect-error A title is text.
  await sr.post('/jobs', { json: { ...job, title: 1 } })
  // @ts-expect-error A city is text.
  await sr.post('/jobs', { json: { ...job, location: { countryCode: 'de', city: 1 } } })
  // @ts-expect-error A status is text.
  await sr.put('/jobs/{id}/status', { params: { id }, json: { status: 1 } })
  // @ts-expect-error Tags are text.
  await sr.put('/candidates/{id}/tags', { params: { id }, json: { tags: [1] } })
  // @ts-expect-error The body is a form.
  await sr.post('/candidates/cv', { json: {} })
  // @ts-expect-error A form is a FormData.
  await sr.post('/candidates/cv', { form: { file } })
  // @ts-expect-error A patch is required.
  await sr.patch('/jobs/{id}', { params: { id } })
  // @ts-expect-error A patch is a list of changes.
  await sr.patch('/jobs/{id}', { params: { id }, json: {} })
  // @ts-expect-error This operation has no body.
  await sr.get('/jobs', { json: {} })
  // @ts-expect-error This operation has no body.
  await sr.delete('/candidates/{id}', { params: { id }, json: {} })
}

export async function lists(id: string): Promise<void> {
  for await (const job of sr.paginate('/jobs')) holds<Equal<typeof job, JobSummary>>()
  for await (const candidate of sr.paginate('/candidates', { query: { q: 'a' }, prefetch: 1, from: null })) {
    holds<Equal<typeof candidate, Candidate>>()
  }
  const subscriptions = await sr.paginate('/webhooks-api/v201907/subscriptions').toArray()
  holds<Equal<typeof subscriptions, SubscriptionDetails[]>>()
  for await (const { items } of sr.paginate('/offers').pages()) holds<Equal<typeof items, Offer[]>>()
  const attachments = sr.paginate('/candidates/{candidate}/attachments', { params: { candidate: id } })
  for await (const attachment of attachments) holds<Equal<IsAny<typeof attachment>, false>>()
  for await (const job of sr.paginate<Mine>('/jobs')) holds<Equal<typeof job, Mine>>()
  for await (const item of sr.paginate('/others', { query: { anything: 1 } })) holds<Equal<typeof item, unknown>>()
  for await (const item of sr.paginate('/jobs/{id}', { params: { id } })) holds<Equal<typeof item, unknown>>()
  const career = await sr.paginate('/configuration/career-sites').toArray()
  holds<Equal<typeof career, unknown[]>>()

  // @ts-expect-error There is no such parameter.
  sr.paginate('/jobs', { query: { limt: 10 } })
  // @ts-expect-error A value for `id` is missing.
  sr.paginate('/candidates/{id}/attachments')
  // @ts-expect-error The query is required.
  sr.paginate('/reviews-api/v201910/reviews')
  // @ts-expect-error A cursor is text.
  sr.paginate('/jobs', { from: 1 })
  // @ts-expect-error A list is read, and nothing is sent.
  sr.paginate('/jobs', { json: {} })
  // @ts-expect-error Its items are jobs.
  const numbers: number[] = await sr.paginate('/jobs').toArray()
  console.log(numbers)
}

export function table(): void {
  holds<Equal<Operations['GET /jobs/{id}']['response'], JobDetails>>()
  holds<Equal<Operations['GET /jobs/{id}']['params'], { id: string }>>()
  holds<Equal<Operations['POST /jobs']['json'], JobInput>>()
  holds<Equal<Operations['POST /candidates/cv']['form'], FormData>>()
  holds<Equal<Operations['GET /jobs']['query']['limit'], number | null | undefined>>()
  holds<Equal<Operations['GET /jobs']['item'], JobSummary>>()
  holds<Equal<'GET /jobs' extends OperationName ? true : false, true>>()
  holds<Equal<'GET /others' extends OperationName ? true : false, false>>()
  holds<Equal<Job['title'], string | undefined>>()
  holds<Equal<Candidate['id'], string>>()
  holds<Equal<JobDetails extends ApiObject ? true : false, true>>()

  // @ts-expect-error There is no such operation.
  holds<Equal<Operations['GET /others'], unknown>>()
  // @ts-expect-error This operation takes no query.
  holds<Equal<Operations['GET /jobs/{id}']['query'], unknown>>()
  // @ts-expect-error There is no such operation.
  const name: OperationName = 'GET /jobs/{jobId}'
  console.log(name)
}
