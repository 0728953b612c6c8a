// A successful request for every operation that the sandbox imitates.

import { startReceiver } from './receiver.mjs'
import { operations, sampleOf } from './table.mjs'

const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE']
const JSON_TYPES = { json: 'application/json', 'json-patch': 'application/json-patch+json' }

const place = ({ method }) => METHODS.indexOf(method)
const depth = ({ method, path }) => (method === 'DELETE' ? path.split('/').length : 0)

/** The operations in an order in which each finds what it needs: what is deepest is deleted first. */
export const ordered = [...operations].sort((a, b) => place(a) - place(b) || depth(b) - depth(a))

/** Creates what the requests are about, and returns a function that sends the request for an operation. */
export async function prepare(sandbox) {
  const send = async (method, path, body, contentType = 'application/json') => {
    const answer = await fetch(sandbox.baseUrl + path, {
      method,
      headers: { 'x-smarttoken': sandbox.apiKey, ...(body && { 'content-type': contentType }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    const text = await answer.text()
    return text === '' ? undefined : JSON.parse(text)
  }
  const list = async path => (await send('GET', path)).content

  const [candidate] = await list('/candidates?limit=1')
  const job = candidate.primaryAssignment.job.id
  const own = `/candidates/${candidate.id}/jobs/${job}`
  const { applicationId } = await send('GET', own)
  const [user] = await list('/user-api/v201804/users?limit=1')
  const [definition, , , , select] = await list('/configuration/candidate-properties')
  const [property, dependent] = await list('/configuration/job-properties')
  const propertyPath = `/configuration/job-properties/${property.id}`
  const [value, spare] = await list(`${propertyPath}/values`)
  const [dependentValue] = await list(`/configuration/job-properties/${dependent.id}/values`)
  await send('POST', `${propertyPath}/dependents`, { ids: [dependent.id] })
  await send('POST', `${propertyPath}/values/${value.id}/dependents/${dependent.id}/values`, { id: dependentValue.id })
  const [offer] = await list(`${own}/offers`)
  const { documents } = await send('GET', `/offers/${offer.id}/documents`)
  const [interview] = await list(`/interviews-api/v201904/interviews?applicationId=${applicationId}`)
  const slotsPath = `/interviews-api/v201904/interviews/${interview.id}/timeslots`
  const interviewers = [{ id: user.id, status: 'pending' }]
  const times = { startsOn: '2026-01-01T10:00:00.000Z', endsOn: '2026-01-01T11:00:00.000Z' }
  const timeslot = await send('POST', slotsPath, { ...times, interviewers })
  const approval = (steps = [{ approvers: [{ id: user.id }] }]) =>
    send('POST', '/approvals-api/v201910/approvals', { baseId: job, type: 'parallel', decisionMode: 'any', steps })
  const [approved, rejected] = [await approval(), await approval()]
  const subscriptions = '/webhooks-api/v201907/subscriptions'
  const { url: callbackUrl } = await startReceiver()
  const hook = await send('POST', subscriptions, { callbackUrl, events: ['job.created'] })
  await send('POST', `${subscriptions}/${hook.id}/secret-key`)
  const [report] = await list('/reporting-api/v201804/reports')
  const file = await send('POST', `/reporting-api/v201804/reports/${report.reportId}/files`)
  const filePath = `/reporting-api/v201804/files/${file.reportFileId}`
  while ((await send('GET', filePath)).reportFileStatus !== 'COMPLETED');
  const review = { candidateId: candidate.id, jobId: job, reviewerId: user.id, overallRating: 5 }
  const { id: reviewId } = await send('POST', '/reviews-api/v201910/reviews', review)
  const share = await send('POST', '/messages/shares', { content: `#[CANDIDATE:${candidate.id}] is here` })
  const [group] = await list('/user-api/v201804/access-groups')
  await send('POST', `/user-api/v201804/access-groups/${group.id}/users`, [user.id])
  const [source] = await list('/configuration/sources/JOB_BOARD/values')
  const [, departments, processes] = await Promise.all([
    list('/configuration/sources'),
    list('/configuration/departments'),
    list('/configuration/hiring-processes'),
  ])
  const [position] = await list(`/jobs/${job}/positions`)
  const [ad] = await send('GET', `/jobs/${job}/jobads`)
  const [selectValue] = await list(`/configuration/candidate-properties/${select.id}/values`)
  const assignment = `/smartonboard-api/v202205/activity-assignments/${candidate.id}/attachments`
  const { attachmentIds } = await send('GET', assignment)
  const { access_token: partnerToken } = await (
    await fetch(sandbox.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: sandbox.partner.clientId,
        client_secret: sandbox.partner.clientSecret,
      }),
    })
  ).json()

  /** The values of parameters whose name says enough. */
  const params = {
    jobId: job,
    userId: user.id,
    positionId: position.id,
    jobAdId: ad.id,
    offerId: offer.id,
    documentId: documents[0].id,
    interviewId: interview.id,
    timeslotId: timeslot.id,
    interviewType: 'Phone',
    jobApplicationId: applicationId,
    reportId: report.reportId,
    reportFileId: file.reportFileId,
    reviewId,
    accessGroupId: group.id,
    uuid: job,
    candidateId: candidate.id,
    companyIdentifier: 'SandboxCompany',
    dependentId: dependent.id,
    dependentValueId: dependentValue.id,
    propertyId: definition.id,
    sourceType: 'JOB_BOARD',
    sourceIdentifier: source.id,
    sourceValueId: source.id,
    newHireId: candidate.id,
    onboardingProcessId: candidate.id,
    activityAssignmentId: candidate.id,
    webFormAssignmentId: candidate.id,
    fillablePdfFormAssignmentId: candidate.id,
  }
  /** The values of parameters that mean something else on some paths: the first path that fits decides. */
  const others = [
    [/^\/approvals-api.*\/reject-decisions/, 'approvalRequestId', rejected.id],
    [/^\/approvals-api/, 'approvalRequestId', approved.id],
    [/^\/smartonboard-api/, 'attachmentId', attachmentIds[0]],
    [/^\/candidates/, 'attachmentId', `resume-${candidate.id}`],
    [/^\/candidates/, 'id', candidate.id],
    [/^\/jobs/, 'id', job],
    [/candidate-properties\/\{id\}\/values/, 'id', select.id],
    [/candidate-properties/, 'valueId', selectValue.id],
    [/candidate-properties/, 'id', definition.id],
    [/job-properties\/\{id\}\/values\/\{valueId\}\/dependents/, 'valueId', value.id],
    [/job-properties/, 'valueId', spare.id],
    [/job-properties/, 'id', property.id],
    [/departments/, 'id', departments[0].id],
    [/hiring-processes/, 'id', processes[0].id],
    [/^\/messages/, 'id', share.id],
    [/users/, 'id', user.id],
    [/subscriptions/, 'id', hook.id],
    [/^\/feed/, 'postingId', job],
    [/postings/, 'postingId', job],
  ]
  const bodies = {
    'POST /apps-integrations/partner-api/integrations': { companyId: 'walk' },
    'POST /approvals-api/v201910/approvals': {
      baseId: job,
      type: 'sequential',
      decisionMode: 'all',
      steps: [{ approvers: [{ id: user.id }] }],
    },
    'POST /approvals-api/v201910/approvals/{approvalRequestId}/approve-decisions': { approverId: user.id },
    'POST /approvals-api/v201910/approvals/{approvalRequestId}/reject-decisions': {
      approverId: user.id,
      comment: 'No',
    },
    'POST /candidates/consent-requests': { content: [{ id: candidate.id }] },
    'PUT /candidates/{id}/jobs/{jobId}/properties': [{ id: definition.id, value: 'new' }],
    'POST /configuration/job-properties/{id}/dependents': { ids: [dependent.id] },
    'POST /configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values': {
      id: dependentValue.id,
    },
    'PATCH /configuration/job-properties/{id}': [{ op: 'replace', path: '/label', value: 'new' }],
    'PATCH /configuration/job-properties/{id}/values/{valueId}': [{ op: 'replace', path: '/label', value: 'new' }],
    'POST /interviews-api/v201904/interviews': {
      candidate: { id: candidate.id },
      jobId: job,
      organizerId: user.id,
      timezone: 'Europe/Berlin',
      timeslots: [{ ...times, interviewers }],
    },
    'POST /interviews-api/v201904/interviews/{interviewId}/timeslots': { ...times, interviewers },
    'PATCH /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}': { title: 'new' },
    'POST /jobs/{id}/hiring-team': { id: user.id, role: 'RECRUITER' },
    'PATCH /jobs/{id}': [{ op: 'replace', path: '/title', value: 'new' }],
    'POST /reviews-api/v201910/reviews': review,
    'PATCH /reviews-api/v201910/reviews/{reviewId}': { reviewerId: user.id, overallRating: 4 },
    'POST /user-api/v201804/access-groups/{accessGroupId}/users': [user.id],
    'POST /user-api/v201804/users': { firstName: 'New', lastName: 'User', email: 'new@example.com' },
    'PATCH /user-api/v201804/users/{id}': [{ op: 'replace', path: '/firstName', value: 'New' }],
    'POST /users': { firstName: 'Old', lastName: 'User', email: 'old@example.com', role: 'EMPLOYEE' },
    'PATCH /users/{id}': [{ op: 'replace', path: '/role', value: 'STANDARD' }],
  }
  const queries = {
    applicationId,
    candidateId: candidate.id,
    jobId: job,
    reviewerId: user.id,
  }

  return (operation, headers) => {
    const { name, method, path, query, body, credential } = operation
    const filled = path.replace(/\{(\w+)\}/g, (_, parameter) => {
      const other = others.find(([pattern, own]) => own === parameter && pattern.test(path))
      return encodeURIComponent(other?.[2] ?? params[parameter] ?? `none-${parameter}`)
    })
    const required = query.filter(parameter => parameter.required).map(({ name }) => [name, queries[name] ?? 'x'])
    const search = required.length > 0 ? `?${new URLSearchParams(required)}` : ''
    const own = {
      either: { 'x-smarttoken': sandbox.apiKey },
      bearer: { authorization: `Bearer ${partnerToken}` },
      partner: { 'x-smarttoken': sandbox.partnerApiKey },
      public: {},
    }
    const init = { method, redirect: 'manual', headers: { ...(headers ?? own[credential]) } }
    if (body?.mediaType === 'multipart') {
      init.body = new FormData()
      init.body.set('attachmentType', 'RESUME')
      init.body.set('file', new Blob(['text'], { type: 'text/plain' }), 'file.txt')
    } else if (body) {
      init.headers['content-type'] = JSON_TYPES[body.mediaType] ?? 'application/x-www-form-urlencoded'
      init.body = JSON.stringify(bodies[name] ?? (body.type ? sampleOf(body.type) : {}))
    }
    return fetch(sandbox.baseUrl + filled + search, init)
  }
}
