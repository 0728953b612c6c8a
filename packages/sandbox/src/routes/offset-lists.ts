import type { FastifyInstance } from 'fastify'
import { offsetPage, type PageRules } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'

/** The lists that are paged by offset: job properties, and the public postings, which require no credential. */
export function offsetListRoutes(app: FastifyInstance, world: World): void {
  const { data } = world

  app.get('/configuration/job-properties', { config: { scopes: ['configuration_read'] } }, request => {
    const rules: PageRules = { resource: 'job-properties' }
    const page = offsetPage(request, data.jobProperties, rules)
    return { limit: page.size, offset: page.start, totalFound: data.jobProperties.length, content: page.rows }
  })

  app.get<{ Params: { id: string } }>('/v1/companies/:id/postings', { config: { access: 'public' } }, request => {
    const jobs = request.params.id === data.companyId ? [...data.jobs.values()] : []
    const published = jobs.filter(({ postingStatus }) => postingStatus === 'PUBLIC')
    const page = offsetPage(request, published, { resource: 'postings', defaultSize: 100 })
    return { limit: page.size, offset: page.start, totalFound: published.length, content: page.rows.map(posting) }
  })
}

function posting({ id, title, refNumber, department, location }: Item): Item {
  return { id, name: title, refNumber, department, location }
}
