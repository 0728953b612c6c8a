import type { On } from '../api/imitation.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { date, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { find, remove } from './records.js'

/** Returns the id of the position that each job has from the beginning. */
export function generatedPositionId(jobId: string): string {
  return uuid(`position ${jobId}`, 0)
}

/** The positions of a job. A generated job has one. */
export function positionRoutes(on: On, { data }: World): void {
  const positions = (jobId: string) => {
    find(data.jobs, jobId, 'Job')
    return data.of('positions', jobId, () => [
      {
        id: generatedPositionId(jobId),
        positionId: 'P-1',
        type: 'NEW',
        positionOpenDate: date(0),
        targetStartDate: date(2000),
        status: 'OPEN',
      },
    ])
  }

  on('GET /jobs/{id}/positions', call => listOf(call, [...positions(call.params.id).values()]))

  on('POST /jobs/{id}/positions', ({ params, body }) => {
    const position: Item = { status: 'OPEN', ...body, id: data.newId('position') }
    positions(params.id).set(position.id, position)
    return position
  })

  on('GET /jobs/{id}/positions/{positionId}', ({ params }) => find(positions(params.id), params.positionId, 'Position'))

  on('PUT /jobs/{id}/positions/{positionId}', ({ params, body }) => {
    const ofJob = positions(params.id)
    const position: Item = { ...find(ofJob, params.positionId, 'Position'), ...body, id: params.positionId }
    ofJob.set(position.id, position)
    return position
  })

  on('DELETE /jobs/{id}/positions/{positionId}', ({ params }) => {
    remove(positions(params.id), params.positionId, 'Position')
  })
}
