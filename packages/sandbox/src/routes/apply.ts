import type { On } from '../api/imitation.js'
import { notFound } from '../errors.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { find, now } from './records.js'

/** The statuses that an applicant sees where they differ from those of the company. */
const SHOWN: Readonly<Record<string, string>> = { OFFERED: 'OFFER', HIRED: 'HIRE' }

/** Applying to a posting from one's own form. The UUID of a posting is the id of its job. */
export function applyRoutes(on: On, { applications, data }: World): void {
  const job = (uuid: string) => find(data.jobs, uuid, 'Posting')

  on('GET /postings/{uuid}/configuration', ({ params }) => {
    job(params.uuid)
    const field = { id: 'value', label: 'Answer', type: 'INPUT_TEXT', required: false, values: [] }
    return {
      questions: [{ id: 'permit', label: 'Do you have a work permit?', repeatable: false, fields: [field] }],
      settings: { avatarUploadAvailable: false },
      privacyPolicies: [{ url: 'https://sandbox.example/privacy', orgName: 'Sandbox Company' }],
    }
  })

  on('POST /postings/{uuid}/candidates', ({ params, body }) => {
    const { firstName, lastName, email, phoneNumber, location, tags, internal = false } = body
    const candidate: Item = {
      id: data.newId('candidate'),
      ...{ firstName, lastName, email, phoneNumber, location, tags, internal },
      createdOn: now(),
      updatedOn: now(),
      jobId: job(params.uuid).id,
    }
    data.candidates.set(candidate.id, candidate)
    const portal = `https://jobs.smartrecruiters.example/candidates/${candidate.id}`
    return { id: candidate.id, createdOn: candidate.createdOn, candidatePortalUrl: portal }
  })

  on('GET /postings/{uuid}/candidates/{candidateId}/status', ({ params }) => {
    const { id } = job(params.uuid)
    const candidate = data.candidates.get(params.candidateId)
    if (!candidate) throw notFound('Candidate not found')
    const { status } = applications.of(candidate, id)
    return { status: SHOWN[status] ?? status }
  })
}
