import type { On } from '../api/imitation.js'
import { notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'

/** The public postings, which require no credential: the jobs whose `postingStatus` is `PUBLIC`. */
export function postingRoutes(on: On, world: World): void {
  const { data } = world
  const published = (companyId: string) =>
    companyId === data.companyId
      ? [...data.jobs.values()].filter(({ postingStatus }) => postingStatus === 'PUBLIC')
      : []
  const posting = ({ id, title, refNumber, department, location, createdOn, ...job }: Item) => ({
    id,
    uuid: id,
    name: title,
    refNumber,
    defaultJobAd: true,
    company: { identifier: data.companyId, name: 'Sandbox Company' },
    releasedDate: createdOn,
    location,
    industry: job.industry,
    department,
    function: job.function,
    typeOfEmployment: job.typeOfEmployment,
    language: job.language,
    ref: `${world.origins.api}/v1/companies/${data.companyId}/postings/${id}`,
    visibility: 'PUBLIC',
    jobId: id,
    applyUrl: `https://jobs.smartrecruiters.example/${data.companyId}/${id}`,
    jobAd: { sections: { jobDescription: { title: 'Job Description', text: `The job is ${title}.` } } },
    active: true,
  })

  on('GET /v1/companies/{companyIdentifier}/postings', call => {
    const list = listOf(call, published(call.params.companyIdentifier), { defaultSize: 100 })
    const { content, ...page } = list as { content: Item[] }
    return { ...page, content: content.map(posting) }
  })
  on('GET /v1/companies/{companyIdentifier}/postings/{postingId}', ({ params }) => {
    const found = published(params.companyIdentifier).find(({ id }) => id === params.postingId)
    if (!found) throw notFound('Posting not found')
    return posting(found)
  })
  on('GET /v1/companies/{companyIdentifier}/departments', call => {
    const isKnown = call.params.companyIdentifier === data.companyId
    return listOf(call, isKnown ? [...data.departments.values()] : [])
  })
}
