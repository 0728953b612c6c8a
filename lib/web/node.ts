/** Handlers in `node:http` and `node:http2`, Express, NestJS, and what else calls `(req, res, next)`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { signalOf, toRequest } from './node-request.js'

/** The objects of the framework, which the functions among a handler's options receive as `context`. */
export interface NodeContext<
  Req extends IncomingMessage | Http2ServerRequest = IncomingMessage,
  Res extends ServerResponse | Http2ServerResponse = ServerResponse,
> {
  /** The request, with what middleware has added to it, such as a session. */
  req: Req
  /** The response, which the handler will send. */
  res: Res
}

/**
 * Turns a handler into a listener of `node:http` or `node:http2`, or into middleware of Express or NestJS. A request
 * that is not the handler's is passed to `next`, with its body unread; without `next` the answer is 404.
 * @example
 * createServer(toNodeHandler(login)).listen(3000)
 * express().use(toNodeHandler(login))
 */
export function toNodeHandler<
  Req extends IncomingMessage | Http2ServerRequest = IncomingMessage,
  Res extends ServerResponse | Http2ServerResponse = ServerResponse,
>(
  handler: (request: Request, context: NodeContext<Req, Res>) => Promise<Response | undefined>,
): (req: Req, res: Res, next?: (error?: unknown) => void) => void {
  async function serve(req: Req, res: Res, next: (() => void) | undefined): Promise<void> {
    const request = toRequest(req, { signal: signalOf(res) })
    const response = request && (await handler(request, { req, res }))
    if (response !== undefined) await send(response, req, res)
    else if (next) next()
    else end(res, 404)
  }
  return (req, res, next) => {
    serve(req, res, typeof next === 'function' ? () => next() : undefined).catch(error => {
      // The client has left, or its answer has broken off: nothing can be said any more.
      if (res.headersSent || res.destroyed) res.destroy()
      else if (typeof next === 'function') next(error)
      else end(res, 500)
    })
  }
}

function end(res: ServerResponse | Http2ServerResponse, status: number): void {
  res.statusCode = status
  res.setHeader('cache-control', 'no-store')
  res.end()
}

async function send(
  response: Response,
  req: IncomingMessage | Http2ServerRequest,
  res: ServerResponse | Http2ServerResponse,
): Promise<void> {
  res.statusCode = response.status
  // HTTP/2 has no `connection` (RFC 9113 section 8.2.2).
  const apart = req.httpVersionMajor > 1 ? ['set-cookie', 'connection'] : ['set-cookie']
  for (const [name, value] of response.headers) if (!apart.includes(name)) res.setHeader(name, value)
  // Cookies that middleware has set before are kept.
  for (const cookie of response.headers.getSetCookie()) res.appendHeader('set-cookie', cookie)
  if (response.body !== null && req.method !== 'HEAD') {
    await pipeline(Readable.fromWeb(response.body as ReadableStream<Uint8Array>), res)
    return
  }
  await response.body?.cancel()
  res.end()
}
