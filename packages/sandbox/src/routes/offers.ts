import type { On } from '../api/imitation.js'
import { notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { date, pick, range, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { findApplication } from './applications.js'
import { action, find, has, shown } from './records.js'

/** Offers: all of them, those of an application, and their documents, two for each. */
export function offerRoutes(on: On, world: World): void {
  const { data } = world
  const { offers } = data

  const detailed = (record: Item) =>
    shown(record, () => {
      const candidate = `/candidates/${record.candidateId}`
      return {
        actions: {
          candidate: action(world, candidate),
          job: action(world, `/jobs/${record.jobId}`),
          details: action(world, `${candidate}/jobs/${record.jobId}/offers/${record.id}`),
        },
      }
    })
  const ofApplication = (params: { id: string; jobId: string }) => {
    const { candidateId, jobId } = findApplication(world, params).application
    return [...offers.values()].filter(offer => has(offer, 'candidateId', candidateId) && has(offer, 'jobId', jobId))
  }
  const offer = (params: { id: string; jobId: string; offerId: string }) => {
    const found = ofApplication(params).find(({ id }) => id === params.offerId)
    if (!found) throw notFound('Offer not found')
    return found
  }

  on('GET /offers', call => {
    const statuses = call.query.getAll('status')
    const rows = [...offers.values()].filter(({ status }) => statuses.length === 0 || statuses.includes(String(status)))
    return listOf(call, rows.map(detailed))
  })
  on('GET /candidates/{id}/jobs/{jobId}/offers', call => {
    const content = ofApplication(call.params).map(detailed)
    return { totalFound: content.length, content }
  })
  on('GET /candidates/{id}/jobs/{jobId}/offers/{offerId}', ({ params }) => detailed(offer(params)))
  on('GET /candidates/{id}/jobs/{jobId}/offers/{offerId}/approvals/latest', ({ params }) => {
    offer(params)
    const approvalRequestId = pick([...data.approvals.keys()], 0)
    if (approvalRequestId === undefined) throw notFound('The offer has no approval')
    return { approvalRequestId }
  })

  const documents = (offerId: string) => {
    find(offers, offerId, 'Offer')
    return data.of('documents', offerId, () =>
      range(2, index => ({
        id: uuid(`document ${offerId}`, index),
        name: `Offer ${index + 1}.pdf`,
        createdDate: date(index),
      })),
    )
  }
  on('GET /offers/{offerId}/documents', ({ params }) => ({
    documents: [...documents(params.offerId).values()],
    isCurrentlySyncing: false,
    provider: 'DOCUSIGN',
  }))
  on('GET /offers/{offerId}/documents/{documentId}', ({ params, reply }) => {
    find(documents(params.offerId), params.documentId, 'Document')
    const document = Buffer.from(`Offer ${params.offerId}, document ${params.documentId}`)
    return reply.header('content-type', 'application/octet-stream').send(document)
  })
}
