/** The servers that clients meet, and the jobs they have to do there. */

/** What the vendor allows, and the sandbox enforces: requests in a second of an endpoint, and at once. */
export const PER_SECOND = 10
export const AT_ONCE = 8
/** The exception among the endpoints below. */
export const ONE_AT_ONCE = 'GET /candidates'

/** Milliseconds that a server works on a request that it admits: what takes no time is never two at once. */
export const WORK = 20

/** Kinds of sandbox; `flags` are those of its command line. */
export const SERVERS = [
  { name: 'sliding', title: 'a server that counts any second', flags: ['--window', 'sliding'] },
  { name: 'fixed', title: 'a server that counts the seconds of its clock', flags: ['--window', 'fixed'] },
  {
    name: 'latency',
    title: 'a server that counts any second, and requests that are 0–50 ms on their way, by chance',
    flags: ['--window', 'sliding', '--latency-before', '50'],
  },
]

/** Rows of a page. */
export const ROWS = 10

/**
 * Each makes the calls of a job: `items` for each endpoint, all of which may be sent at any time. `expected` are fields of
 * the right answer, and the number of its rows.
 */
export const JOBS = [
  {
    name: 'export',
    title: 'a list in pages by offset, and the details of its records',
    endpoints: [jobPage, jobDetails],
  },
  {
    name: 'mixed',
    title: 'four endpoints, of which `GET /candidates` takes one request at once',
    endpoints: [jobPage, jobDetails, candidateSearch, candidateDetails],
  },
]

/** The calls of a job, with the endpoints in turns. */
export function callsOf({ endpoints }, items, ids) {
  return Array.from({ length: items }, (_, index) => endpoints.map(call => call(index, ids))).flat()
}

/** For how many seconds the limits hold a job up: the last ten requests of an endpoint leave so long after the first. */
export function leastSeconds(items) {
  return Math.ceil(items / PER_SECOND) - 1
}

function jobPage(index) {
  const offset = index * ROWS
  const path = `/jobs?sort=job_id&limit=${ROWS}&offset=${offset}`
  return { endpoint: 'GET /jobs', path, expected: { offset, rows: ROWS } }
}

function jobDetails(index, { jobs }) {
  const id = jobs[index]
  return { endpoint: 'GET /jobs/{id}', path: `/jobs/${id}`, expected: { id } }
}

function candidateSearch(index) {
  const path = `/candidates?limit=${ROWS}&q=candidate${index + 1}%40example.com`
  return { endpoint: 'GET /candidates', path, expected: { limit: ROWS, rows: ROWS } }
}

function candidateDetails(index, { candidates }) {
  const id = candidates[index]
  return { endpoint: 'GET /candidates/{id}', path: `/candidates/${id}`, expected: { id } }
}
