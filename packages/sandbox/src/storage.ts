import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { Attachments } from './state/attachments.js'

const signingKey = randomBytes(32)

/**
 * Makes the URL to which a download redirects: at another origin, which requires a signature instead of a credential.
 */
export function signedUrl(origin: string, attachmentId: string): string {
  return `${origin}/files/${encodeURIComponent(attachmentId)}?signature=${sign(attachmentId)}`
}

/** Makes the request handler of the storage origin. */
export function storageRoutes(attachments: Attachments): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://storage.invalid')
    const id = decodeURIComponent(/^\/files\/([^/]+)$/.exec(url.pathname)?.[1] ?? '')
    if (!isSigned(id, url.searchParams.get('signature') ?? '')) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('Signature does not match')
      return
    }
    const file = attachments.open(id)
    if (!file) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('No such file')
      return
    }
    response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.size })
    if (request.method === 'HEAD') response.end()
    // A client that disconnects ends the stream, which is not an error here.
    else pipeline(file.content, response, () => {})
  }
}

function sign(attachmentId: string): string {
  return createHmac('sha256', signingKey).update(attachmentId).digest('hex')
}

function isSigned(attachmentId: string, signature: string): boolean {
  const expected = Buffer.from(sign(attachmentId))
  const given = Buffer.from(signature)
  return expected.length === given.length && timingSafeEqual(expected, given)
}
