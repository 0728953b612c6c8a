import type { On } from '../api/imitation.js'
import { notFound } from '../errors.js'
import { pick, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { findCandidate } from './candidates.js'

/**
 * The onboarding of new hires. Each candidate has one process, and one assignment of each kind, all with the
 * candidate's id.
 */
export function onboardingRoutes(on: On, world: World): void {
  const { applications, data } = world
  const BASE = '/smartonboard-api/v202205' as const
  const hire = (id: string) => findCandidate(world, id)
  const assignment = (id: string, title: string) => ({
    id,
    title,
    description: `${title} of the onboarding`,
    hasSensitiveData: false,
    isHighPriority: true,
  })

  on(`GET ${BASE}/new-hires/{newHireId}`, ({ params }) => {
    const { id, firstName = '', lastName = '', email = '' } = hire(params.newHireId)
    return { id, firstName, lastName, email, socialMedia: {} }
  })
  on(`GET ${BASE}/onboarding-processes/{onboardingProcessId}`, ({ params }) => {
    const candidate = hire(params.onboardingProcessId)
    const jobId = applications.primaryJobId(candidate) ?? pick([...data.jobs.keys()], 0)
    const applicationId = applications.of(candidate, jobId).id
    return { id: candidate.id, newHireId: candidate.id, employmentStartDate: '2026-01-01', jobId, applicationId }
  })
  on(`GET ${BASE}/onboarding-processes/{onboardingProcessId}/assignments`, ({ params }) => {
    const { id } = hire(params.onboardingProcessId)
    return {
      activityAssignments: [{ ...assignment(id, 'Activity'), isFileUploadRequired: true }],
      webFormAssignments: [assignment(id, 'Web form')],
      fillablePdfFormAssignments: [{ ...assignment(id, 'PDF form'), fileName: 'form.pdf' }],
    }
  })
  on(`GET ${BASE}/activity-assignments/{activityAssignmentId}/attachments`, ({ params }) => ({
    attachmentIds: [attachmentOf(hire(params.activityAssignmentId).id)],
  }))
  on(`GET ${BASE}/activity-assignments/{activityAssignmentId}/attachments/{attachmentId}`, ({ params, reply }) => {
    const { id } = hire(params.activityAssignmentId)
    if (params.attachmentId !== attachmentOf(id)) throw notFound('Attachment not found')
    return reply.header('content-type', 'application/octet-stream').send(Buffer.from(`Attachment of ${id}`))
  })
  on(`GET ${BASE}/fillable-pdf-form-assignments/{fillablePdfFormAssignmentId}/form-answers`, ({ params, reply }) => {
    const { id } = hire(params.fillablePdfFormAssignmentId)
    return reply.header('content-type', 'application/pdf').send(Buffer.from(`%PDF-1.7 answers of ${id}`))
  })
  on(`GET ${BASE}/web-form-assignments/{webFormAssignmentId}/form-answers`, ({ params }) => {
    hire(params.webFormAssignmentId)
    return { answers: { fieldId: 'iban', integrationKey: 'iban', answerValue: ['DE02120300000000202051'] } }
  })
  on(`GET ${BASE}/web-form-assignments/{webFormAssignmentId}/fields-metadata`, ({ params }) => {
    hire(params.webFormAssignmentId)
    return { fields: { iban: { type: 'TEXT', title: 'IBAN', integrationKey: 'iban', isRequired: true } } }
  })
}

function attachmentOf(candidateId: string): string {
  return uuid(`onboarding attachment ${candidateId}`, 0)
}
