import type { FastifyReply, FastifyRequest } from 'fastify'
import { apiError } from '../errors.js'
import { type RouteParams, segmentsOf, valuesIn } from '../own-routes.js'
import { queryOf } from '../query.js'
import { problemIn } from './check-body.js'
import { fit } from './fit.js'
import type { Operation, OperationName } from './operation.js'
import { OPERATIONS } from './operations.js'

/** The fields of a JSON object. */
export type Fields = Record<string, unknown>

/** A request for an operation. Its required parameters and its body are checked. */
export interface Call<Name extends OperationName = OperationName> {
  readonly operation: Operation
  readonly params: RouteParams<Name extends `${string} ${infer Path}` ? Path : never>
  readonly path: string
  readonly query: URLSearchParams
  /** The JSON object of the body; empty if the body is not an object. */
  readonly body: Fields
  /** The JSON list of the body; empty if the body is not a list. */
  readonly items: readonly unknown[]
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/**
 * Answers a request for an operation. What it returns is sent with the table's status, reduced to the fields of the
 * table's type. A handler that has sent its answer returns the reply.
 */
export type Handler<Name extends OperationName> = (call: Call<Name>) => unknown

/** Adds the handler of an operation. Fields of the body in `optional` may be absent although the table requires them. */
export type On = <Name extends OperationName>(
  name: Name,
  handler: Handler<Name>,
  options?: { optional?: readonly string[] },
) => void

/** The operations that the sandbox imitates. */
export class Imitation {
  readonly #answers = new Map<string, (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>>()

  has(name: string): boolean {
    return this.#answers.has(name)
  }

  readonly on: On = (name, handler, { optional = [] } = {}) => {
    if (!Object.hasOwn(OPERATIONS, name)) throw new Error(`${name} is not an operation of api/operations.tsv`)
    if (this.#answers.has(name)) throw new Error(`${name} is imitated twice`)
    const operation: Operation = OPERATIONS[name]
    const template = segmentsOf(name.slice(name.indexOf(' ') + 1))
    this.#answers.set(name, async (request, reply) => {
      const [path = ''] = (request.raw.url ?? '').split('?', 1)
      const query = queryOf(request)
      checkQuery(operation, query)
      checkBody(operation, request.body, optional)
      const { body } = request
      const value = await handler({
        operation,
        params: valuesIn(template, path) as Call<typeof name>['params'],
        path,
        query,
        body: isObject(body) ? body : {},
        items: Array.isArray(body) ? body : [],
        request,
        reply,
      })
      if (value === reply) return reply
      return reply.status(operation.status ?? 200).send(fit(operation.answer, value))
    })
  }

  /** Answers a request for an operation that {@link Imitation.has}. */
  answer(name: string, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const answer = this.#answers.get(name)
    if (!answer) throw new Error(`${name} is not imitated`)
    return answer(request, reply)
  }
}

function checkQuery(operation: Operation, query: URLSearchParams): void {
  const missing = operation.required?.find(name => !query.get(name))
  if (missing !== undefined) throw apiError(400, 'INVALID_PARAMETER', `The query parameter "${missing}" is required`)
}

function checkBody(operation: Operation, body: unknown, optional: readonly string[]): void {
  if (operation.body === undefined) return
  const problem = problemIn(operation.body, body ?? {}, '', optional)
  if (problem !== undefined) throw apiError(400, 'INVALID_REQUEST', problem)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
