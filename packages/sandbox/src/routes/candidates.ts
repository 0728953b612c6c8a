import type { FastifyInstance } from 'fastify'
import { ApiError, apiError, notFound } from '../errors.js'
import { cursorPage, linkNext } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'

const STATUSES = ['NEW', 'IN_REVIEW', 'INTERVIEW', 'OFFERED', 'HIRED', 'REJECTED', 'WITHDRAWN']

interface CandidateRoute {
  Params: { id: string }
}

/**
 * Answers 401 for a candidate whose id begins with `denied-`, even to a valid token, as SmartRecruiters does for
 * candidates without access. One generated candidate in a hundred has such an id.
 */
export function refuseDenied(candidateId: string): void {
  if (candidateId.startsWith('denied-')) throw apiError(401, 'UNAUTHORIZED', 'Candidate access denied')
}

/** `/candidates`: list, read, create, patch, delete and set the status. `attachments.ts` has the files. */
export function candidateRoutes(app: FastifyInstance, world: World): void {
  const { candidates } = world.data
  const read = { config: { scopes: ['candidates_read'] } }
  const create = { config: { scopes: ['candidates_create'] } }
  const manage = { config: { scopes: ['candidates_manage'] } }

  const find = (id: string): Item => {
    refuseDenied(id)
    const candidate = candidates.get(id)
    if (!candidate) throw notFound('Candidate not found')
    return candidate
  }

  app.get('/candidates', read, (request, reply) => {
    const rows = [...candidates.values()]
    const page = cursorPage(request, rows, { resource: 'candidates' })
    linkNext(request, reply, world.origins.api, page.nextPageId)
    return {
      limit: page.size,
      totalFound: rows.length,
      ...(page.nextPageId !== undefined && { nextPageId: page.nextPageId }),
      content: page.rows,
    }
  })

  app.get<CandidateRoute>('/candidates/:id', read, request => find(request.params.id))

  app.post<{ Body: Partial<Item> | null }>('/candidates', create, (request, reply) => {
    const { firstName, lastName, email } = request.body ?? {}
    if (!firstName || !lastName || !email) {
      throw new ApiError(400, { errors: [{ code: 'INVALID_CANDIDATE', message: 'firstName, lastName and email' }] })
    }
    const createdOn = new Date().toISOString()
    const candidate = { ...request.body, id: world.data.newId('candidate'), firstName, lastName, email, createdOn }
    candidates.set(candidate.id, candidate)
    return reply.status(201).send(candidate)
  })

  app.patch<CandidateRoute & { Body: Partial<Item> | null }>('/candidates/:id', manage, request => {
    const candidate = find(request.params.id)
    const patched: Item = { ...candidate, ...request.body, id: candidate.id }
    candidates.set(candidate.id, patched)
    return patched
  })

  app.delete<CandidateRoute>('/candidates/:id', manage, (request, reply) => {
    candidates.delete(find(request.params.id).id)
    return reply.status(204).send()
  })

  app.put<{ Params: { id: string; jobId: string }; Body: { status?: unknown } | null }>(
    '/candidates/:id/jobs/:jobId/status',
    manage,
    request => {
      const candidate = find(request.params.id)
      if (!world.data.jobs.has(request.params.jobId)) throw notFound('Job not found')
      const status = request.body?.status
      // Most answers of SmartRecruiters with status 422 are empty.
      if (typeof status !== 'string' || !STATUSES.includes(status)) throw new ApiError(422)
      candidates.set(candidate.id, { ...candidate, status })
      return { status }
    },
  )
}
