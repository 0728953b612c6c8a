import type { FastifyRequest } from 'fastify'

/** Parses the query as a form: a bare `+` is a space, as it is for SmartRecruiters. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const url = request.raw.url ?? ''
  const mark = url.indexOf('?')
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark))
}
