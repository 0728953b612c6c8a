import type { FastifyInstance } from 'fastify'
import { errorBody, notFound } from './errors.js'
import type { FaultSpec } from './faults.js'
import type { ConsentOptions } from './oauth/consent.js'
import { queryOf } from './query.js'
import type { Sandbox } from './sandbox.js'
import type { ApiKeyOptions, ClientOptions } from './state/credentials.js'

/**
 * The control API, `/_sandbox/`: the methods of {@link Sandbox} for other processes. It has no counters, limits or
 * faults.
 */
export function controlRoutes(app: FastifyInstance, sandbox: () => Sandbox): void {
  const options = { config: { access: 'public', limited: false } } as const

  // Above the routes, so that it sees each of them.
  const known: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    if (method !== 'HEAD') known.push(`${method} ${url}`)
  })

  // A TypeError of the sandbox is a mistake of the caller, so its message is shown in full.
  app.setErrorHandler<Error>((error, _request, reply) => {
    if (!(error instanceof TypeError)) throw error
    return reply.status(400).send(errorBody('INVALID_REQUEST', error.message))
  })

  app.get('/_sandbox', options, () => {
    const { baseUrl, authorizeUrl, tokenUrl, foreignUrl } = sandbox()
    return { baseUrl, authorizeUrl, tokenUrl, foreignUrl }
  })

  app.get('/_sandbox/counters', options, () => sandbox().counters())
  app.post('/_sandbox/reset', options, (_request, reply) => {
    sandbox().resetCounters()
    return reply.status(204).send()
  })

  app.get('/_sandbox/faults', options, () =>
    sandbox()
      .faults()
      .map(({ spec, ...rest }) => ({ ...rest, spec: toJson(spec) })),
  )
  app.post('/_sandbox/faults', options, (request, reply) => {
    const { id } = sandbox().fault(fromJson(objectIn(request.body)))
    return reply.status(201).send({ id })
  })
  app.delete('/_sandbox/faults', options, (_request, reply) => {
    sandbox().clearFaults()
    return reply.status(204).send()
  })

  app.get('/_sandbox/exchanges', options, () => sandbox().exchanges())

  app.post('/_sandbox/expire-access-tokens', options, (request, reply) => {
    const { label } = request.body === undefined ? {} : objectIn(request.body)
    if (label !== undefined && typeof label !== 'string') throw new TypeError('"label" must be a string')
    sandbox().expireAccessTokens(label)
    return reply.status(204).send()
  })
  app.post('/_sandbox/grants', options, (request, reply) => {
    const { count } = objectIn(request.body)
    return reply.status(201).send(sandbox().issueGrants(Number(count)))
  })
  app.post('/_sandbox/advance-time', options, (request, reply) => {
    const { seconds } = objectIn(request.body)
    if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw new TypeError('"seconds" must be a number')
    sandbox().advanceTime(seconds)
    return reply.status(204).send()
  })

  app.post('/_sandbox/reset-integration', options, (request, reply) => {
    const { companyId } = objectIn(request.body)
    if (typeof companyId !== 'string') throw new TypeError('"companyId" must be a string')
    sandbox().resetIntegration(companyId)
    return reply.status(204).send()
  })

  app.post('/_sandbox/emit', options, request => {
    const { name, payload = {}, id, link } = objectIn(request.body)
    if (typeof name !== 'string') throw new TypeError('"name" must be a string')
    if (id !== undefined && typeof id !== 'string') throw new TypeError('"id" must be a string')
    if (link !== undefined && link !== null && typeof link !== 'string') {
      throw new TypeError('"link" must be a string or null')
    }
    return sandbox().emit(name, objectIn(payload, '"payload"'), { id, link })
  })
  app.post('/_sandbox/repeat-webhooks', options, () => sandbox().repeatWebhooks())

  app.get('/_sandbox/credentials', options, () => sandbox().credentials())
  app.post('/_sandbox/credentials', options, (request, reply) => {
    const { type, ...given } = objectIn(request.body)
    if (type === 'apiKey') return reply.status(201).send(sandbox().addApiKey(given as ApiKeyOptions))
    if (type === 'client') return reply.status(201).send(sandbox().addClient(given as ClientOptions))
    throw new TypeError('"type" must be apiKey or client')
  })

  app.post('/_sandbox/consent', options, async request => {
    const { authorizationUrl, deny, ...given } = objectIn(request.body)
    const location =
      typeof authorizationUrl === 'string'
        ? await sandbox().consentTo(authorizationUrl, { deny: deny === true })
        : await sandbox().consent({ ...given, deny: deny === true } as unknown as ConsentOptions)
    return { location }
  })

  // Answers when a request arrives that has the given `endpoint`, `method` and prefix of the `path`.
  app.get('/_sandbox/next-request', options, request => {
    const query = queryOf(request)
    return sandbox().nextRequest(
      arrived =>
        arrived.endpoint === (query.get('endpoint') ?? arrived.endpoint) &&
        arrived.method === (query.get('method') ?? arrived.method) &&
        arrived.path.startsWith(query.get('path') ?? ''),
    )
  })

  const existing = known.join(', ')
  app.all('/_sandbox/*', options, ({ method, url }) => {
    throw notFound(`The control API has no ${method} ${url.split('?', 1)[0]}; it has ${existing}`)
  })
}

function objectIn(body: unknown, what = 'the body'): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new TypeError(`${what} must be a JSON object`)
  return { ...body }
}

/** Reads a fault from JSON, where `"Infinity"` is text because JSON has no such number. */
function fromJson(fields: Record<string, unknown>): FaultSpec {
  const times = fields.times === 'Infinity' ? { times: Number.POSITIVE_INFINITY } : {}
  return { ...fields, ...times } as unknown as FaultSpec
}

function toJson(spec: FaultSpec): object {
  return spec.times === Number.POSITIVE_INFINITY ? { ...spec, times: 'Infinity' } : spec
}
