import type { FastifyRequest } from 'fastify'
import { apiError } from './errors.js'

type Fields = Record<string, unknown>

/**
 * Returns a record as the JSON Patch (RFC 6902) in a request changes it, as far as SmartRecruiters' examples use it: the
 * operations add, replace and remove on fields, also of nested objects.
 */
export function patched<Record extends Fields>(record: Record, request: FastifyRequest): Record {
  if (request.headers['content-type']?.split(';')[0] !== 'application/json-patch+json') {
    throw apiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json-patch+json')
  }
  if (!Array.isArray(request.body)) throw apiError(400, 'INVALID_PATCH', 'The body must be a list of operations')
  const copy: Fields = { ...record }
  for (const operation of request.body) apply(copy, operation)
  return copy as Record
}

function apply(record: Fields, operation: Partial<{ op: unknown; path: unknown; value: unknown }> | null): void {
  const [root, ...names] = String(operation?.path)
    .split('/')
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = names.pop()
  if (!operation || root !== '' || !last || (last === 'id' && names.length === 0)) {
    throw apiError(400, 'INVALID_PATCH', 'The path of an operation must name a field other than the id')
  }
  let target = record
  for (const name of names) {
    const inner = Object.hasOwn(target, name) ? target[name] : undefined
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) {
      throw apiError(400, 'INVALID_PATCH', `The path ${operation.path} leads to no field`)
    }
    // The record was copied only at its top.
    target[name] = { ...inner }
    target = target[name] as Fields
  }
  if (operation.op === 'remove') Reflect.deleteProperty(target, last)
  else if (operation.op === 'add' || operation.op === 'replace') target[last] = operation.value
  else throw apiError(400, 'INVALID_PATCH', 'The op of an operation must be add, replace or remove')
}
