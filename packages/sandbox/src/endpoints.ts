import type { FastifyInstance } from 'fastify'
import { type Access, operations } from './api/operation.js'
import { type Route, type RouteHandler, routeSegments, segmentsOf } from './own-routes.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The kind of credential that the route accepts. Default: `any`. */
    access?: Access | 'any'
    /** Whether the gate reads the body before the request is processed. Default: false. */
    readBody?: boolean
    /** Whether the rate and concurrency limits apply to the route. Default: true. */
    limited?: boolean
  }
}

/** A route as the gate knows it. */
export interface Endpoint {
  /** The method and path template, such as `GET /jobs/{id}`. */
  readonly label: string
  /** The operation of the vendor's API, unless the route is the sandbox's own. */
  readonly operation?: string
  readonly access: Access | 'any'
  /** The scopes that a token needs: all requirements, and of each requirement one scope. */
  readonly scopes: readonly (readonly string[])[]
  readonly readBody: boolean
  readonly limited: boolean
  readonly segments: readonly string[]
  /** The handler, if the user has added the route. */
  readonly handler?: RouteHandler
}

/** The operations of the vendor's API by method, with each GET under HEAD as well. */
const OPERATION_ENDPOINTS = new Map<string, Endpoint[]>()
for (const [name, { access, scopes = [] }] of operations()) {
  const [method = '', path = ''] = name.split(' ')
  for (const own of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
    const label = `${own} ${path}`
    const endpoint = { label, operation: name, access, scopes, readBody: false, limited: true }
    OPERATION_ENDPOINTS.set(own, [...(OPERATION_ENDPOINTS.get(own) ?? []), { ...endpoint, segments: segmentsOf(path) }])
  }
}

/**
 * The routes of the API by method and path template. With these, the gate counts and limits a request and matches
 * faults before Fastify sees the request.
 */
export class Endpoints {
  readonly #byMethod = new Map(OPERATION_ENDPOINTS)
  /** The routes that the user has added, the latest first. */
  #own: { method: string; endpoint: Endpoint }[] = []

  /** Records every route that is registered from now on, so it must be called before the routes are registered. */
  follow(app: FastifyInstance): void {
    app.addHook('onRoute', route => {
      // The route for everything stands for the operations, which are here already.
      if (route.url === '/*') return
      const { access = 'any', readBody = false, limited = true } = route.config ?? {}
      for (const method of [route.method].flat()) {
        const template = route.url.replace(/:([A-Za-z]+)/g, '{$1}').replace(/\*$/, '{path}')
        const segments = route.url.split('/').slice(1)
        const endpoint = { label: `${method} ${template}`, access, scopes: [], readBody, limited, segments }
        this.#byMethod.set(method, [...(this.#byMethod.get(method) ?? []), endpoint])
      }
    })
  }

  /**
   * Adds a route of the user before all others. It has the credentials and scopes of the operation that it answers; a
   * route for any other path accepts all credentials. Throws a TypeError that says what is wrong.
   */
  add(method: string, path: string, handler: RouteHandler): Route {
    const segments = routeSegments(method, path, handler)
    const label = `${method} ${path}`
    const built = this.#byMethod.get(method)?.find(endpoint => sameEndpoint(endpoint.label, label))
    const { access = 'any', scopes = [], readBody = false, limited = true } = built ?? {}
    const own = { method, endpoint: { label, access, scopes, readBody, limited, segments, handler } }
    this.#own.unshift(own)
    return {
      clear: () => {
        this.#own = this.#own.filter(other => other !== own)
      },
    }
  }

  /** Returns the endpoint that answers a request. */
  find(method: string, path: string): Endpoint | undefined {
    const segments = path.split('/').slice(1)
    const own = this.#own.find(
      one =>
        (one.method === method || (one.method === 'GET' && method === 'HEAD')) &&
        matches(one.endpoint.segments, segments),
    )
    if (own) return own.endpoint
    const matching = (this.#byMethod.get(method) ?? []).filter(endpoint => matches(endpoint.segments, segments))
    // As in a router, a literal segment takes precedence over a parameter.
    return matching.sort((a, b) => literals(b) - literals(a))[0]
  }

  /** Whether there is a route with this label, such as `GET /jobs/{id}`. Names of parameters are ignored. */
  has(label: string): boolean {
    const method = label.split(' ')[0] ?? ''
    const all = [...this.#own.map(({ endpoint }) => endpoint), ...(this.#byMethod.get(method) ?? [])]
    return all.some(endpoint => sameEndpoint(endpoint.label, label))
  }
}

/** Compares labels, ignoring the names of their parameters. */
export function sameEndpoint(a: string, b: string): boolean {
  return nameless(a) === nameless(b)
}

function nameless(label: string): string {
  return label.replace(/\{[^/}]*\}|:[^/]+/g, '{}')
}

function literals(endpoint: Endpoint): number {
  return endpoint.segments.filter(segment => !isParameter(segment)).length
}

function isParameter(segment: string): boolean {
  return segment.startsWith(':') || segment === '*'
}

function matches(template: readonly string[], segments: readonly string[]): boolean {
  if (template.at(-1) === '*') {
    return segments.length >= template.length && matches(template.slice(0, -1), segments.slice(0, template.length - 1))
  }
  return (
    template.length === segments.length &&
    template.every((segment, index) => (isParameter(segment) ? segments[index] !== '' : segment === segments[index]))
  )
}
