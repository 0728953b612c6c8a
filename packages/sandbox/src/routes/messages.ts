import type { On } from '../api/imitation.js'
import { apiError } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { findCandidate } from './candidates.js'
import { now, remove } from './records.js'

interface Share {
  users?: string[]
  hiringTeamOf?: string[]
  everyone?: boolean
  openNote?: boolean
}

/** Messages about candidates. A shared message is about the candidates that its text mentions: `#[CANDIDATE:id]`. */
export function messageRoutes(on: On, world: World): void {
  const { applications, data } = world
  const { messages } = data

  on('GET /messages', call => {
    const { id } = findCandidate(world, call.query.get('candidateId') ?? '')
    const jobId = call.query.get('jobId')
    const rows = [...messages.values()].filter(({ context }) => {
      const about = (context as { applications?: Item[] } | undefined)?.applications
      return about === undefined || about.some(one => one.candidateId === id && (jobId ?? one.jobId) === one.jobId)
    })
    return listOf(call, rows)
  })

  on('POST /messages/shares', ({ body }) => {
    const content = String(body.content)
    const shareWith = body.shareWith as Share | undefined
    const unknown = shareWith?.users?.find(id => !data.users.has(id))
    if (unknown !== undefined) throw apiError(400, 'MENTIONED_USERS_NOT_FOUND', `There is no user ${unknown}`)
    const mentioned = [...content.matchAll(/#\[CANDIDATE:([^\]:]+)/g)].map(([, id = '']) => findCandidate(world, id))
    const message: Item = {
      id: data.newId('message'),
      content,
      createdOn: now(),
      visibility: shareWith?.everyone ? 'EVERYONE' : shareWith?.openNote ? 'OPEN' : shareWith ? 'DIRECT' : 'PRIVATE',
      authorId: data.users.keys().next().value,
      context: {
        applications: mentioned.map(candidate => ({
          candidateId: candidate.id,
          jobId: applications.primaryJobId(candidate),
        })),
      },
    }
    messages.set(message.id, message)
    return { id: message.id, shareRequired: false }
  })

  on('DELETE /messages/shares/{id}', ({ params }) => {
    remove(messages, params.id, 'Message')
  })
}
