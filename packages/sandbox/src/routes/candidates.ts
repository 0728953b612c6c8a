import type { Call, On } from '../api/imitation.js'
import { ApiError, apiError } from '../errors.js'
import { listOf } from '../pagination.js'
import { digestUpload } from '../state/attachments.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { action, find, now, shown } from './records.js'

/**
 * Answers 401 for a candidate whose id begins with `denied-`, even to a valid token, as SmartRecruiters does for
 * candidates without access. One generated candidate in a hundred has such an id.
 */
export function refuseDenied(candidateId: string): void {
  if (candidateId.startsWith('denied-')) throw apiError(401, 'UNAUTHORIZED', 'Candidate access denied')
}

/** Returns a candidate, unless it is denied or absent. */
export function findCandidate({ data }: World, id: string): Item {
  refuseDenied(id)
  return find(data.candidates, id, 'Candidate')
}

/** `/candidates`: list, read, create, change, tags and consent. `applications.ts` has the candidates' jobs. */
export function candidateRoutes(on: On, world: World): void {
  const { applications, data } = world
  const { candidates } = data

  const detailed = (record: Item) =>
    shown(record, () => {
      const own = `/candidates/${record.id}`
      const jobId = applications.primaryJobId(record)
      const application = jobId === undefined ? undefined : applications.of(record, jobId)
      return {
        consent: { status: record.consentStatus ?? 'ACQUIRED' },
        ...(application && {
          primaryAssignment: {
            job: {
              id: jobId,
              title: data.jobs.get(application.jobId)?.title ?? '',
              actions: { details: action(world, `/jobs/${jobId}`) },
            },
            status: application.status,
            subStatus: application.subStatus,
            startsOn: application.startsOn,
          },
        }),
        secondaryAssignments: [],
        actions: {
          details: action(world, own),
          properties: action(world, `${own}/properties`),
          attachments: action(world, `${own}/attachments`),
          consent: action(world, `${own}/consent`),
          consents: action(world, `${own}/consents`),
        },
      }
    })

  on('GET /candidates', call => {
    const list = listOf(call, [...candidates.values()], { linked: true, linkBase: world.origins.api })
    const { content, ...page } = list as { content: Item[] }
    return { ...page, content: content.map(detailed) }
  })

  on('GET /candidates/{id}', ({ params }) => detailed(findCandidate(world, params.id)))

  const create = (fields: object, jobId?: string) => {
    const { internal = false } = fields as { internal?: boolean }
    const candidate = { ...fields, internal, id: data.newId('candidate'), createdOn: now(), updatedOn: now(), jobId }
    candidates.set(candidate.id, candidate)
    return detailed(candidate)
  }
  const createFrom = ({ body }: { body: Call['body'] }, jobId?: string) => {
    if (!body.firstName || !body.lastName || !body.email) {
      throw new ApiError(400, { errors: [{ code: 'INVALID_CANDIDATE', message: 'firstName, lastName and email' }] })
    }
    return create(body, jobId)
  }
  // What is missing is reported by the handlers: a body of an error without `message`, as SmartRecruiters has it too.
  const optional = { optional: ['firstName', 'lastName', 'email'] }
  on('POST /candidates', call => createFrom(call), optional)
  on('POST /jobs/{id}/candidates', call => createFrom(call, find(data.jobs, call.params.id, 'Job').id), optional)

  /** Creates a candidate from a résumé. The sandbox does not read it. */
  const createFromResume = async ({ request }: Pick<Call, 'request'>, jobId?: string) => {
    const { files } = await filesOf(request)
    if (!files.file) throw apiError(400, 'UNPARSABLE_RESUME', 'The part "file" is missing')
    const number = candidates.size + 1
    return create({ firstName: 'Parsed', lastName: `Resume ${number}`, email: `resume${number}@example.com` }, jobId)
  }
  on('POST /candidates/cv', call => createFromResume(call))
  on('POST /jobs/{id}/candidates/cv', call => createFromResume(call, find(data.jobs, call.params.id, 'Job').id))

  const save = (candidate: Item, fields: object) => {
    const saved: Item = { ...candidate, ...fields, id: candidate.id }
    candidates.set(candidate.id, saved)
    return saved
  }

  on('PATCH /candidates/{id}', ({ params, body }) => detailed(save(findCandidate(world, params.id), body)))

  on('DELETE /candidates/{id}', ({ params }) => {
    const { id } = findCandidate(world, params.id)
    candidates.delete(id)
    applications.remove(id)
  })

  const tagsOf = (candidate: Item) => (Array.isArray(candidate.tags) ? candidate.tags.map(String) : [])
  on('GET /candidates/{id}/tags', ({ params }) => ({ tags: tagsOf(findCandidate(world, params.id)) }))
  on('POST /candidates/{id}/tags', ({ params, body }) => {
    const candidate = findCandidate(world, params.id)
    const tags = [...new Set([...tagsOf(candidate), ...(body.tags as string[])])]
    save(candidate, { tags })
    return { tags }
  })
  on('PUT /candidates/{id}/tags', ({ params, body }) => {
    save(findCandidate(world, params.id), { tags: body.tags })
    return { tags: body.tags }
  })
  on('DELETE /candidates/{id}/tags', ({ params }) => {
    save(findCandidate(world, params.id), { tags: [] })
  })

  const consentOf = ({ consentStatus = 'ACQUIRED' }: Item) => String(consentStatus)
  on('GET /candidates/{id}/consent', ({ params }) => {
    const candidate = findCandidate(world, params.id)
    return { date: candidate.createdOn, status: consentOf(candidate) }
  })
  on('GET /candidates/{id}/consents', ({ params }) => {
    const candidate = findCandidate(world, params.id)
    const status = consentOf(candidate) === 'ACQUIRED' ? 'acquired' : 'required'
    return {
      decisions: [{ status, scope: 'Single', decidedOn: candidate.createdOn }],
      recentPendingRequestCreatedOn: candidate.consentRequestedOn,
    }
  })
  on('POST /candidates/consent-requests', ({ body }) => ({
    results: (body.content as Item[]).map(({ id }) => {
      const candidate = candidates.get(id)
      if (!candidate) return { status: 404, body: { message: 'Candidate not found' } }
      save(candidate, { consentStatus: 'PENDING', consentRequestedOn: now() })
      return { status: 201 }
    }),
  }))
}

/** Reads a multipart body: its fields, and its files with their contents counted and hashed. */
export async function filesOf(request: Call['request']) {
  if (!request.isMultipart()) throw apiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be multipart/form-data')
  const fields: Record<string, unknown> = {}
  const files: Record<string, { name: string; contentType: string; digest: Awaited<ReturnType<typeof digestUpload>> }> =
    {}
  for await (const part of request.parts()) {
    if (part.type === 'field') fields[part.fieldname] = part.value
    else {
      const digest = await digestUpload(part.file)
      files[part.fieldname] = { name: part.filename, contentType: part.mimetype, digest }
    }
  }
  return { fields, files }
}
