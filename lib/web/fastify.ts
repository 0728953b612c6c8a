/** Handlers in Fastify. The types name only what is used of it, so that no one else needs Fastify. */

import type { NodeRequest } from './node-request.js'
import { toRequest } from './node-request.js'

/** What the plugin uses of a request of Fastify. */
export interface FastifyRequestLike {
  raw: NodeRequest
}

/** What the plugin uses of a reply of Fastify. */
export interface FastifyReplyLike {
  callNotFound(): unknown
  send(payload: unknown): unknown
}

/** What the plugin uses of an instance of Fastify. */
export interface FastifyLike<FastifyRequest extends FastifyRequestLike, FastifyReply extends FastifyReplyLike> {
  readonly prefix: string
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    contentType: string,
    parser: (request: FastifyRequest, payload: NodeRequest, done: (error: Error | null) => void) => void,
  ): unknown
  all(path: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>): unknown
}

/**
 * Turns a handler into a plugin of Fastify. Below its prefix, bodies reach the handler as they were sent; all other
 * routes keep their parsers. A path that is not the handler's is answered as Fastify answers an unknown one.
 * @example
 * app.register(fastifyPlugin(login), { prefix: '/auth' }) // what the handler's paths begin with
 */
export function fastifyPlugin<
  FastifyRequest extends FastifyRequestLike = FastifyRequestLike,
  FastifyReply extends FastifyReplyLike = FastifyReplyLike,
>(
  handler: (
    request: Request,
    context: { request: FastifyRequest; reply: FastifyReply },
  ) => Promise<Response | undefined>,
): (instance: FastifyLike<FastifyRequest, FastifyReply>) => Promise<void> {
  return async instance => {
    instance.removeAllContentTypeParsers()
    // Nothing reads the body but the handler, which bounds its length and its time.
    instance.addContentTypeParser('*', (_request, _payload, done) => done(null))
    async function serve(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
      const web = toRequest(request.raw)
      const response = web && (await handler(web, { request, reply }))
      return response === undefined ? reply.callNotFound() : reply.send(response)
    }
    instance.all('/*', serve)
    // The wildcard does not match the prefix itself.
    if (instance.prefix !== '') instance.all('/', serve)
  }
}
