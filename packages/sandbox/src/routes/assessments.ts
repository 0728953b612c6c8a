import type { On } from '../api/imitation.js'
import { notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import { uuid } from '../state/sample.js'
import type { World } from '../world.js'

/** The assessments of an application, of which there is one, and the configuration of an assessment partner. */
export function assessmentRoutes(on: On, { applications }: World): void {
  on('GET /assessment-api/v202107/assessment-orders', call => {
    const application = applications.find(call.query.get('applicationId') ?? '')
    if (!application) throw notFound('Application not found')
    const { id, createdOn } = application
    const result = { status: 'COMPLETED', score: '90', scoreLabel: 'Good', submissionDate: createdOn }
    return listOf(call, [
      {
        ...result,
        applicationId: id,
        orderId: uuid(`order ${id}`, 0),
        assessmentPackageName: 'Skills',
        attachments: [],
        assessments: [{ ...result, assessmentId: uuid(`assessment ${id}`, 0), assessmentName: 'Skills' }],
      },
    ])
  })

  let configuration: object | undefined
  on('GET /assessment-api/v202010/partner/configuration', () => {
    if (!configuration) throw notFound('The partner has no configuration')
    return configuration
  })
  on('PUT /assessment-api/v202010/partner/configuration', ({ body }) => {
    configuration = body
    return body
  })
}
