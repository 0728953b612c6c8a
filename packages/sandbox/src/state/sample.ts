import { createHash } from 'node:crypto'
import type { Item } from './given-data.js'

const TITLES = ['Engineer', 'Designer', 'Accountant', 'Nurse', 'Translator', 'Gardener', 'Analyst', 'Electrician']
const GIVEN = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Niklaus', 'Radia', 'Tony', 'Zoë']
const FAMILY = ['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Wirth', 'Perlman', 'Hoare']
const CITIES = [
  { city: 'Kraków', country: 'Poland', countryCode: 'pl' },
  { city: 'San Francisco', country: 'United States', countryCode: 'us' },
  { city: '東京', country: 'Japan', countryCode: 'jp' },
  { city: 'Berlin', country: 'Germany', countryCode: 'de' },
]
const JOB_STATUSES = ['SOURCING', 'FILLED', 'INTERVIEW', 'OFFER', 'CANCELLED', 'ON_HOLD']
const CANDIDATE_STATUSES = ['NEW', 'IN_REVIEW', 'INTERVIEW', 'OFFERED', 'HIRED', 'REJECTED', 'WITHDRAWN']
const DECISIONS = ['PENDING', 'APPROVED', 'REJECTED']
const START = Date.UTC(2024, 0, 1)
const HOUR = 3_600_000

/** One candidate and one approval in this many is denied to every credential. */
const DENIED_EVERY = 100

/** What all generated jobs have in common. */
export const JOB_FIELDS = {
  language: { code: 'en', label: 'English', labelNative: 'English' },
  industry: { id: 'computer_software', label: 'Computer Software' },
  function: { id: 'engineering', label: 'Engineering' },
  typeOfEmployment: { id: 'permanent', label: 'Full-time' },
  experienceLevel: { id: 'associate', label: 'Associate' },
  template: false,
}

export function department(index: number): Item {
  return { id: uuid('department', index), label: `Department ${index + 1}` }
}

export function job(index: number, department: Item | undefined): Item {
  return {
    id: uuid('job', index),
    title: `${pick(TITLES, index)} ${index + 1}`,
    refNumber: `REF${index + 1}`,
    status: pick(JOB_STATUSES, index),
    postingStatus: index % 2 === 0 ? 'PUBLIC' : 'NOT_PUBLISHED',
    department,
    location: pick(CITIES, index),
    createdOn: date(index),
    updatedOn: date(index + 24),
    ...JOB_FIELDS,
  }
}

/** `jobId` is that of the job to which the candidate has applied. */
export function candidate(index: number, jobId: string | undefined): Item {
  const id = uuid('candidate', index)
  return {
    id: index % DENIED_EVERY === DENIED_EVERY - 1 ? `denied-${id}` : id,
    firstName: pick(GIVEN, index),
    lastName: pick(FAMILY, Math.floor(index / GIVEN.length)),
    email: `candidate${index + 1}@example.com`,
    internal: false,
    location: pick(CITIES, index),
    createdOn: date(index),
    updatedOn: date(index + 24),
    jobId,
    status: pick(CANDIDATE_STATUSES, index),
  }
}

export function user(index: number): Item {
  return {
    id: uuid('user', index),
    email: `user${index + 1}@example.com`,
    firstName: pick(GIVEN, index),
    lastName: pick(FAMILY, index),
    active: true,
    systemRole: index === 0 ? { id: 'ADMINISTRATOR', name: 'Administrator' } : { id: 'EMPLOYEE', name: 'Employee' },
    language: { code: 'en' },
    updatedOn: date(index),
  }
}

export function auditEvent(index: number): Item {
  const names = ['CREDENTIALS_REVOKED', 'OAUTH_APPLICATION_ACCESS_GRANTED', 'JOB_AD_CREATED', 'USER_LOGOUT']
  return {
    id: uuid('event', index),
    eventName: pick(names, index),
    eventDate: date(index),
    authorType: 'USER',
    authorId: uuid('user', 0),
    entityType: pick(['CREDENTIAL', 'CREDENTIAL', 'JOB_AD', 'USER'], index),
    entityId: uuid('entity', index),
  }
}

export function approval(index: number, subject: { id: string; type: string }, approverId: string): Item {
  const id = uuid('approval', index)
  const status = pick(DECISIONS, index)
  return {
    id: index % DENIED_EVERY === DENIED_EVERY - 1 ? `denied-${id}` : id,
    subject,
    type: 'sequential',
    decisionMode: 'any',
    status,
    steps: [
      {
        status,
        approvers: [{ id: approverId, decision: status, ...(status !== 'PENDING' && { decidedOn: date(index + 24) }) }],
      },
    ],
  }
}

export function subscription(index: number): Item {
  return {
    id: uuid('subscription', index),
    callbackUrl: `https://example.com/hooks/${index + 1}`,
    events: [
      { name: 'job.created', version: 'v1' },
      { name: 'application.created', version: 'v1' },
    ],
    // An active one would be sent events.
    status: 'inactive',
  }
}

export function report(index: number): Item {
  return {
    id: uuid('report', index),
    name: `Report ${index + 1}`,
    creationDate: date(index),
    modificationDate: date(index + 24),
    creatorId: uuid('user', 0),
    reportFormats: ['CSV'],
  }
}

export function review(index: number, candidateId: string, jobId: string, reviewerId: string): Item {
  const rating = { overallRating: 1 + (index % 5), comment: `Review ${index + 1}` }
  const dates = { createdOn: date(index), updatedOn: date(index) }
  return { id: uuid('review', index), candidateId, jobId, reviewerId, ...rating, ...dates }
}

export function jobProperty(index: number): Item {
  const label = `Property ${index + 1}`
  return { id: uuid('job-property', index), label, category: 'job', active: true, visible: true, required: false }
}

export function candidateProperty(index: number): Item {
  const types = ['TEXT', 'NUMBER', 'BOOLEAN', 'DATE', 'SINGLE_SELECT', 'CURRENCY']
  const label = `Candidate property ${index + 1}`
  const availability = { toUsers: 'ALL', context: ['PROFILE', 'OFFER_FORM'], forOrgFields: [] }
  return { id: uuid('candidate-property', index), label, type: pick(types, index), availability }
}

export function hiringProcess(index: number): Item {
  const subStatuses = { IN_REVIEW: ['Phone screen'], INTERVIEW: ['First interview', 'Second interview'], OFFERED: [] }
  return { id: uuid('hiring-process', index), name: `Hiring process ${index + 1}`, active: index === 0, subStatuses }
}

export function offer(index: number, candidateId: string, jobId: string): Item {
  return {
    id: uuid('offer', index),
    candidateId,
    jobId,
    status: pick(['PENDING_APPROVAL', 'APPROVED', 'PENDING_ACCEPTANCE', 'ACCEPTED', 'NOT_ACCEPTED'], index),
    createdOn: date(index),
    updatedOn: date(index + 24),
    properties: { salary: String(50_000 + index * 1000), currency: 'EUR' },
  }
}

export function interview(index: number, candidateId: string, jobId: string, organizerId: string): Item {
  return {
    id: uuid('interview', index),
    candidate: { id: candidateId, status: 'pending' },
    jobId,
    location: 'Room 1',
    organizerId,
    timezone: 'Europe/Berlin',
    timeslots: [
      {
        id: uuid('timeslot', index),
        interviewType: 'On-site',
        title: 'First interview',
        place: 'Room 1',
        startsOn: date(index + 1000),
        endsOn: date(index + 1001),
        interviewers: [{ id: organizerId, status: 'pending' }],
        candidateStatus: 'pending',
      },
    ],
    createdOn: date(index),
    source: 'SANDBOX',
  }
}

export function message(index: number, candidateId: string, jobId: string, authorId: string): Item {
  return {
    id: uuid('message', index),
    content: `Message ${index + 1}`,
    createdOn: date(index),
    visibility: 'OPEN',
    authorId,
    context: { applications: [{ candidateId, jobId }] },
  }
}

export function range<Row>(count: number, make: (index: number) => Row): Row[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

export function pick<Value>(values: readonly Value[], index: number): Value {
  return values[index % values.length] as Value
}

/** Returns the time that is so many hours after the first record. */
export function date(hours: number): string {
  return new Date(START + hours * HOUR).toISOString()
}

/** Makes an id that is the same at every start. */
export function uuid(kind: string, index: number): string {
  const hex = createHash('sha256').update(`${kind} ${index}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
