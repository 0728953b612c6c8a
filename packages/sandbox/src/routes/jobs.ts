import type { Fields, On } from '../api/imitation.js'
import { ApiError, apiError, notFound } from '../errors.js'
import { patched } from '../json-patch.js'
import { listOf, offsetPage } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { JOB_FIELDS, pick } from '../state/sample.js'
import type { World } from '../world.js'
import { action, find, now, shown } from './records.js'

const STATUSES = ['CREATED', 'SOURCING', 'FILLED', 'INTERVIEW', 'OFFER', 'CANCELLED', 'ON_HOLD']

/** The fields that may be absent when a job is created, because tests often care for the title only. */
const OPTIONAL = ['location', 'industry', 'function', 'experienceLevel']

/** `/jobs`: list, read, create, change, status, note and headcount. Other files have what belongs to a job. */
export function jobRoutes(on: On, world: World): void {
  const { data } = world
  const { jobs } = data
  const job = (id: string) => find(jobs, id, 'Job')
  const detailed = (record: Item) =>
    shown(record, () => ({
      actions: {
        details: action(world, `/jobs/${record.id}`),
        hiringTeam: action(world, `/jobs/${record.id}/hiring-team`),
        publications: action(world, `/jobs/${record.id}/publication`),
        positions: action(world, `/jobs/${record.id}/positions`),
      },
    }))

  // Sorted only when a job was added (none is removed): sorting 100,000 jobs takes longer than the rest of an answer.
  let sortedIds: string[] = []
  const idsInOrder = (): string[] => {
    if (sortedIds.length !== jobs.size) sortedIds = [...jobs.keys()].sort()
    return sortedIds
  }

  on('GET /jobs', call => {
    const sorted = call.query.get('sort') === 'job_id'
    const ids = sorted ? idsInOrder() : [...jobs.keys()]
    // Without sorting, rows move between two requests: every page but the first silently lacks one row.
    const rowsOf = (page: readonly string[], start: number) =>
      (sorted || start === 0 ? page : page.slice(1)).map(id => detailed(job(id)))
    if (call.query.has('offset')) {
      const { rows, size, start } = offsetPage(call, ids)
      return { limit: size, offset: start, totalFound: ids.length, content: rowsOf(rows, start) }
    }
    const { content, ...page } = listOf(call, ids, { linked: true }) as { content: string[] }
    return { ...page, content: rowsOf(content, call.query.has('pageId') ? 1 : 0) }
  })

  on('GET /jobs/{id}', ({ params }) => detailed(job(params.id)))

  const departmentOf = (body: Fields): Item | undefined => {
    if (body.department === undefined) return undefined
    const { id } = body.department as Item
    const department = data.departments.get(id)
    if (!department) throw apiError(400, 'DEPARTMENT_NOT_FOUND', `There is no department ${id}`)
    return department
  }

  on(
    'POST /jobs',
    ({ body }) => {
      if (body.title === '') throw apiError(400, 'INVALID_REQUEST', '"title" is required')
      const { refNumber } = body
      if (refNumber !== undefined && [...jobs.values()].some(other => other.refNumber === refNumber)) {
        throw apiError(409, 'REF_NUMBER_ALREADY_EXISTS', 'Another job has this reference number')
      }
      const department = departmentOf(body) ?? pick([...data.departments.values()], 0)
      if (!department) throw notFound('Department not found')
      const record: Item = {
        ...JOB_FIELDS,
        refNumber: `REF${jobs.size + 1}`,
        status: 'SOURCING',
        postingStatus: 'NOT_PUBLISHED',
        location: { city: 'Berlin', country: 'Germany', countryCode: 'de' },
        createdOn: now(),
        updatedOn: now(),
        ...body,
        department,
        id: data.newId('job'),
      }
      jobs.set(record.id, record)
      return detailed(record)
    },
    { optional: OPTIONAL },
  )

  const save = (record: Item) => {
    const saved = { ...record, updatedOn: now() }
    jobs.set(record.id, saved)
    return saved
  }

  on(
    'PUT /jobs/{id}',
    ({ params, body }) => {
      const department = departmentOf(body)
      return detailed(save({ ...job(params.id), ...body, ...(department && { department }), id: params.id }))
    },
    { optional: OPTIONAL },
  )

  on('PATCH /jobs/{id}', ({ params, request }) => detailed(save(patched(job(params.id), request))))

  const history = (record: Item) =>
    data.of('job status', record.id, () => [
      { id: '0', changedOn: record.createdOn ?? now(), status: record.status ?? 'SOURCING' },
    ])

  on('PUT /jobs/{id}/status', ({ params, body }) => {
    const record = job(params.id)
    const { status } = body
    // Most answers of SmartRecruiters with status 422 are empty.
    if (!STATUSES.some(known => known === status)) throw new ApiError(422)
    const changes = history(record)
    changes.set(String(changes.size), { id: String(changes.size), changedOn: now(), status })
    save({ ...record, status })
    return { status }
  })

  on('GET /jobs/{id}/status/history', call => {
    const changes = [...history(job(call.params.id)).values()].reverse()
    const user = action(world, `/users/${data.users.keys().next().value}`)
    return listOf(
      call,
      changes.map(change => ({ ...change, actions: { user } })),
    )
  })

  const note = (id: string) =>
    find(
      data.of('note', job(id).id, () => [{ id: 'note', content: '' }]),
      'note',
      'Note',
    )

  on('GET /jobs/{id}/note', ({ params }) => note(params.id))
  on('PUT /jobs/{id}/note', ({ params, body }) => Object.assign(note(params.id), { content: body.content }))

  on('PATCH /jobs/{id}/headcount', ({ params, body }) => {
    const { min, max } = (body.salaryRange ?? {}) as { min?: number; max?: number }
    if (min !== undefined && max !== undefined && min > max) {
      throw apiError(400, 'INVALID_SALARY_RANGE', 'The minimum is above the maximum')
    }
    save({ ...job(params.id), salaryRange: body.salaryRange })
    return { status: 'PENDING' }
  })

  on('GET /jobs/{id}/approvals/latest', ({ params }) => {
    const record = job(params.id)
    const ofJob = [...data.approvals.values()].filter(({ subject }) => (subject as Item | undefined)?.id === record.id)
    const latest = ofJob.at(-1)
    if (!latest) throw notFound('The job has no approval')
    return { approvalRequestId: latest.id, positions: [], salaryRange: record.salaryRange }
  })
}
