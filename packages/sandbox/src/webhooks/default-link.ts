import { generatedAdId } from '../routes/job-ads.js'
import { generatedPositionId } from '../routes/positions.js'
import type { World } from '../world.js'
import { LINKS } from './links.js'

type Ids = Record<string, string | undefined>

/**
 * Makes the link of an event: to the record that the payload names. Ids that the payload lacks are those of a record of
 * the sandbox, so that the link leads to one in any case. Where SmartRecruiters sends no link, there is none.
 */
export function defaultLink(world: World, name: string, payload: object): string | undefined {
  const path = LINKS[name]
  if (path === undefined) return undefined
  const ids = completed(world, name, payload as Ids)
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, id = '']) => id)
  // Without any job, for instance, there is no record to which an event of a job could lead.
  if (names.some(id => ids[id] === undefined)) return undefined
  return `${world.origins.api}${path.replace(/\{(\w+)\}/g, (_, id: string) => encodeURIComponent(String(ids[id])))}`
}

function completed({ data, applications }: World, name: string, payload: Ids): Ids {
  const first = (records: ReadonlyMap<string, unknown>) => records.keys().next().value
  // The payload of an event of a job or candidate calls its id only `id`.
  const given: Ids = { ...payload }
  if (name.startsWith('job.')) given.job_id ??= payload.id
  if (name.startsWith('candidate.')) given.candidate_id ??= payload.id

  const offer_id = given.offer_id ?? (name.startsWith('offer.') ? first(data.offers) : undefined)
  const offer = data.offers.get(offer_id ?? '') as { candidateId?: string; jobId?: string } | undefined
  const candidate_id = given.candidate_id ?? offer?.candidateId ?? first(data.candidates)
  const candidate = data.candidates.get(candidate_id ?? '')
  const job_id = given.job_id ?? offer?.jobId ?? (candidate ? applications.primaryJobId(candidate) : first(data.jobs))
  return {
    approval_id: first(data.approvals),
    interview_id: first(data.interviews),
    review_id: first(data.reviews),
    onboarding_process_id: given.new_hire_id ?? candidate_id,
    ...(job_id !== undefined && { position_id: generatedPositionId(job_id), job_ad_id: generatedAdId(job_id) }),
    ...given,
    offer_id,
    candidate_id,
    job_id,
  }
}
