import { createHash } from 'node:crypto'
import type { Item, SandboxData } from './given-data.js'

const TITLES = ['Engineer', 'Designer', 'Accountant', 'Nurse', 'Translator', 'Gardener', 'Analyst', 'Electrician']
const GIVEN = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Niklaus', 'Radia', 'Tony', 'Zoë']
const FAMILY = ['Lovelace', 'Hopper', 'Turing', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Wirth', 'Perlman', 'Hoare']
const CITIES = [
  { city: 'Kraków', country: 'Poland', countryCode: 'pl' },
  { city: 'San Francisco', country: 'United States', countryCode: 'us' },
  { city: '東京', country: 'Japan', countryCode: 'jp' },
  { city: 'Berlin', country: 'Germany', countryCode: 'de' },
]
const STATUSES = ['SOURCING', 'FILLED', 'INTERVIEW', 'OFFER', 'CANCELLED', 'ON_HOLD']
const START = Date.UTC(2024, 0, 1)
const HOUR = 3_600_000

/** One candidate in this many is denied to every credential. */
const DENIED_EVERY = 100

/** The options from which the data is made. */
interface DataSource {
  /** The number of generated jobs. */
  jobs: number
  /** The number of generated candidates. */
  candidates: number
  /** The records of the user, which replace generated ones. */
  data: { [Collection in keyof SandboxData]?: Item[] }
}

/** The data of the company, the same at every start. What the routes write is kept until the sandbox closes. */
export class Data {
  readonly companyId = 'SandboxCompany'
  readonly departments: Item[]
  readonly users: Item[]
  readonly auditEvents: Item[]
  readonly approvals: Item[]
  readonly subscriptions: Map<string, Item>
  readonly reports: Item[]
  readonly reviews: Item[]
  readonly jobProperties: Item[]
  readonly jobs: Map<string, Item>
  readonly candidates: Map<string, Item>
  #made = 0

  constructor({ jobs, candidates, data }: DataSource) {
    this.departments = data.departments ?? range(12, department)
    this.users = data.users ?? range(250, user)
    this.auditEvents = data.auditEvents ?? range(450, auditEvent)
    this.approvals = data.approvals ?? range(130, approval)
    this.subscriptions = byId(data.subscriptions ?? range(45, subscription))
    this.reports = data.reports ?? range(37, report)
    this.reviews = data.reviews ?? range(24, review)
    this.jobProperties = data.jobProperties ?? range(24, jobProperty)
    this.jobs = byId(data.jobs ?? range(jobs, index => job(index, pick(this.departments, index))))
    this.candidates = byId(data.candidates ?? range(candidates, candidate))
  }

  /** Makes an id for a record that is created while the sandbox runs. */
  newId(kind: string): string {
    this.#made += 1
    return uuid(`new-${kind}`, this.#made)
  }

  propertyValues(propertyId: string): Item[] {
    return range(300, index => ({
      id: uuid(`value-${propertyId}`, index),
      label: `Value ${index + 1}`,
      archived: false,
    }))
  }
}

function department(index: number): Item {
  return { id: uuid('department', index), label: `Department ${index + 1}` }
}

function report(index: number): Item {
  return { id: uuid('report', index), name: `Report ${index + 1}` }
}

function job(index: number, department: Item | undefined): Item {
  return {
    id: uuid('job', index),
    title: `${pick(TITLES, index)} ${index + 1}`,
    refNumber: `REF${index + 1}`,
    status: pick(STATUSES, index),
    postingStatus: index % 2 === 0 ? 'PUBLIC' : 'NOT_PUBLISHED',
    department,
    location: pick(CITIES, index),
    createdOn: date(index),
    updatedOn: date(index + 24),
  }
}

function candidate(index: number): Item {
  const id = uuid('candidate', index)
  return {
    id: index % DENIED_EVERY === DENIED_EVERY - 1 ? `denied-${id}` : id,
    firstName: pick(GIVEN, index),
    lastName: pick(FAMILY, Math.floor(index / GIVEN.length)),
    email: `candidate${index + 1}@example.com`,
    location: pick(CITIES, index),
    createdOn: date(index),
    updatedOn: date(index + 24),
  }
}

function user(index: number): Item {
  return {
    id: uuid('user', index),
    email: `user${index + 1}@example.com`,
    firstName: pick(GIVEN, index),
    lastName: pick(FAMILY, index),
    active: true,
    systemRole: index === 0 ? { id: 'ADMINISTRATOR', name: 'Administrator' } : { id: 'EMPLOYEE', name: 'Employee' },
  }
}

function auditEvent(index: number): Item {
  const names = ['CREDENTIALS_REVOKED', 'OAUTH_APPLICATION_ACCESS_GRANTED', 'JOB_CREATED', 'USER_LOGGED_IN']
  return { id: uuid('event', index), eventName: pick(names, index), eventDate: date(index) }
}

function approval(index: number): Item {
  const id = uuid('approval', index)
  return {
    id: index % DENIED_EVERY === DENIED_EVERY - 1 ? `denied-${id}` : id,
    type: 'JOB',
    status: pick(['PENDING', 'APPROVED', 'REJECTED'], index),
  }
}

function subscription(index: number): Item {
  return {
    id: uuid('subscription', index),
    callbackUrl: `https://example.com/hooks/${index + 1}`,
    events: ['job.created', 'application.created'],
    status: 'active',
  }
}

function review(index: number): Item {
  return { id: uuid('review', index), rating: 1 + (index % 5), createdOn: date(index) }
}

function jobProperty(index: number): Item {
  return { id: uuid('job-property', index), label: `Property ${index + 1}`, type: 'SINGLE_SELECT', archived: false }
}

function range<Row>(count: number, make: (index: number) => Row): Row[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function byId(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map(item => [item.id, item]))
}

function pick<Value>(values: readonly Value[], index: number): Value {
  return values[index % values.length] as Value
}

function date(hours: number): string {
  return new Date(START + hours * HOUR).toISOString()
}

function uuid(kind: string, index: number): string {
  const hex = createHash('sha256').update(`${kind} ${index}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
