import type { Call, On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Attachment, AttachmentType } from '../state/attachments.js'
import { asGiven } from '../state/given-data.js'
import { signedUrl } from '../storage.js'
import type { World } from '../world.js'
import { filesOf, findCandidate, refuseDenied } from './candidates.js'
import { action, find } from './records.js'

const TYPES: readonly AttachmentType[] = ['GENERIC_FILE', 'RESUME', 'COVER_LETTER']

/** The files of candidates: upload as multipart, list, removal, and download by a redirect to the storage origin. */
export function attachmentRoutes(on: On, world: World): void {
  const { attachments, data } = world

  // SmartRecruiters has neither the size nor the hash, but a test needs them. The deprecated forms lack some fields.
  const described = (attachment: Attachment) => {
    const download = action(world, `/candidates/attachments/${attachment.id}`)
    return asGiven({ ...attachment, actions: { download, remove: { ...download, method: 'DELETE' } } })
  }
  const describedAsBefore = (attachment: Attachment) => {
    const { type, actions, ...fields } = described(attachment)
    return asGiven({ ...fields, actions: { download: actions.download } })
  }

  const upload = async ({ request }: Pick<Call, 'request'>, candidateId: string) => {
    const { fields, files } = await filesOf(request)
    const { file } = files
    if (!file) throw apiError(400, 'INVALID_FILE', 'The part "file" is missing')
    const type = TYPES.find(name => name === fields.attachmentType)
    if (!type) throw apiError(400, 'INVALID_ATTACHMENT_TYPE', `"attachmentType" must be one of ${TYPES.join(', ')}`)
    const { size, sha256, bytes } = file.digest
    const { name, contentType } = file
    const attachment = { id: data.newId('attachment'), name, type, contentType, size, sha256 }
    attachments.add(candidateId, attachment, bytes)
    world.counters.uploaded(size)
    return attachment
  }

  const download = (id: string, reply: Call['reply']) => {
    const owner = attachments.ownerOf(id)
    if (owner !== undefined) refuseDenied(owner)
    const exists = owner === undefined ? attachments.open(id) : attachments.has(id) && data.candidates.has(owner)
    if (!exists) throw notFound('Attachment not found')
    return reply.redirect(signedUrl(world.origins.storage, id), 302)
  }

  on('POST /candidates/{id}/jobs/{jobId}/attachments', async call => {
    const { id } = findCandidate(world, call.params.id)
    find(data.jobs, call.params.jobId, 'Job')
    return described(await upload(call, id))
  })
  on('POST /candidates/{id}/attachments', async call =>
    describedAsBefore(await upload(call, findCandidate(world, call.params.id).id)),
  )

  on('GET /candidates/{id}/attachments', call =>
    listOf(call, attachments.ofCandidate(findCandidate(world, call.params.id).id).map(describedAsBefore)),
  )
  on('GET /candidates/{id}/jobs/{jobId}/attachments', call => {
    const { id } = findCandidate(world, call.params.id)
    find(data.jobs, call.params.jobId, 'Job')
    return listOf(call, attachments.ofCandidate(id).map(described))
  })

  on('GET /candidates/attachments/{attachmentId}', ({ params, reply }) => download(params.attachmentId, reply))
  on('GET /candidates/{id}/attachments/{attachmentId}', ({ params, reply }) => {
    const { id } = findCandidate(world, params.id)
    if (attachments.ownerOf(params.attachmentId) !== id) throw notFound('Attachment not found')
    return download(params.attachmentId, reply)
  })

  on('DELETE /candidates/attachments/{attachmentId}', ({ params }) => {
    const owner = attachments.ownerOf(params.attachmentId)
    if (owner === undefined || !data.candidates.has(owner)) throw notFound('Attachment not found')
    refuseDenied(owner)
    if (!attachments.remove(params.attachmentId)) throw notFound('Attachment not found')
  })
}
