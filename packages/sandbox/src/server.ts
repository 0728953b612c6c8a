import multipart from '@fastify/multipart'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Imitation } from './api/imitation.js'
import { controlRoutes } from './control.js'
import type { Endpoint } from './endpoints.js'
import { ApiError, apiError, defaultErrorBody, errorBody, notFound } from './errors.js'
import { allowRoutes } from './oauth/allow.js'
import { tokenRoutes } from './oauth/token.js'
import { answerByRoute, isOwnRoute, readBody } from './own-routes.js'
import { imitate } from './routes/index.js'
import { probeRoutes } from './routes/probes.js'
import type { Sandbox } from './sandbox.js'
import type { Holder } from './state/credentials.js'
import type { World } from './world.js'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Builds the API server behind its gate. The control routes act on `sandbox`. */
export async function buildServer(world: World, sandbox: () => Sandbox): Promise<FastifyInstance> {
  const app = fastify({
    logger: world.options.logger,
    serverFactory: routes => world.gate.apiServer(routes),
    routerOptions: { maxParamLength: 500 },
  })
  const imitation = imitate(world)
  world.gate.endpoints.follow(app)
  app.addHook('onRequest', (request, reply, done) => {
    const refused = refusal(request, world, imitation)
    const { retryAfter } = world.options
    if (refused?.status === 429 && retryAfter !== null) reply.header('retry-after', String(retryAfter))
    done(refused)
  })
  app.addHook('onRequest', async (request, reply) => {
    const context = world.gate.contextOf(request.raw)
    if (!isOwnRoute(context?.endpoint)) return
    return answerByRoute(context.endpoint, request, reply, context.body ?? (await readBody(request.raw)))
  })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => reply.status(404).send(unknownPath(request).body))
  app.addContentTypeParser(
    'application/json-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )

  // Each has a Fastify context of its own, because some replace the body parsers.
  for (const routes of [tokenRoutes, allowRoutes, probeRoutes]) app.register(async scope => routes(scope, world))
  app.register(async scope => operationRoute(scope, world, imitation))
  app.register(async scope => controlRoutes(scope, sandbox))
  await app.ready()
  return app
}

/** One route for all operations: the gate has found out which one a request is for. A route for each takes longer. */
async function operationRoute(app: FastifyInstance, world: World, imitation: Imitation): Promise<void> {
  await app.register(multipart, { limits: { fileSize: Number.MAX_SAFE_INTEGER } })
  app.route({
    method: METHODS,
    url: '/*',
    handler: (request, reply) => {
      const operation = world.gate.contextOf(request.raw)?.endpoint?.operation
      if (operation === undefined) throw unknownPath(request)
      return imitation.answer(operation, request, reply)
    },
  })
}

/**
 * Returns why a request may not reach its route. A 401 takes precedence over a 429, and a 429 over a 403. Operations
 * that are not imitated are answered with 501 to every request, which is what a test must know first.
 */
function refusal(request: FastifyRequest, world: World, imitation: Imitation): ApiError | undefined {
  const context = world.gate.contextOf(request.raw)
  if (!context) return undefined
  const { identity, admission, endpoint } = context
  if (!endpoint) return unknownPath(request)
  if (endpoint.operation !== undefined && !imitation.has(endpoint.operation)) return notImitated(endpoint.operation)
  if (identity.status === 'refused') return apiError(401, 'UNAUTHORIZED', identity.reason)
  if (admission && !admission.admitted) return apiError(429, 'TOO_MANY_REQUESTS', 'Too many requests')
  if (identity.status === 'anonymous') return undefined

  const { holder } = identity
  if (!ACCEPTED[endpoint.access].includes(holder.kind)) {
    return apiError(401, 'UNAUTHORIZED', 'This route does not accept this kind of credential')
  }
  // A partner's key has no scopes.
  if (holder.kind === 'partnerKey') return undefined
  const missing = endpoint.scopes.filter(scopes => !scopes.some(scope => holder.scopes.includes(scope)))
  if (missing.length === 0) return undefined
  const names = missing.map(scopes => scopes.join(' or ')).join(' and ')
  return apiError(403, 'PERMISSION_DENIED', `The credential lacks the scope ${names}`)
}

/** The kinds of credentials that are accepted, by the access of an endpoint. */
const ACCEPTED: Record<Endpoint['access'], readonly Holder['kind'][]> = {
  either: ['customerKey', 'token'],
  bearer: ['token'],
  partner: ['partnerKey'],
  any: ['customerKey', 'partnerKey', 'token'],
  public: ['customerKey', 'partnerKey', 'token'],
}

function notImitated(operation: string): ApiError {
  const [method, path] = operation.split(' ')
  const message = `The sandbox does not imitate ${operation}; add it with sandbox.route('${method}', '${path}', …)`
  return apiError(501, 'NOT_IMITATED', message)
}

function unknownPath(request: FastifyRequest): ApiError {
  const [path] = request.url.split('?', 1)
  const { method } = request
  return notFound(
    `SmartRecruiters has no operation ${method} ${path}; add it with sandbox.route('${method}', '${path}', …)`,
  )
}

function answerError(
  this: FastifyInstance,
  error: FastifyError | ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof ApiError) {
    if (error.body === undefined) return reply.status(error.status).send()
    return reply.status(error.status).send(error.body)
  }
  const status = error.statusCode ?? 500
  if (status >= 500) {
    request.log.error(error)
    return reply.status(status).send(defaultErrorBody(status))
  }
  return reply.status(status).send(errorBody('BAD_REQUEST', error.message))
}
