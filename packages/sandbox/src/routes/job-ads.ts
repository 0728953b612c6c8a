import type { On } from '../api/imitation.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { JOB_FIELDS, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { action, find, now } from './records.js'

/** Returns the id of the default ad of a job. */
export function generatedAdId(jobId: string): string {
  return uuid(`job ad ${jobId}`, 0)
}

/** The ads of a job and where they are published. Every job has a default ad. */
export function jobAdRoutes(on: On, world: World): void {
  const { data } = world
  const job = (id: string) => find(data.jobs, id, 'Job')
  const ads = (jobId: string) => {
    const { title, createdOn, updatedOn, postingStatus } = job(jobId)
    return data.of('job ads', jobId, () => [
      {
        id: generatedAdId(jobId),
        title: title ?? 'Job',
        language: JOB_FIELDS.language,
        jobAd: { jobDescription: { title: 'Job Description', text: `The job is ${title ?? 'new'}.` } },
        createdOn: createdOn ?? now(),
        updatedOn: updatedOn ?? now(),
        postingStatus: postingStatus === 'PUBLIC' ? 'PUBLISHED' : 'NOT_PUBLISHED',
        default: true,
      },
    ])
  }
  const ad = (jobId: string, id: string) => find(ads(jobId), id, 'Job ad')
  const detailed = (jobId: string, record: Item) => ({
    creator: { id: data.users.keys().next().value ?? uuid('user', 0) },
    visibility: 'PUBLIC',
    ...record,
    actions: { postings: action(world, `/jobs/${jobId}/jobads/${record.id}/postings`) },
  })
  const postings = (jobId: string, adId: string) => {
    const isPublished = ad(jobId, adId).postingStatus === 'PUBLISHED'
    return data.of('postings', `${jobId} ${adId}`, () => (isPublished ? [posting('0')] : []))
  }

  const publish = (jobId: string, adId: string, visibility: unknown) => {
    const places = postings(jobId, adId)
    Object.assign(ad(jobId, adId), { postingStatus: 'PUBLISHED', visibility: visibility ?? 'PUBLIC' })
    places.set(String(places.size), posting(String(places.size)))
    job(jobId).postingStatus = visibility ?? 'PUBLIC'
  }
  const withdraw = (jobId: string, adId: string) => {
    for (const place of postings(jobId, adId).values()) place.unpublishedOn ??= now()
    ad(jobId, adId).postingStatus = 'NOT_PUBLISHED'
    if ([...ads(jobId).values()].every(other => other.postingStatus !== 'PUBLISHED')) {
      job(jobId).postingStatus = 'NOT_PUBLISHED'
    }
  }
  const places = (jobId: string, adIds: readonly string[], query: URLSearchParams) => ({
    content: adIds
      .flatMap(adId => [...postings(jobId, adId).values()])
      .filter(({ unpublishedOn }) => query.get('activeOnly') !== 'true' || unpublishedOn === undefined),
  })

  on('GET /jobs/{id}/jobads', call => {
    const { id } = call.params
    return listOf(
      call,
      [...ads(id).values()].map(record => detailed(id, record)),
    )
  })

  on('POST /jobs/{id}/jobads', ({ params, body }) => {
    const created: Item = {
      jobAd: {},
      ...body,
      language: body.language ?? JOB_FIELDS.language,
      id: data.newId('job-ad'),
      createdOn: now(),
      updatedOn: now(),
      postingStatus: 'NOT_PUBLISHED',
      default: false,
    }
    ads(params.id).set(created.id, created)
    return detailed(params.id, created)
  })

  on('GET /jobs/{id}/jobads/{jobAdId}', ({ params }) => detailed(params.id, ad(params.id, params.jobAdId)))

  on('PUT /jobs/{id}/jobads/{jobAdId}', ({ params, body }) => {
    const changed = Object.assign(ad(params.id, params.jobAdId), body, { id: params.jobAdId, updatedOn: now() })
    return detailed(params.id, changed)
  })

  on('GET /jobs/{id}/jobads/{jobAdId}/postings', ({ params, query }) => places(params.id, [params.jobAdId], query))

  on('POST /jobs/{id}/jobads/{jobAdId}/postings', ({ params, body }) => {
    publish(params.id, params.jobAdId, body.visibility)
    return { postingStatus: 'PENDING' }
  })

  on('DELETE /jobs/{id}/jobads/{jobAdId}/postings', ({ params }) => {
    withdraw(params.id, params.jobAdId)
    return { unpostingStatus: 'PENDING' }
  })

  on('GET /jobs/{id}/publication', ({ params, query }) => places(params.id, [...ads(params.id).keys()], query))

  on('POST /jobs/{id}/publication', ({ params, body }) => {
    const [defaultAd = ''] = ads(params.id).keys()
    publish(params.id, defaultAd, body.visibility)
  })

  on('DELETE /jobs/{id}/publication', ({ params }) => {
    for (const adId of ads(params.id).keys()) withdraw(params.id, adId)
  })
}

function posting(id: string): Item {
  return { id, sourceName: 'Career site', type: 'CAREER_SITE', publishedOn: now() }
}
