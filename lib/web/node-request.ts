/** Requests of Node as requests of the Web platform. */

import type { IncomingMessage, OutgoingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { bare } from '../members.js'
import { configurationError } from './options.js'

/** A request as Node's HTTP servers hand it over. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i

/**
 * Makes the request of the Web platform. Returns `undefined` for what the platform has no request for, such as
 * `OPTIONS *` or `CONNECT`.
 *
 * The host in its URL is what the client claims: no handler decides anything by it.
 */
export function toRequest(req: NodeRequest, options: { signal?: AbortSignal } = {}) {
  const path = pathOf(req)
  if (path === undefined) return undefined
  const method = req.method ?? 'GET'
  const body = method === 'GET' || method === 'HEAD' ? null : streamOf(req)
  try {
    const init = { method, headers: headersOf(req), body, duplex: 'half' as const, signal: options.signal ?? null }
    return new Request(originOf(req) + path, bare(init))
  } catch {
    return undefined
  }
}

/** The path and query: of `/path`, or of `http://host/path`, which proxies are sent (RFC 9112 section 3.2.2). */
function pathOf(req: NodeRequest): string | undefined {
  // Express removes the path of a mounted router from `url`.
  const { originalUrl } = req as { originalUrl?: unknown }
  const target = typeof originalUrl === 'string' ? originalUrl : (req.url ?? '')
  if (target.startsWith('/')) return target
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return undefined
  const { pathname, search } = new URL(target)
  return pathname + search
}

function originOf(req: NodeRequest): string {
  const authority = req.headers[':authority'] ?? req.headers.host
  const host = typeof authority === 'string' && HOST.test(authority) ? authority : 'localhost'
  const origin = `${(req.socket as { encrypted?: boolean }).encrypted ? 'https' : 'http'}://${host}`
  return URL.canParse(origin) ? origin : 'http://localhost'
}

function headersOf(req: NodeRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    // HTTP/2 has the method and the path among its headers, as names that begin with a colon.
    if (name.startsWith(':')) continue
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  return headers
}

/**
 * The body, read only when it is asked for: a request that is not the handler's is passed on untouched. A body that
 * something else has read is an error, since an empty one would be mistaken for what the client sent.
 */
function streamOf(req: NodeRequest): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (chunks === undefined && (req as { readableDidRead?: boolean }).readableDidRead) {
          throw configurationError('body', 'was read before; put this handler before `express.json()` and the like')
        }
        chunks ??= req.iterator(bare({ destroyOnReturn: false })) as AsyncIterator<Uint8Array>
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(new Uint8Array(value))
      },
      async cancel() {
        await chunks?.return?.()
      },
    },
    bare({ highWaterMark: 0 }),
  )
}

/** Aborts when the client leaves before it has the whole answer. */
export function signalOf(res: OutgoingMessage | NodeJS.WritableStream): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => {
    if (!(res as { writableFinished?: boolean }).writableFinished) controller.abort()
  })
  return controller.signal
}
