import type { On } from '../api/imitation.js'
import { apiError } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { pick, range } from '../state/sample.js'
import type { World } from '../world.js'
import { action, find, remove } from './records.js'

const ROLES = ['HIRING_MANAGER', 'RECRUITER']

/** The hiring team of a job. A generated team has a hiring manager and a recruiter. */
export function hiringTeamRoutes(on: On, world: World): void {
  const { data } = world
  const team = (jobId: string) => {
    find(data.jobs, jobId, 'Job')
    const userIds = [...data.users.keys()].slice(0, ROLES.length)
    return data.of('hiring team', jobId, () =>
      range(userIds.length, index => ({ id: pick(userIds, index), role: pick(ROLES, index) })),
    )
  }
  const member = (record: Item) => ({ ...record, actions: { details: action(world, `/users/${record.id}`) } })

  on('GET /jobs/{id}/hiring-team', call => listOf(call, [...team(call.params.id).values()].map(member)))

  on('POST /jobs/{id}/hiring-team', ({ params, body }) => {
    const members = team(params.id)
    const record = { id: String(body.id), role: body.role }
    if (!data.users.has(record.id)) throw apiError(400, 'USER_NOT_FOUND', `There is no user ${record.id}`)
    members.set(record.id, record)
    return member(record)
  })

  on('DELETE /jobs/{id}/hiring-team/{userId}', ({ params }) => {
    remove(team(params.id), params.userId, 'Member of the hiring team')
  })
}
