import type { On } from '../api/imitation.js'
import { notFound } from '../errors.js'
import { offsetPage } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'

/** The feed of a job board, for partner keys: the published jobs, and what the board reports about them. */
export function feedRoutes(on: On, { data }: World): void {
  const reported = new Map<string, object>()
  const isPublic = ({ postingStatus }: Item) => postingStatus === 'PUBLIC'
  const ad = ({ id, title, refNumber, location, createdOn }: Item) => ({
    id,
    uuid: id,
    name: title,
    refNumber,
    status: 'Active',
    postedDate: createdOn,
    location,
    company: { identifier: data.companyId, name: 'Sandbox Company' },
    ...reported.get(id),
  })
  const job = (id: string) => {
    const found = data.jobs.get(id)
    if (!found || !isPublic(found)) throw notFound('Publication not found')
    return found
  }

  on('GET /feed/publications', call => {
    const rows = [...data.jobs.values()].filter(isPublic)
    const page = offsetPage(call, rows, { defaultSize: 100 })
    const numbers = { offset: page.start, limit: page.size, totalFound: rows.length }
    // The feed has its numbers as texts.
    const texts = Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, String(number)]))
    return { Provider: 'SmartRecruiters', ...texts, jobs: page.rows.map(ad) }
  })
  on('GET /feed/publications/{postingId}', ({ params }) => ad(job(params.postingId)))
  on('PUT /feed/publications/{postingId}', ({ params, body }) => {
    reported.set(job(params.postingId).id, body)
  })
}
