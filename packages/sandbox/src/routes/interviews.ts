import type { On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { find, now, remove } from './records.js'

interface Timeslot extends Item {
  startsOn: string
  endsOn: string
  interviewers: { id: string; status: string }[]
}

interface Interview extends Item {
  candidate: { id: string; status?: string }
  jobId: string
  organizerId: string
  timezone: string
  timeslots: Timeslot[]
}

const STATUSES = ['accepted', 'declined', 'pending', 'tentative']

/** Interviews, their timeslots, and the types of interviews. */
export function interviewRoutes(on: On, world: World): void {
  const { applications, data } = world
  const { interviews } = data
  const interview = (id: string) => find(interviews, id, 'Interview') as Interview
  // An interview that the user has given may have none.
  const slotsOf = (record: Interview): Timeslot[] => {
    record.timeslots ??= []
    return record.timeslots
  }
  const timeslot = (params: { interviewId: string; timeslotId: string }): Timeslot => {
    const found = slotsOf(interview(params.interviewId)).find(({ id }) => id === params.timeslotId)
    if (!found) throw notFound('Timeslot not found')
    return found
  }

  const checkSlot = ({ startsOn, endsOn, interviewers = [] }: Partial<Timeslot>) => {
    if (Date.parse(endsOn ?? '') < Date.parse(startsOn ?? '')) {
      throw apiError(422, 'END_DATE_BEFORE_START_DATE', 'A timeslot must not end before it starts')
    }
    const unknown = interviewers.find(({ id }) => !data.users.has(id))
    if (unknown) throw apiError(422, 'NON_EXISTING_INTERVIEWERS', `There is no user ${unknown.id}`)
  }
  const newSlot = (given: Timeslot): Timeslot => {
    checkSlot(given)
    return { candidateStatus: 'pending', ...given, id: data.newId('timeslot') }
  }
  const checkTimezone = (timezone: unknown) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: String(timezone) })
    } catch {
      throw apiError(400, 'INVALID_TIMEZONE', '"timezone" must be a time zone such as Europe/Berlin')
    }
  }
  const statusIn = ({ status }: Record<string, unknown>): string => {
    const known = STATUSES.find(name => name === status)
    if (!known) throw apiError(400, 'INVALID_REQUEST', `"status" must be one of ${STATUSES.join(', ')}`)
    return known
  }

  on('GET /interviews-api/v201904/interviews', call => {
    const application = applications.find(call.query.get('applicationId') ?? '')
    const rows = [...interviews.values()].filter(row => {
      const { candidate, jobId } = row as Partial<Interview>
      return application && candidate?.id === application.candidateId && jobId === application.jobId
    })
    return listOf(call, rows)
  })

  on('POST /interviews-api/v201904/interviews', ({ body }) => {
    const given = body as Interview
    checkTimezone(given.timezone)
    if (!data.candidates.has(given.candidate.id)) throw apiError(422, 'CANDIDATE_NOT_FOUND', 'No such candidate')
    if (!data.jobs.has(given.jobId)) throw apiError(422, 'JOB_NOT_FOUND', 'No such job')
    const { organizerId } = given
    if (!data.users.has(organizerId)) throw apiError(422, 'NON_EXISTING_ORGANIZER', `There is no user ${organizerId}`)
    const created = {
      ...given,
      id: data.newId('interview'),
      candidate: { status: 'pending', ...given.candidate },
      timeslots: given.timeslots.map(newSlot),
      createdOn: now(),
    }
    interviews.set(created.id, created)
    return created
  })

  on('GET /interviews-api/v201904/interviews/{interviewId}', ({ params }) => interview(params.interviewId))

  on('PATCH /interviews-api/v201904/interviews/{interviewId}', ({ params, body }) => {
    const changed = interview(params.interviewId)
    const { candidate, location, timezone } = body as Partial<Interview>
    if (timezone !== undefined) checkTimezone(timezone)
    if (candidate !== undefined) changed.candidate = { ...changed.candidate, status: statusIn(candidate) }
    Object.assign(changed, location !== undefined && { location }, timezone !== undefined && { timezone })
  })

  on('DELETE /interviews-api/v201904/interviews/{interviewId}', ({ params }) => {
    remove(interviews, params.interviewId, 'Interview')
  })

  on('PUT /interviews-api/v201904/interviews/{interviewId}/candidate/status', ({ params, body }) => {
    const changed = interview(params.interviewId)
    changed.candidate = { ...changed.candidate, status: statusIn(body) }
    for (const slot of slotsOf(changed)) slot.candidateStatus = statusIn(body)
  })

  on('POST /interviews-api/v201904/interviews/{interviewId}/timeslots', ({ params, body }) => {
    const timeslots = slotsOf(interview(params.interviewId))
    const slot = newSlot(body as Timeslot)
    timeslots.push(slot)
    return slot
  })

  on('GET /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}', ({ params }) => timeslot(params))

  on(
    'PATCH /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}',
    ({ params, body }) => {
      const slot = timeslot(params)
      const changed = { ...slot, ...body, id: slot.id }
      checkSlot(changed)
      Object.assign(slot, changed)
    },
    // A patch changes the fields that it has.
    { optional: ['startsOn', 'endsOn', 'interviewers'] },
  )

  on('DELETE /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}', ({ params }) => {
    const timeslots = slotsOf(interview(params.interviewId))
    const slot = timeslot(params)
    if (timeslots.length === 1) throw apiError(409, 'CANNOT_DELETE_LAST_TIMESLOT', 'An interview has a timeslot')
    timeslots.splice(timeslots.indexOf(slot), 1)
  })

  on(
    'PUT /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}/candidateStatus',
    ({ params, body }) => {
      timeslot(params).candidateStatus = statusIn(body)
    },
  )

  on(
    'PUT /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}/interviewers/{userId}/status',
    ({ params, body }) => {
      const interviewer = timeslot(params).interviewers?.find(({ id }) => id === params.userId)
      if (!interviewer) throw notFound('Interviewer not found')
      interviewer.status = statusIn(body)
    },
  )

  const types = new Set(['On-site', 'Phone', 'Video'])
  on('GET /interviews-api/v201904/interview-types', call => listOf(call, [...types]))
  on('PATCH /interviews-api/v201904/interview-types', ({ items }) => {
    for (const type of items) types.add(String(type))
  })
  on('DELETE /interviews-api/v201904/interview-types/{interviewType}', ({ params }) => {
    if (!types.delete(params.interviewType)) throw notFound('Interview type not found')
  })
}
