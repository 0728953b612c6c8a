import type { FastifyRequest } from 'fastify'

/** The query as a form decodes it: a bare `+` is a space, as on the vendor's side. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const url = request.raw.url ?? ''
  const mark = url.indexOf('?')
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark))
}
