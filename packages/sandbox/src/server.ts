import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { controlRoutes } from './control.js'
import { ApiError, apiError, defaultErrorBody, errorBody } from './errors.js'
import { allowRoutes } from './oauth/allow.js'
import { tokenRoutes } from './oauth/token.js'
import { answerByRoute, isOwnRoute, readBody } from './own-routes.js'
import { accountRoutes } from './routes/account.js'
import { attachmentRoutes } from './routes/attachments.js'
import { candidateRoutes } from './routes/candidates.js'
import { jobRoutes } from './routes/jobs.js'
import { listRoutes } from './routes/lists.js'
import { offsetListRoutes } from './routes/offset-lists.js'
import { probeRoutes } from './routes/probes.js'
import type { Sandbox } from './sandbox.js'
import type { World } from './world.js'

/** Builds the API server behind its gate. The control routes act on `sandbox`. */
export async function buildServer(world: World, sandbox: () => Sandbox): Promise<FastifyInstance> {
  const app = fastify({
    logger: world.options.logger,
    serverFactory: routes => world.gate.apiServer(routes),
    routerOptions: { maxParamLength: 500 },
  })
  world.gate.endpoints.follow(app)
  app.addHook('onRequest', (request, reply, done) => {
    const refused = refusal(request, world)
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
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split('?', 1)
    const message = `The sandbox does not imitate ${request.method} ${path}; add it with sandbox.route('${request.method}', '${path}', …)`
    return reply.status(501).send(errorBody('NOT_IMITATED', message))
  })
  app.addContentTypeParser(
    'application/json-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )

  // Each has a Fastify context of its own, because some replace the body parsers.
  for (const routes of [
    tokenRoutes,
    allowRoutes,
    jobRoutes,
    candidateRoutes,
    attachmentRoutes,
    listRoutes,
    offsetListRoutes,
    accountRoutes,
    probeRoutes,
  ]) {
    app.register(async scope => routes(scope, world))
  }
  app.register(async scope => controlRoutes(scope, sandbox))
  await app.ready()
  return app
}

/** Returns why a request may not reach its route. A 401 takes precedence over a 429, and a 429 over a 403. */
function refusal(request: FastifyRequest, world: World): ApiError | undefined {
  const context = world.gate.contextOf(request.raw)
  if (!context?.endpoint) return undefined
  const { identity, admission, endpoint } = context
  if (identity.status === 'refused') return apiError(401, 'UNAUTHORIZED', identity.reason)
  if (admission && !admission.admitted) return apiError(429, 'TOO_MANY_REQUESTS', 'Too many requests')
  if (identity.status === 'anonymous') return undefined

  const { holder } = identity
  const isPartner = holder.kind === 'partnerKey'
  if (endpoint.access !== 'any' && isPartner !== (endpoint.access === 'partner')) {
    return apiError(401, 'UNAUTHORIZED', 'This route does not accept this kind of credential')
  }
  const missing = endpoint.scopes.filter(scope => !holder.scopes.includes(scope))
  if (missing.length === 0) return undefined
  return apiError(403, 'PERMISSION_DENIED', `The credential lacks the scope ${missing.join(' ')}`)
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
