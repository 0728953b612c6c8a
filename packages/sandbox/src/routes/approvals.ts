import type { On } from '../api/imitation.js'
import { ApiError, apiError } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { find, now } from './records.js'

interface Approver {
  id: string
  decision: string
  decidedOn?: string
}

interface Approval extends Item {
  status: string
  type: string
  decisionMode: string
  steps: { status: string; approvers: Approver[] }[]
}

/** Approval requests, the decisions on them, and comments. Those whose id begins with `denied-` are answered with 401. */
export function approvalRoutes(on: On, { data }: World): void {
  const { approvals } = data
  const approval = (id: string): Item => {
    if (id.startsWith('denied-')) {
      throw new ApiError(401, { errors: [{ code: 'UNAUTHORIZED_ACCESS', message: 'No access to this approval' }] })
    }
    return find(approvals, id, 'Approval')
  }

  on('GET /approvals-api/v201910/approvals', call => listOf(call, [...approvals.values()]))
  on('GET /approvals-api/v201910/approvals/{approvalRequestId}', ({ params }) => approval(params.approvalRequestId))

  on('POST /approvals-api/v201910/approvals', ({ body }) => {
    const { baseId, type, decisionMode, steps } = body as unknown as Approval & { baseId: string }
    const subject = data.jobs.has(baseId) ? 'job' : data.offers.has(baseId) ? 'offer' : undefined
    if (!subject) throw apiError(400, 'BASE_ID_NOT_FOUND', 'There is no job or offer with this "baseId"')
    if (!['any', 'all'].includes(decisionMode)) {
      throw apiError(400, 'INVALID_DECISION_MODE', '"decisionMode" must be any or all')
    }
    const unknown = steps.flatMap(({ approvers = [] }) => approvers).find(({ id }) => !data.users.has(id))
    if (unknown) throw apiError(400, 'APPROVER_ID_NOT_FOUND', `There is no user ${unknown.id}`)
    const created: Approval = {
      id: data.newId('approval'),
      subject: { id: baseId, type: subject },
      type,
      decisionMode,
      status: 'PENDING',
      steps: steps.map(({ approvers = [] }) => ({
        status: 'PENDING',
        approvers: approvers.map(({ id }) => ({ id, decision: 'PENDING' })),
      })),
    }
    approvals.set(created.id, created)
    return created
  })

  const decide = (id: string, approverId: unknown, decision: 'APPROVED' | 'REJECTED') => {
    const { steps = [], ...request } = approval(id) as Approval
    if (request.status !== 'PENDING') throw apiError(400, 'APPROVAL_COMPLETED', 'The approval is completed')
    const step = steps.find(({ approvers }) => approvers.some(one => one.id === approverId))
    const approver = step?.approvers.find(one => one.id === approverId)
    if (!step || !approver) throw apiError(400, 'APPROVER_NOT_ALLOWED', 'The user is not an approver')
    if (approver.decision !== 'PENDING') throw apiError(400, 'DECISION_ALREADY_TAKEN', 'The user has decided')
    const isNext = steps.find(({ status }) => status === 'PENDING') === step
    if (request.type === 'sequential' && !isNext) {
      throw apiError(400, 'DECISION_NOT_YET_ALLOWED', 'An earlier step is pending')
    }
    Object.assign(approver, { decision, decidedOn: now() })
    const isEnough =
      decision === 'REJECTED' ||
      request.decisionMode === 'any' ||
      step.approvers.every(one => one.decision === 'APPROVED')
    if (isEnough) step.status = decision
    const status = decision === 'REJECTED' ? decision : steps.every(one => one.status === 'APPROVED') && 'APPROVED'
    if (status) approval(id).status = status
  }
  on('POST /approvals-api/v201910/approvals/{approvalRequestId}/approve-decisions', ({ params, body }) =>
    decide(params.approvalRequestId, body.approverId, 'APPROVED'),
  )
  on('POST /approvals-api/v201910/approvals/{approvalRequestId}/reject-decisions', ({ params, body }) => {
    decide(params.approvalRequestId, body.approverId, 'REJECTED')
    comment(params.approvalRequestId, { content: body.comment, authorId: body.approverId })
  })

  const comments = (id: string) => data.of('comments', approval(id).id)
  const comment = (id: string, given: object): Item => {
    const created: Item = { ...given, createdOn: now(), id: data.newId('comment') }
    comments(id).set(created.id, created)
    return created
  }
  on('GET /approvals-api/v201910/approvals/{approvalRequestId}/comments', call =>
    listOf(call, [...comments(call.params.approvalRequestId).values()]),
  )
  on('POST /approvals-api/v201910/approvals/{approvalRequestId}/comments', ({ params, body }) =>
    comment(params.approvalRequestId, body),
  )
}
