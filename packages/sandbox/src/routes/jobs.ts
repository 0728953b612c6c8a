import type { FastifyInstance } from 'fastify'
import { apiError, notFound } from '../errors.js'
import { cursorPage, linkNext, offsetPage, type PageRules } from '../pagination.js'
import { queryOf } from '../query.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'

const PAGES: PageRules = { resource: 'jobs' }

interface PatchOperation {
  op: 'add' | 'replace' | 'remove'
  path: string
  value?: unknown
}

interface JobRoute {
  Params: { id: string }
}

/** `/jobs`: list, read, create, patch and publish. */
export function jobRoutes(app: FastifyInstance, world: World): void {
  const { jobs } = world.data
  const read = { config: { scopes: ['jobs_read'] } }
  const manage = { config: { scopes: ['jobs_manage'] } }
  const publish = { config: { scopes: ['jobs_publications_manage'] } }

  const find = (id: string): Item => {
    const job = jobs.get(id)
    if (!job) throw notFound('Job not found')
    return job
  }

  // Sorted only when a job was added (none is removed): sorting 100,000 jobs takes longer than the rest of an answer.
  let sortedIds: string[] = []
  const idsInOrder = (): string[] => {
    if (sortedIds.length !== jobs.size) sortedIds = [...jobs.keys()].sort()
    return sortedIds
  }

  app.get('/jobs', read, (request, reply) => {
    const query = queryOf(request)
    const sorted = query.get('sort') === 'job_id'
    const ids = sorted ? idsInOrder() : [...jobs.keys()]
    const byOffset = query.has('offset')
    const page = byOffset ? offsetPage(request, ids, PAGES) : cursorPage(request, ids, PAGES)
    // Without sorting, rows move between two requests: every page but the first silently lacks one row.
    const content = (sorted || page.start === 0 ? page.rows : page.rows.slice(1)).map(find)
    linkNext(request, reply, '', page.nextPageId)
    return {
      limit: page.size,
      totalFound: ids.length,
      ...(byOffset && { offset: page.start }),
      ...(page.nextPageId !== undefined && { nextPageId: page.nextPageId }),
      content,
    }
  })

  app.get<JobRoute>('/jobs/:id', read, request => find(request.params.id))

  app.post<{ Body: Partial<Item> | null }>('/jobs', manage, (request, reply) => {
    const { body } = request
    if (!isObject(body) || typeof body.title !== 'string' || body.title === '') {
      throw apiError(400, 'INVALID_JOB', '"title" is required')
    }
    const [department] = world.data.departments
    if (!department) throw notFound('Department not found')
    const now = new Date().toISOString()
    const job: Item = {
      refNumber: `REF${jobs.size + 1}`,
      status: 'SOURCING',
      postingStatus: 'NOT_PUBLISHED',
      department,
      location: { city: 'Berlin', country: 'Germany', countryCode: 'de' },
      createdOn: now,
      updatedOn: now,
      ...body,
      title: body.title,
      id: world.data.newId('job'),
    }
    jobs.set(job.id, job)
    return reply.status(201).send(job)
  })

  app.patch<JobRoute & { Body: unknown }>('/jobs/:id', manage, request => {
    const job = find(request.params.id)
    if (request.headers['content-type']?.split(';')[0] !== 'application/json-patch+json') {
      throw apiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json-patch+json')
    }
    if (!Array.isArray(request.body)) throw apiError(400, 'INVALID_PATCH', 'The body must be a list of operations')
    const patched: Item = { ...job }
    for (const operation of request.body) applyOperation(patched, operation)
    patched.updatedOn = new Date().toISOString()
    jobs.set(job.id, patched)
    return patched
  })

  app.post<JobRoute>('/jobs/:id/publication', publish, (request, reply) => {
    find(request.params.id).postingStatus = 'PUBLIC'
    return reply.status(202).send()
  })

  app.delete<JobRoute>('/jobs/:id/publication', publish, (request, reply) => {
    find(request.params.id).postingStatus = 'NOT_PUBLISHED'
    return reply.status(204).send()
  })
}

/** Applies an operation of JSON Patch (RFC 6902), as far as SmartRecruiters' examples use it: on top-level fields. */
function applyOperation(job: Item, operation: PatchOperation | undefined): void {
  const name = /^\/([^/]+)$/.exec(String(operation?.path))?.[1]
  if (!operation || name === undefined || name === 'id')
    throw apiError(400, 'INVALID_PATCH', 'The path of an operation must name a top-level field other than the id')
  if (operation.op === 'remove') Reflect.deleteProperty(job, name)
  else if (operation.op === 'add' || operation.op === 'replace') job[name] = operation.value
  else throw apiError(400, 'INVALID_PATCH', 'The op of an operation must be add, replace or remove')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
