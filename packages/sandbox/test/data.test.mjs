import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startSandbox } from '../index.mjs'
import { withSandbox } from './support.mjs'

/** A list of each collection, and what it is called in `data`. */
const LISTS = {
  jobs: '/jobs',
  candidates: '/candidates',
  departments: '/configuration/departments',
  users: '/user-api/v201804/users',
  auditEvents: '/audit-api/v201910/audit-events',
  approvals: '/approvals-api/v201910/approvals',
  subscriptions: '/webhooks-api/v201907/subscriptions',
  reports: '/reporting-api/v201804/reports',
  reviews: '/reviews-api/v201910/reviews?candidateId=c&jobId=j',
  jobProperties: '/configuration/job-properties',
  candidateProperties: '/configuration/candidate-properties',
  hiringProcesses: '/configuration/hiring-processes',
  offers: '/offers',
  reportFiles: '/reporting-api/v201804/reports/r/files',
  messages: '/messages?candidateId=c',
}
/** What the path of a list names. */
const NAMED = { reportFiles: { reports: [{ id: 'r' }] }, messages: { candidates: [{ id: 'c' }] } }
const none = { jobs: undefined, candidates: undefined }
const json = async answer => (await answer).json()

describe('data of your own', () => {
  for (const [collection, path] of Object.entries(LISTS)) {
    it(
      `is what ${path} lists`,
      withSandbox(
        {
          ...none,
          data: { ...NAMED[collection], [collection]: [{ id: 'b', nested: { kept: [1, null] } }, { id: 'a' }] },
        },
        async (_, client) => {
          const list = await json(client.get(path))
          assert.deepEqual(list.content ?? list, [{ id: 'b', nested: { kept: [1, null] } }, { id: 'a' }])
        },
      ),
    )
  }

  it(
    'is read and changed by its ids, and what is not there is a 404',
    withSandbox(
      { ...none, data: { jobs: [{ id: 'j/1', title: 'Nurse' }], candidates: [{ id: 'c1' }] } },
      async (_, client) => {
        assert.deepEqual(await json(client.get('/jobs/j%2F1')), { id: 'j/1', title: 'Nurse' })
        assert.equal((await client.get('/jobs/none')).status, 404)
        const patched = await client.send('PATCH', '/candidates/c1', { firstName: 'Ada' })
        assert.deepEqual(await patched.json(), { id: 'c1', firstName: 'Ada' })
        assert.equal((await client.get('/candidates/c1/attachments')).status, 200)
      },
    ),
  )

  it(
    'has what its lists are asked for, and may lack the rest',
    withSandbox(
      {
        ...none,
        data: {
          jobs: [{ id: 'j' }],
          candidates: [{ id: 'c', status: 'NEW' }],
          interviews: [{ id: 'i', candidate: { id: 'c' }, jobId: 'j' }],
          offers: [
            { id: 'o1', candidateId: 'c', jobId: 'j' },
            { id: 'o2', candidateId: 'other', jobId: 'j' },
          ],
        },
      },
      async (_, client) => {
        const { applicationId } = await json(client.get('/candidates/c/jobs/j'))
        const base = '/interviews-api/v201904/interviews'
        const interviews = await json(client.get(`${base}?applicationId=${applicationId}`))
        assert.deepEqual(interviews.content, [{ id: 'i', candidate: { id: 'c' }, jobId: 'j' }])
        assert.equal((await client.get(`${base}/i/timeslots/t`)).status, 404)
        const offers = await json(client.get('/candidates/c/jobs/j/offers'))
        assert.deepEqual(offers.content, [{ id: 'o1', candidateId: 'c', jobId: 'j' }])
        await client.send('PUT', '/candidates/c/jobs/j/status', { status: 'HIRED' })
        assert.deepEqual(await json(client.get('/candidates/c')), { id: 'c', status: 'HIRED' })
      },
    ),
  )

  it(
    'leaves the other collections as they are',
    withSandbox({ ...none, candidates: 7, data: { jobs: [] } }, async (_, client) => {
      assert.deepEqual((await json(client.get('/jobs'))).content, [])
      assert.equal((await json(client.get('/candidates'))).totalFound, 7)
    }),
  )

  it(
    'may be without users and departments',
    withSandbox({ ...none, data: { users: [], departments: [], jobs: [] } }, async (_, client) => {
      assert.equal((await client.get('/users/me')).status, 404)
      assert.equal((await client.send('POST', '/jobs', { title: 'Nurse' })).status, 404)
    }),
  )

  it('is copied', async () => {
    const data = { jobs: [{ id: '1', postingStatus: 'NOT_PUBLISHED', createdOn: new Date(0) }] }
    await withSandbox({ ...none, data }, async (sandbox, client) => {
      assert.equal(
        (await client.get('/jobs/1/publication', { method: 'POST', headers: { 'x-smarttoken': sandbox.apiKey } }))
          .status,
        204,
      )
      assert.deepEqual(await json(client.get('/jobs/1')), {
        id: '1',
        postingStatus: 'PUBLIC',
        createdOn: '1970-01-01T00:00:00.000Z',
      })
      assert.equal(data.jobs[0].postingStatus, 'NOT_PUBLISHED')
    })()
  })

  const cycle = { id: '1' }
  cycle.self = cycle
  for (const [expected, options] of [
    [/option "data" must be an object/, { data: [] }],
    [/option "data" must be an object/, { data: new Map() }],
    [/option "data" must be an object/, { data: null }],
    [/option "data\.people" is not a collection; the collections are jobs, /, { data: { people: [] } }],
    [/option "data\.jobs" must be a list/, { data: { jobs: { id: '1' } } }],
    [/option "data\.jobs\[1\]" must be an object with an "id"/, { data: { jobs: [{ id: '1' }, 'job'] } }],
    [/option "data\.jobs\[0\]" must be an object with an "id"/, { data: { jobs: new Array(1) } }],
    [/option "data\.jobs\[3\]\.id" must be a string/, { data: { jobs: [{ id: '1' }, { id: '2' }, { id: '3' }, {}] } }],
    [/option "data\.users\[0\]\.id" must be a string/, { data: { users: [{ id: 1 }] } }],
    [/option "data\.users\[0\]\.id" must be a string/, { data: { users: [{ id: '' }] } }],
    [
      /option "data\.reviews\[1\]\.id" is also the id of data\.reviews\[0\]/,
      { data: { reviews: [{ id: '1' }, { id: '1' }] } },
    ],
    [/option "data\.jobs\[0\]" cannot be written as JSON/, { data: { jobs: [cycle] } }],
    [/option "jobs" is the number to generate/, { jobs: 3, data: { jobs: [] } }],
  ]) {
    it(`is refused as ${expected.source.replaceAll('\\', '')}`, () =>
      assert.rejects(startSandbox(options), error => error instanceof TypeError && expected.test(error.message)))
  }
})
