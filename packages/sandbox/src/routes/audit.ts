import type { On } from '../api/imitation.js'
import { listOf } from '../pagination.js'
import type { World } from '../world.js'

/** The audit trail. */
export function auditRoutes(on: On, { data }: World): void {
  on('GET /audit-api/v201910/audit-events', call => {
    const names = call.query.getAll('eventName')
    const rows = [...data.auditEvents.values()]
    return listOf(
      call,
      rows.filter(({ eventName }) => names.length === 0 || names.includes(String(eventName))),
    )
  })
}
