import type { On } from '../api/imitation.js'
import { ApiError, apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Application } from '../state/applications.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { findCandidate } from './candidates.js'
import { REJECTION_REASONS, WITHDRAWAL_REASONS } from './configuration.js'
import { action, find } from './records.js'

const STATUSES = 'LEAD NEW IN_REVIEW INTERVIEW OFFERED HIRED REJECTED WITHDRAWN TRANSFERRED'.split(' ')
const ONBOARDING = ['READY_TO_ONBOARD', 'ONBOARDING_SUCCESSFUL', 'ONBOARDING_FAILED']
const REASONS: Readonly<Record<string, readonly Item[]>> = {
  REJECTED: REJECTION_REASONS,
  WITHDRAWN: WITHDRAWAL_REASONS,
}

/** A candidate and the application that a request is about. */
interface Applied {
  candidate: Item
  application: Application
}

/** Finds the application in a path; without a job, the application to the candidate's own job. */
export function findApplication(world: World, params: { id: string; jobId?: string }): Applied {
  const candidate = findCandidate(world, params.id)
  const jobId = params.jobId === undefined ? world.applications.primaryJobId(candidate) : params.jobId
  if (jobId === undefined) throw notFound('The candidate has no job')
  find(world.data.jobs, jobId, 'Job')
  return { candidate, application: world.applications.of(candidate, jobId) }
}

/** A candidate's application to a job: status, history, onboarding, source and answers, also in the deprecated forms. */
export function applicationRoutes(on: On, world: World): void {
  const { applications } = world

  on('GET /candidates/{id}/jobs/{jobId}', ({ params }) => {
    const { application } = findApplication(world, params)
    const reasonOf = (status: string) =>
      application.status === status ? REASONS[status]?.find(({ id }) => id === application.reason) : undefined
    return {
      status: application.status,
      subStatus: application.subStatus,
      startsOn: application.startsOn,
      source: application.source.sourceId,
      reasonOfRejection: reasonOf('REJECTED'),
      reasonOfWithdrawal: reasonOf('WITHDRAWN'),
      actions: { sourceDetails: action(world, `/configuration/sources/${application.source.sourceId}`) },
      applicationId: application.id,
      url: `https://jobs.smartrecruiters.example/applications/${application.id}`,
    }
  })

  const setStatus = ({ candidate, application }: Applied, body: Record<string, unknown>) => {
    const { status, subStatus, startsOn, reason } = body as Partial<Application>
    // Most answers of SmartRecruiters with status 422 are empty.
    if (status === undefined || !STATUSES.includes(status)) throw new ApiError(422)
    if (reason !== undefined) {
      const reasons = REASONS[status]
      if (!reasons) throw apiError(400, 'NO_REASON_SUPPORT_FOR_STATUS', `A candidate is not ${status} for a reason`)
      if (!reasons.some(({ id }) => id === reason)) throw apiError(400, 'REASON_NOT_FOUND', `No reason ${reason}`)
    }
    applications.setStatus(candidate, application, {
      status,
      ...(subStatus !== undefined && { subStatus }),
      ...(startsOn !== undefined && { startsOn }),
      ...(reason !== undefined && { reason }),
    })
  }
  // A status that is missing is answered like an unknown one.
  const optional = { optional: ['status'] }
  on(
    'PUT /candidates/{id}/jobs/{jobId}/status',
    ({ params, body }) => setStatus(findApplication(world, params), body),
    optional,
  )
  on('PUT /candidates/{id}/status', ({ params, body }) => setStatus(findApplication(world, params), body), optional)

  const history = ({ candidate, application }: Applied) => {
    const actions = { candidate: action(world, `/candidates/${candidate.id}`) }
    return application.history.map(change => ({ ...change, actions }))
  }
  on('GET /candidates/{id}/jobs/{jobId}/status/history', call =>
    listOf(call, history(findApplication(world, call.params))),
  )
  on('GET /candidates/{id}/status/history', call => listOf(call, history(findApplication(world, call.params))))

  const onboarding = ({ application }: Applied) => ({ onboardingStatus: application.onboardingStatus })
  const setOnboarding = ({ application }: Applied, { onboardingStatus }: Record<string, unknown>) => {
    const known = ONBOARDING.find(status => status === onboardingStatus)
    if (!known) throw apiError(400, 'INVALID_REQUEST', `"onboardingStatus" must be one of ${ONBOARDING.join(', ')}`)
    application.onboardingStatus = known
  }
  on('GET /candidates/{id}/jobs/{jobId}/onboardingStatus', ({ params }) => onboarding(findApplication(world, params)))
  on('GET /candidates/{id}/onboardingStatus', ({ params }) => onboarding(findApplication(world, params)))
  on('PUT /candidates/{id}/jobs/{jobId}/onboardingStatus', ({ params, body }) =>
    setOnboarding(findApplication(world, params), body),
  )
  on('PUT /candidates/{id}/onboardingStatus', ({ params, body }) => setOnboarding(findApplication(world, params), body))

  on('PUT /candidates/{id}/jobs/{jobId}/source', ({ params, body }) => {
    findApplication(world, params).application.source = body
  })

  on('GET /candidates/{id}/jobs/{jobId}/screening-answers', call => {
    findApplication(world, call.params)
    const field = { id: 'answer', label: 'Answer', values: [{ id: 'yes', label: 'Yes' }] }
    return listOf(call, [
      {
        id: 'permit',
        type: 'radio',
        category: 'CUSTOM',
        name: 'permit',
        label: 'Do you have a work permit?',
        records: [{ fields: [field] }],
      },
    ])
  })

  on('GET /job-applications-api/v202112/job-applications/{jobApplicationId}', ({ params }) => {
    const application = applications.find(params.jobApplicationId)
    if (!application) throw notFound('Job application not found')
    findCandidate(world, application.candidateId)
    const { status, subStatus, createdOn, candidateId, jobId } = application
    return { status, subStatus, createDate: createdOn, profileId: candidateId, jobId }
  })
}
