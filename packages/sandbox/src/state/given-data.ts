/** A record of the API: any object with an id. */
export interface Item {
  /** The id of the record, 1 to 500 characters. */
  id: string
  [field: string]: unknown
}

/** The names of the collections that the sandbox serves. */
const COLLECTIONS = [
  'jobs',
  'candidates',
  'departments',
  'users',
  'auditEvents',
  'approvals',
  'subscriptions',
  'reports',
  'reviews',
  'jobProperties',
  'candidateProperties',
  'hiringProcesses',
  'offers',
  'interviews',
  'messages',
  'reportFiles',
] as const

/** Your own records by collection, in the order of their lists. A collection that is absent is generated. */
export type SandboxData = { [Collection in (typeof COLLECTIONS)[number]]?: readonly Item[] }

/** Marks a record that is answered as it is. A symbol survives `{ ...record }`, and is not in JSON. */
const GIVEN = Symbol('given')

/** Whether a record is answered as it is, above all one that the user has given. */
export function isGiven(record: object): boolean {
  return GIVEN in record
}

/** Marks a record so that it is answered as it is. */
export function asGiven<Record extends object>(record: Record): Record {
  return Object.assign(record, { [GIVEN]: true })
}

/** The maximum length of an id. */
const LONGEST_ID = 500

/**
 * Copies the user's records through JSON, as the API would send them, so that the sandbox may change the copies. Throws
 * a TypeError that names what is wrong, such as `data.jobs[3].id`.
 */
export function readData(given: unknown): { [Collection in keyof SandboxData]?: Item[] } {
  if (!isObject(given)) throw new TypeError('option "data" must be an object of collections')
  const collections = Object.entries(given).filter(([, records]) => records !== undefined)
  return Object.fromEntries(collections.map(([name, records]) => [name, readCollection(name, records)]))
}

function readCollection(name: string, records: unknown): Item[] {
  if (!COLLECTIONS.some(known => known === name)) {
    throw new TypeError(`option "data.${name}" is not a collection; the collections are ${COLLECTIONS.join(', ')}`)
  }
  if (!Array.isArray(records)) throw new TypeError(`option "data.${name}" must be a list of records`)
  const places = new Map<string, string>()
  // `Array.from` does not skip holes, so each of them is refused as undefined.
  return Array.from(records, (given, index) => {
    const place = `data.${name}[${index}]`
    const record = readRecord(place, given)
    const first = places.get(record.id)
    if (first !== undefined) throw new TypeError(`option "${place}.id" is also the id of ${first}: "${record.id}"`)
    places.set(record.id, place)
    return record
  })
}

function readRecord(place: string, given: unknown): Item {
  let record: unknown
  try {
    record = JSON.parse(JSON.stringify(given) ?? 'null')
  } catch (error) {
    throw new TypeError(
      `option "${place}" cannot be written as JSON: ${error instanceof Error ? error.message : error}`,
    )
  }
  if (!isObject(record)) throw new TypeError(`option "${place}" must be an object with an "id"`)
  const { id } = record
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID) {
    throw new TypeError(`option "${place}.id" must be a string of 1 to ${LONGEST_ID} characters`)
  }
  return asGiven({ ...record, id })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}
