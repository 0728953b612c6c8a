import type { FastifyInstance } from 'fastify'
import { type Route, type RouteHandler, routeSegments } from './own-routes.js'

/** The kind of credential that a route accepts. */
export type Access = 'customer' | 'partner' | 'any' | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The kind of credential that the route accepts. Default: `customer`, a customer's API key or a bearer token. */
    access?: Access
    /** The scopes that the credential must have, all of them. Default: none. */
    scopes?: readonly string[]
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
  readonly access: Access
  readonly scopes: readonly string[]
  readonly readBody: boolean
  readonly limited: boolean
  readonly segments: readonly string[]
  /** The handler, if the user has added the route. */
  readonly handler?: RouteHandler
}

/**
 * The routes of the API by method and path template. With these, the gate counts and limits a request and matches
 * faults before Fastify sees the request.
 */
export class Endpoints {
  readonly #byMethod = new Map<string, Endpoint[]>()
  /** The routes that the user has added, the latest first. */
  #own: { method: string; endpoint: Endpoint }[] = []

  /** Records every route that is registered from now on, so it must be called before the routes are registered. */
  follow(app: FastifyInstance): void {
    app.addHook('onRoute', route => {
      const { access = 'customer', scopes = [], readBody = false, limited = true } = route.config ?? {}
      for (const method of [route.method].flat()) {
        const template = route.url.replace(/:([A-Za-z]+)/g, '{$1}').replace(/\*$/, '{path}')
        const segments = route.url.split('/').slice(1)
        const endpoint = { label: `${method} ${template}`, access, scopes, readBody, limited, segments }
        this.#byMethod.set(method, [...(this.#byMethod.get(method) ?? []), endpoint])
      }
    })
  }

  /**
   * Adds a route of the user before all others. It accepts the same credentials as the route that it replaces; a new
   * route accepts all. Throws a TypeError that says what is wrong.
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
    // As in the router, a literal segment takes precedence over a parameter.
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
