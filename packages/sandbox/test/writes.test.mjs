import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startReceiver } from './receiver.mjs'
import { withSandbox } from './support.mjs'

/** What a family changes, and what reads say of it. Each test has short forms for requests, with their statuses. */
function changing(name, body) {
  it(
    name,
    withSandbox({ limits: false, jobs: 10, candidates: 10 }, async (sandbox, client) => {
      const send = async (method, path, json, contentType) => {
        const answer = await client.get(path, {
          method,
          headers: {
            'x-smarttoken': sandbox.apiKey,
            ...(json !== undefined && { 'content-type': contentType ?? 'application/json' }),
          },
          ...(json !== undefined && { body: JSON.stringify(json) }),
        })
        const text = await answer.text()
        return { status: answer.status, body: text === '' ? undefined : JSON.parse(text), headers: answer.headers }
      }
      const api = {
        send,
        read: async path => {
          const { status, body } = await send('GET', path)
          assert.equal(status, 200, `GET ${path}`)
          return body
        },
        write: async (method, path, json, contentType) => {
          const { status, body } = await send(method, path, json, contentType)
          assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(body)}`)
          return body
        },
        refused: async (status, code, method, path, json, contentType) => {
          const answer = await send(method, path, json, contentType)
          assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
          if (code) assert.equal(answer.body.errors[0].code, code)
        },
        patch: (path, ...operations) => api.write('PATCH', path, operations, 'application/json-patch+json'),
      }
      const { content } = await api.read('/candidates?limit=1')
      const [{ id: candidate, primaryAssignment }] = content
      const job = primaryAssignment.job.id
      const [user, other] = (await api.read('/user-api/v201804/users')).content
      await body({
        ...api,
        candidate,
        job,
        user: user.id,
        other: other.id,
        own: `/candidates/${candidate}/jobs/${job}`,
      })
    }),
  )
}

describe('a write changes what reads return:', () => {
  changing('a job, its status, note and headcount', async ({ read, write, refused, patch, job }) => {
    const created = await write('POST', '/jobs', { title: 'Baker', refNumber: 'B-1' })
    assert.equal((await read(`/jobs/${created.id}`)).refNumber, 'B-1')
    await refused(409, 'REF_NUMBER_ALREADY_EXISTS', 'POST', '/jobs', { title: 'Baker', refNumber: 'B-1' })
    await refused(400, 'DEPARTMENT_NOT_FOUND', 'POST', '/jobs', { title: 'Baker', department: { id: 'none' } })
    await refused(400, 'INVALID_REQUEST', 'POST', '/jobs', { title: 5 })
    await write('PUT', `/jobs/${created.id}`, { title: 'Cook' })
    await patch(`/jobs/${created.id}`, { op: 'replace', path: '/location/city', value: 'Bonn' })
    const changed = await read(`/jobs/${created.id}`)
    assert.deepEqual([changed.title, changed.location.city, changed.refNumber], ['Cook', 'Bonn', 'B-1'])

    await write('PUT', `/jobs/${job}/status`, { status: 'ON_HOLD' })
    assert.equal((await read(`/jobs/${job}`)).status, 'ON_HOLD')
    const history = (await read(`/jobs/${job}/status/history`)).content.map(({ status }) => status)
    assert.deepEqual(history, ['ON_HOLD', 'SOURCING'])
    await refused(422, undefined, 'PUT', `/jobs/${job}/status`, { status: 'LOST' })

    await write('PUT', `/jobs/${job}/note`, { content: 'Urgent' })
    assert.equal((await read(`/jobs/${job}/note`)).content, 'Urgent')
    await write('PATCH', `/jobs/${job}/headcount`, { salaryRange: { min: 1, max: 2, currency: 'EUR' } })
    assert.equal((await read(`/jobs/${job}/approvals/latest`)).salaryRange.max, 2)
    await refused(400, 'INVALID_SALARY_RANGE', 'PATCH', `/jobs/${job}/headcount`, { salaryRange: { min: 2, max: 1 } })
  })

  changing('a hiring team and positions', async ({ read, write, refused, job, user }) => {
    const team = async () => (await read(`/jobs/${job}/hiring-team`)).content.map(({ id, role }) => `${id} ${role}`)
    await write('POST', `/jobs/${job}/hiring-team`, { id: user, role: 'COORDINATOR' })
    assert.ok((await team()).includes(`${user} COORDINATOR`))
    await write('DELETE', `/jobs/${job}/hiring-team/${user}`)
    assert.equal((await team()).length, 1)
    await refused(404, undefined, 'DELETE', `/jobs/${job}/hiring-team/${user}`)
    await refused(400, 'USER_NOT_FOUND', 'POST', `/jobs/${job}/hiring-team`, { id: 'none', role: 'RECRUITER' })

    const times = { positionOpenDate: '2026-01-01', targetStartDate: '2026-02-01' }
    const { id } = await write('POST', `/jobs/${job}/positions`, { type: 'NEW', ...times })
    await write('PUT', `/jobs/${job}/positions/${id}`, { type: 'REPLACEMENT', incumbentName: 'Ada', ...times })
    const position = await read(`/jobs/${job}/positions/${id}`)
    assert.deepEqual([position.type, position.incumbentName], ['REPLACEMENT', 'Ada'])
    assert.equal((await read(`/jobs/${job}/positions`)).totalFound, 2)
    await write('DELETE', `/jobs/${job}/positions/${id}`)
    await refused(404, undefined, 'GET', `/jobs/${job}/positions/${id}`)
    await refused(400, 'INVALID_REQUEST', 'POST', `/jobs/${job}/positions`, { type: 'NEW' })
  })

  changing('job ads and publications', async ({ read, write, refused, job }) => {
    const active = async () => (await read(`/jobs/${job}/publication?activeOnly=true`)).content.length
    await write('DELETE', `/jobs/${job}/publication`)
    assert.equal(await active(), 0)
    const ad = await write('POST', `/jobs/${job}/jobads`, { title: 'Second', jobAd: {} })
    await write('PUT', `/jobs/${job}/jobads/${ad.id}`, { title: 'Renamed', jobAd: {} })
    await write('POST', `/jobs/${job}/jobads/${ad.id}/postings`, { visibility: 'PUBLIC' })
    const ads = await read(`/jobs/${job}/jobads`)
    assert.deepEqual(
      ads.map(({ title, postingStatus }) => [title === 'Renamed', postingStatus]),
      [
        [false, 'NOT_PUBLISHED'],
        [true, 'PUBLISHED'],
      ],
    )
    assert.equal(await active(), 1)
    assert.equal((await read(`/jobs/${job}`)).postingStatus, 'PUBLIC')
    await write('DELETE', `/jobs/${job}/jobads/${ad.id}/postings`)
    assert.equal((await read(`/jobs/${job}`)).postingStatus, 'NOT_PUBLISHED')
    await refused(404, undefined, 'POST', `/jobs/${job}/jobads/none/postings`, {})
    await write('POST', `/jobs/${job}/publication`, {})
    const postings = (await read('/v1/companies/SandboxCompany/postings')).content
    assert.ok(postings.some(({ id }) => id === job))
  })

  changing('a candidate, tags and consent', async ({ read, write, refused, candidate, job }) => {
    const person = { firstName: 'Mary', lastName: 'Jackson', email: 'mary@example.com' }
    const { id } = await write('POST', `/jobs/${job}/candidates`, person)
    const created = await read(`/candidates/${id}`)
    assert.deepEqual([created.primaryAssignment.job.id, created.primaryAssignment.status], [job, 'NEW'])
    await refused(400, 'INVALID_CANDIDATE', 'POST', '/candidates', { firstName: 'Mary' })
    await refused(404, undefined, 'POST', '/jobs/none/candidates', person)

    const tags = async () => (await read(`/candidates/${candidate}`)).tags
    await write('POST', `/candidates/${candidate}/tags`, { tags: ['a', 'b'] })
    await write('POST', `/candidates/${candidate}/tags`, { tags: ['b', 'c'] })
    assert.deepEqual(await tags(), ['a', 'b', 'c'])
    await write('PUT', `/candidates/${candidate}/tags`, { tags: ['d'] })
    assert.deepEqual((await read(`/candidates/${candidate}/tags`)).tags, ['d'])
    await write('DELETE', `/candidates/${candidate}/tags`)
    assert.deepEqual(await tags(), [])
    await refused(400, 'INVALID_REQUEST', 'PUT', `/candidates/${candidate}/tags`, { tags: 'a' })

    const { results } = await write('POST', '/candidates/consent-requests', { content: [{ id }, { id: 'none' }] })
    assert.deepEqual(
      results.map(({ status }) => status),
      [201, 404],
    )
    assert.equal((await read(`/candidates/${id}/consent`)).status, 'PENDING')
    await write('DELETE', `/candidates/attachments/resume-${candidate}`)
    const files = (await read(`/candidates/${candidate}/attachments`)).content.map(({ name }) => name)
    assert.deepEqual(files, ['letter.pdf'])
  })

  changing('an application', async ({ read, write, refused, candidate, job, own }) => {
    await write('PUT', `${own}/status`, { status: 'INTERVIEW', subStatus: 'First interview' })
    await write('PUT', `${own}/status`, { status: 'REJECTED', reason: 'position-filled' })
    const application = await read(own)
    assert.deepEqual([application.status, application.reasonOfRejection.id], ['REJECTED', 'position-filled'])
    assert.equal((await read(`/candidates/${candidate}`)).primaryAssignment.status, 'REJECTED')
    const history = (await read(`${own}/status/history`)).content.map(({ status }) => status)
    assert.deepEqual(history, ['REJECTED', 'INTERVIEW', 'NEW'])
    assert.deepEqual((await read(`/candidates/${candidate}/status/history`)).totalFound, 3)
    const found = await read(`/job-applications-api/v202112/job-applications/${application.applicationId}`)
    assert.deepEqual([found.status, found.profileId, found.jobId], ['REJECTED', candidate, job])
    const change = { status: 'HIRED', reason: 'position-filled' }
    await refused(400, 'NO_REASON_SUPPORT_FOR_STATUS', 'PUT', `${own}/status`, change)
    await refused(400, 'REASON_NOT_FOUND', 'PUT', `${own}/status`, { status: 'REJECTED', reason: 'none' })
    await write('PUT', `/candidates/${candidate}/status`, { status: 'HIRED' })
    assert.equal((await read(own)).status, 'HIRED')

    await write('PUT', `${own}/onboardingStatus`, { onboardingStatus: 'ONBOARDING_FAILED' })
    assert.equal((await read(`/candidates/${candidate}/onboardingStatus`)).onboardingStatus, 'ONBOARDING_FAILED')
    await refused(400, 'INVALID_REQUEST', 'PUT', `${own}/onboardingStatus`, { onboardingStatus: 'LOST' })
    await write('PUT', `${own}/source`, { sourceTypeId: 'JOB_BOARD', sourceId: 'job_board-2' })
    assert.equal((await read(own)).source, 'job_board-2')
  })

  changing('candidate properties', async ({ read, write, refused, candidate, own }) => {
    const definitions = (await read('/configuration/candidate-properties')).content
    const text = definitions.find(({ type }) => type === 'TEXT').id
    const select = definitions.find(({ type }) => type === 'SINGLE_SELECT').id
    const values = `/configuration/candidate-properties/${select}/values`
    const { id: value } = await write('POST', values, { label: 'New' })
    await write('PUT', `${values}/${value}`, { label: 'Newer' })
    await write('PUT', `${own}/properties`, [
      { id: text, value: 'changed' },
      { id: select, value },
    ])
    const properties = (await read(`/candidates/${candidate}/properties`)).content
    assert.equal(properties.find(({ id }) => id === text).value, 'changed')
    assert.equal(properties.find(({ id }) => id === select).valueLabel, 'Newer')
    await refused(400, 'PROPERTY_INVALID', 'PUT', `${own}/properties/${select}`, { value: 'none' })
    await refused(404, undefined, 'PUT', `${own}/properties/none`, { value: 1 })
    await write('DELETE', `${values}/${value}`)
    await refused(404, undefined, 'GET', `${values}/${value}`)
    const other = `/configuration/candidate-properties/${text}/values`
    await refused(400, 'CANDIDATE_PROPERTY_NOT_SINGLE_SELECT', 'GET', other)
  })

  changing('interviews', async ({ read, write, refused, candidate, job, own, user }) => {
    const base = '/interviews-api/v201904/interviews'
    const times = { startsOn: '2026-01-01T10:00:00Z', endsOn: '2026-01-01T11:00:00Z' }
    const slot = { ...times, interviewers: [{ id: user, status: 'pending' }] }
    const about = { candidate: { id: candidate }, jobId: job, organizerId: user }
    const given = { ...about, timezone: 'Europe/Berlin', timeslots: [slot] }
    const { id, timeslots } = await write('POST', base, given)
    const { applicationId } = await read(own)
    const ids = (await read(`${base}?applicationId=${applicationId}`)).content.map(interview => interview.id)
    assert.ok(ids.includes(id))
    await write('PATCH', `${base}/${id}`, { location: 'Room 2' })
    await write('PATCH', `${base}/${id}/timeslots/${timeslots[0].id}`, { title: 'Talk' })
    await write('PUT', `${base}/${id}/timeslots/${timeslots[0].id}/candidateStatus`, { status: 'accepted' })
    await write('PUT', `${base}/${id}/timeslots/${timeslots[0].id}/interviewers/${user}/status`, { status: 'declined' })
    const changed = await read(`${base}/${id}`)
    assert.equal(changed.location, 'Room 2')
    const { title, candidateStatus, interviewers } = changed.timeslots[0]
    assert.deepEqual([title, candidateStatus, interviewers[0].status], ['Talk', 'accepted', 'declined'])

    await refused(409, 'CANNOT_DELETE_LAST_TIMESLOT', 'DELETE', `${base}/${id}/timeslots/${timeslots[0].id}`)
    const second = await write('POST', `${base}/${id}/timeslots`, slot)
    await write('DELETE', `${base}/${id}/timeslots/${timeslots[0].id}`)
    assert.deepEqual(
      (await read(`${base}/${id}`)).timeslots.map(one => one.id),
      [second.id],
    )
    await refused(400, 'INVALID_TIMEZONE', 'POST', base, { ...given, timezone: 'Nowhere' })
    await refused(422, 'CANDIDATE_NOT_FOUND', 'POST', base, { ...given, candidate: { id: 'none' } })
    const reversed = { ...slot, endsOn: '2025-01-01T10:00:00Z' }
    await refused(422, 'END_DATE_BEFORE_START_DATE', 'POST', base, { ...given, timeslots: [reversed] })
    await refused(400, 'INVALID_PARAMETER', 'GET', base)
    await write('DELETE', `${base}/${id}`)
    await refused(404, undefined, 'GET', `${base}/${id}`)

    const types = '/interviews-api/v201904/interview-types'
    await write('PATCH', types, ['Lunch'])
    await write('DELETE', `${types}/Phone`)
    assert.deepEqual(await read(types), ['On-site', 'Video', 'Lunch'])
    await refused(404, undefined, 'DELETE', `${types}/Phone`)
  })

  changing('messages and reviews', async ({ read, write, refused, candidate, job, user, other }) => {
    const contents = async () => (await read(`/messages?candidateId=${candidate}&limit=100`)).map(one => one.content)
    const content = `Look at #[CANDIDATE:${candidate}:Ada]`
    const { id } = await write('POST', '/messages/shares', { content })
    assert.ok((await contents()).includes(content))
    await write('DELETE', `/messages/shares/${id}`)
    assert.ok(!(await contents()).includes(content))
    await refused(404, undefined, 'DELETE', `/messages/shares/${id}`)
    const unknown = { content: 'x', shareWith: { users: ['none'] } }
    await refused(400, 'MENTIONED_USERS_NOT_FOUND', 'POST', '/messages/shares', unknown)

    const base = '/reviews-api/v201910/reviews'
    const list = `${base}?candidateId=${candidate}&jobId=${job}`
    const before = (await read(list)).length
    const review = await write('POST', base, { candidateId: candidate, jobId: job, reviewerId: user, overallRating: 3 })
    await write('PATCH', `${base}/${review.id}`, { reviewerId: user, overallRating: 5 })
    assert.equal((await read(`${base}/${review.id}`)).overallRating, 5)
    assert.equal((await read(list)).length, before + 1)
    const code = 'REVIEWER_NOT_AUTHORIZED_TO_ACCESS_RESOURCE'
    await refused(401, code, 'DELETE', `${base}/${review.id}?reviewerId=${other}`)
    await refused(400, 'INVALID_PARAMETER', 'DELETE', `${base}/${review.id}`)
    await write('DELETE', `${base}/${review.id}?reviewerId=${user}`)
    await refused(404, undefined, 'GET', `${base}/${review.id}`)
    await refused(400, 'INVALID_REQUEST', 'POST', base, { candidateId: candidate, jobId: job, overallRating: 9 })
  })

  changing('users, in both forms, and access groups', async ({ read, write, refused, patch }) => {
    const base = '/user-api/v201804'
    const person = { firstName: 'New', lastName: 'User', email: 'new@example.com' }
    const { id } = await write('POST', `${base}/users`, person)
    await refused(409, 'USER_ALREADY_EXISTS', 'POST', `${base}/users`, person)
    await refused(400, 'INVALID_REQUEST', 'POST', `${base}/users`, { email: 'x@example.com' })
    await write('PUT', `${base}/users/${id}/activation`)
    assert.equal((await read(`/users/${id}`)).active, true)
    await write('DELETE', `/users/${id}/activation`)
    assert.equal((await read(`${base}/users/${id}`)).active, false)
    await patch(`/users/${id}`, { op: 'replace', path: '/role', value: 'STANDARD' })
    assert.equal((await read(`${base}/users/${id}`)).systemRole.id, 'STANDARD')
    await patch(`${base}/users/${id}`, { op: 'add', path: '/language', value: { code: 'de' } })
    await patch(`${base}/users/${id}`, { op: 'replace', path: '/language/code', value: 'fr' })
    assert.equal((await read(`/users/${id}`)).language.code, 'fr')

    const [group] = (await read(`${base}/access-groups`)).content
    await write('POST', `${base}/access-groups/${group.id}/users`, [id])
    assert.deepEqual((await read(`${base}/users/${id}`)).accessGroups, [group])
    await write('DELETE', `${base}/access-groups/${group.id}/users/${id}`)
    assert.deepEqual((await read(`${base}/users/${id}`)).accessGroups, [])
    await refused(404, undefined, 'POST', `${base}/access-groups/${group.id}/users`, ['none'])
    await write('DELETE', `/users/${id}`)
    await refused(404, undefined, 'GET', `${base}/users/${id}`)
  })

  changing('webhook subscriptions', async ({ read, write, refused }) => {
    const base = '/webhooks-api/v201907/subscriptions'
    const { url } = await startReceiver()
    const given = { callbackUrl: url, events: ['job.created'] }
    const { id, status } = await write('POST', base, given)
    assert.equal(status, 'inactive')
    await write('PUT', `${base}/${id}/activation`)
    const { events, ...rest } = await read(`${base}/${id}`)
    assert.deepEqual([rest.status, events[0].name], ['active', 'job.created'])
    await refused(404, undefined, 'GET', `${base}/${id}/secret-key`)
    const { secretKey } = await write('POST', `${base}/${id}/secret-key`)
    assert.equal((await read(`${base}/${id}/secret-key`)).secretKey, secretKey)
    assert.deepEqual(await read(`${base}/${id}/callbacks-log`), [])
    await refused(400, 'INVALID_REQUEST', 'POST', base, { callbackUrl: 'no URL', events: ['job.created'] })
    await refused(400, 'INVALID_REQUEST', 'POST', base, { ...given, events: [] })
    await write('DELETE', `${base}/${id}`)
    await refused(404, undefined, 'GET', `${base}/${id}`)
  })

  changing('the configuration', async ({ read, write, refused, patch }) => {
    const departments = '/configuration/departments'
    const { id: department } = await write('POST', departments, { label: 'Bakery' })
    assert.equal((await read(`${departments}/${department}`)).label, 'Bakery')
    await refused(400, 'DEPARTMENT_LABEL_NOT_UNIQUE', 'POST', departments, { label: 'Bakery' })

    const properties = '/configuration/job-properties'
    const { id } = await write('POST', properties, { label: 'Team', category: 'job', visible: true })
    await write('DELETE', `${properties}/${id}/activation`)
    await patch(`${properties}/${id}`, { op: 'replace', path: '/label', value: 'Squad' })
    const { label, active } = await read(`${properties}/${id}`)
    assert.deepEqual([label, active], ['Squad', false])

    const [parent] = (await read(properties)).content
    const [value] = (await read(`${properties}/${parent.id}/values`)).content
    const [chosen] = (await read(`${properties}/${id}/values`)).content
    const archived = async () => (await read(`${properties}/${parent.id}/values`)).content[0].archived
    await write('PUT', `${properties}/${parent.id}/archive-values/${value.id}`)
    assert.equal(await archived(), true)
    await write('PUT', `${properties}/${parent.id}/values/${value.id}`)
    assert.equal(await archived(), false)

    const dependents = `${properties}/${parent.id}/values/${value.id}/dependents/${id}/values`
    await refused(404, undefined, 'GET', dependents)
    await write('POST', `${properties}/${parent.id}/dependents`, { ids: [id] })
    await write('POST', dependents, { id: chosen.id })
    assert.deepEqual((await read(dependents)).content, [{ id: chosen.id, label: chosen.label }])
    const relations = await read(`${properties}/${parent.id}/dependents/${id}/values`)
    assert.deepEqual([relations.totalFound, relations.content[0].parent.id], [1, value.id])
    await write('DELETE', `${dependents}/${chosen.id}`)
    assert.equal((await read(dependents)).totalFound, 0)
    await write('DELETE', `${properties}/${parent.id}/dependents/${id}`)
    assert.equal((await read(`${properties}/${parent.id}/dependents`)).totalFound, 0)
  })

  changing('report files', async ({ send, read, write, refused }) => {
    const [{ reportId }] = (await read('/reporting-api/v201804/reports')).content
    const files = `/reporting-api/v201804/reports/${reportId}/files`
    await refused(404, undefined, 'GET', `${files}/recent`)
    const { reportFileId, reportFileStatus } = await write('POST', files)
    const file = `/reporting-api/v201804/files/${reportFileId}`
    await refused(404, 'FILE_NOT_FOUND', 'GET', `${file}/data`)
    const seen = [reportFileStatus]
    while (seen.at(-1) !== 'COMPLETED') seen.push((await read(file)).reportFileStatus)
    assert.deepEqual([...new Set(seen)], ['PENDING', 'RUNNING', 'COMPLETED'])
    assert.equal((await read(files)).content[0].reportFileId, reportFileId)
    const { headers } = await send('GET', `${files}/recent`)
    assert.match(headers.get('etag'), /^"[0-9a-f]{16}"$/)
  })

  changing('approvals', async ({ read, write, refused, job, user, other }) => {
    const base = '/approvals-api/v201910/approvals'
    const steps = [{ approvers: [{ id: user }] }, { approvers: [{ id: other }] }]
    const given = { baseId: job, type: 'sequential', decisionMode: 'all', steps }
    const { id } = await write('POST', base, given)
    const approve = approverId => [`POST`, `${base}/${id}/approve-decisions`, { approverId }]
    await refused(400, 'DECISION_NOT_YET_ALLOWED', ...approve(other))
    await refused(400, 'APPROVER_NOT_ALLOWED', ...approve('none'))
    await write(...approve(user))
    assert.deepEqual(
      [(await read(`${base}/${id}`)).status, (await read(`${base}/${id}`)).steps[0].status],
      ['PENDING', 'APPROVED'],
    )
    await write('POST', `${base}/${id}/reject-decisions`, { approverId: other, comment: 'Too dear' })
    assert.equal((await read(`${base}/${id}`)).status, 'REJECTED')
    await refused(400, 'APPROVAL_COMPLETED', ...approve(user))
    await write('POST', `${base}/${id}/comments`, { content: 'A pity', authorId: user })
    const comments = (await read(`${base}/${id}/comments`)).content.map(({ content }) => content)
    assert.deepEqual(comments, ['Too dear', 'A pity'])
    assert.equal((await read(`/jobs/${job}/approvals/latest`)).approvalRequestId, id)
    await refused(400, 'BASE_ID_NOT_FOUND', 'POST', base, { ...given, baseId: 'none' })
  })

  changing('an application from a form of one’s own', async ({ read, write, refused, job }) => {
    const person = { firstName: 'Mary', lastName: 'Jackson', email: 'mary@example.com' }
    const { id } = await write('POST', `/postings/${job}/candidates`, person)
    assert.equal((await read(`/candidates/${id}`)).primaryAssignment.job.id, job)
    await write('PUT', `/candidates/${id}/jobs/${job}/status`, { status: 'OFFERED' })
    assert.equal((await read(`/postings/${job}/candidates/${id}/status`)).status, 'OFFER')
    await refused(400, 'INVALID_REQUEST', 'POST', `/postings/${job}/candidates`, { firstName: 'Mary' })
  })
})

describe('the feed', () => {
  it(
    'shows what a job board has reported',
    withSandbox({ limits: false }, async (sandbox, client) => {
      const headers = { 'x-smarttoken': sandbox.partnerApiKey, 'content-type': 'application/json' }
      const { jobs } = await (await client.get('/feed/publications', { headers })).json()
      const path = `/feed/publications/${jobs[0].id}`
      const body = JSON.stringify({ status: 'Error', comment: 'No budget' })
      assert.equal((await client.get(path, { method: 'PUT', headers, body })).status, 204)
      const { status, comment } = await (await client.get(path, { headers })).json()
      assert.deepEqual([status, comment], ['Error', 'No budget'])
    }),
  )
})
