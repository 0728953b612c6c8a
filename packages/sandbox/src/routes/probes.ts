import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { redactedHeaders } from '../arrivals.js'
import { apiError } from '../errors.js'
import { queryOf } from '../query.js'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const SHOWN_BYTES = 64 * 1024
const BLOCK = 64 * 1024
const FRAME = Buffer.from('{"data":""}')
const REDIRECTS = [301, 302, 303, 307, 308]

/** Routes that SmartRecruiters does not have, to test what a client sends and accepts. They accept any credential. */
export function probeRoutes(app: FastifyInstance): void {
  const any = { access: 'any' } as const

  // Bodies are read as bytes, whatever their content type.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  for (const url of ['/echo', '/echo/*']) {
    app.route({
      method: METHODS,
      url,
      config: any,
      handler: async request => {
        const { raw } = request
        const [path, ...query] = (raw.url ?? '').split('?')
        return {
          method: raw.method,
          path,
          rawQuery: query.join('?'),
          httpVersion: raw.httpVersion,
          headers: redactedHeaders(raw.headers),
          body: await describeBody(raw),
        }
      },
    })
  }

  app.get<{ Params: { bytes: string } }>('/payload/:bytes', { config: any }, (request, reply) => {
    const bytes = Number(request.params.bytes)
    if (!Number.isSafeInteger(bytes) || bytes < FRAME.length) {
      throw apiError(400, 'INVALID_PARAMETER', `Bytes must be a whole number of at least ${FRAME.length}`)
    }
    reply.header('content-type', 'application/json; charset=utf-8').header('content-length', bytes)
    return reply.send(Readable.from(jsonOfSize(bytes), { objectMode: false }))
  })

  app.route<{ Params: { status: string } }>({
    method: METHODS,
    url: '/redirect/:status',
    config: any,
    handler: (request, reply) => {
      const status = Number(request.params.status)
      const to = queryOf(request).get('to')
      if (!REDIRECTS.includes(status) || !to) {
        throw apiError(400, 'INVALID_PARAMETER', `"to" is required, and a status of ${REDIRECTS.join(', ')}`)
      }
      return reply.redirect(to, status)
    },
  })
}

async function describeBody(
  stream: AsyncIterable<Buffer>,
): Promise<{ bytes: number; sha256: string; text: string | null }> {
  const hash = createHash('sha256')
  const shown: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    hash.update(chunk)
    bytes += chunk.length
    if (bytes <= SHOWN_BYTES) shown.push(chunk)
  }
  const text = bytes <= SHOWN_BYTES ? Buffer.concat(shown).toString('utf8') : null
  return { bytes, sha256: hash.digest('hex'), text }
}

function* jsonOfSize(bytes: number): Generator<Buffer> {
  const quote = FRAME.length - 2
  yield FRAME.subarray(0, quote)
  const block = Buffer.alloc(BLOCK, 'x')
  for (let left = bytes - FRAME.length; left > 0; left -= BLOCK) yield block.subarray(0, Math.min(left, BLOCK))
  yield FRAME.subarray(quote)
}
