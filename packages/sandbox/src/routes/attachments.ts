import multipart from '@fastify/multipart'
import type { FastifyInstance } from 'fastify'
import { apiError, notFound } from '../errors.js'
import { type Attachment, type AttachmentType, digestUpload } from '../state/attachments.js'
import { signedUrl } from '../storage.js'
import type { World } from '../world.js'
import { refuseDenied } from './candidates.js'

const TYPES: readonly AttachmentType[] = ['GENERIC_FILE', 'RESUME', 'COVER_LETTER']

/** The files of candidates: upload as multipart, list, and download by a redirect to the storage origin. */
export async function attachmentRoutes(app: FastifyInstance, world: World): Promise<void> {
  const { attachments, data } = world
  const read = { config: { scopes: ['candidates_read'] } }
  const create = { config: { scopes: ['candidates_create'] } }

  const described = (attachment: Attachment) => ({
    ...attachment,
    actions: { download: { method: 'GET', url: `${world.origins.api}/candidates/attachments/${attachment.id}` } },
  })

  await app.register(multipart, { limits: { fileSize: Number.MAX_SAFE_INTEGER } })

  app.post<{ Params: { id: string; jobId: string } }>(
    '/candidates/:id/jobs/:jobId/attachments',
    create,
    async (request, reply) => {
      const { id, jobId } = request.params
      refuseDenied(id)
      if (!data.candidates.has(id) || !data.jobs.has(jobId)) throw notFound()
      if (!request.isMultipart()) throw apiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be multipart/form-data')

      let type: unknown
      let file: { name: string; contentType: string; digest: Awaited<ReturnType<typeof digestUpload>> } | undefined
      for await (const part of request.parts()) {
        if (part.type === 'field') {
          if (part.fieldname === 'attachmentType') type = part.value
        } else {
          const digest = await digestUpload(part.file)
          if (part.fieldname === 'file') file = { name: part.filename, contentType: part.mimetype, digest }
        }
      }
      if (!file) throw apiError(400, 'INVALID_FILE', 'The part "file" is missing')
      const known = TYPES.find(name => name === type)
      if (!known) throw apiError(400, 'INVALID_ATTACHMENT_TYPE', `"attachmentType" must be one of ${TYPES.join(', ')}`)

      const { size, sha256, bytes } = file.digest
      const { name, contentType } = file
      const attachment = { id: data.newId('attachment'), name, type: known, contentType, size, sha256 }
      attachments.add(id, attachment, bytes)
      world.counters.uploaded(size)
      return reply.status(201).send(described(attachment))
    },
  )

  app.get<{ Params: { id: string } }>('/candidates/:id/attachments', read, request => {
    refuseDenied(request.params.id)
    if (!data.candidates.has(request.params.id)) throw notFound('Candidate not found')
    const content = attachments.ofCandidate(request.params.id).map(described)
    return { totalFound: content.length, content }
  })

  app.get<{ Params: { attachmentId: string } }>('/candidates/attachments/:attachmentId', read, (request, reply) => {
    const { attachmentId } = request.params
    const owner = attachments.ownerOf(attachmentId)
    if (owner !== undefined) refuseDenied(owner)
    const exists = owner === undefined ? attachments.open(attachmentId) : data.candidates.has(owner)
    if (!exists) throw notFound('Attachment not found')
    return reply.redirect(signedUrl(world.origins.storage, attachmentId), 302)
  })

  app.get<{ Params: { id: string; documentId: string } }>(
    '/offers/:id/documents/:documentId',
    { config: { scopes: ['candidates_offers_read'] } },
    (request, reply) => {
      const document = Buffer.from(`Offer ${request.params.id}, document ${request.params.documentId}`)
      return reply.header('content-type', 'application/octet-stream').send(document)
    },
  )
}
