import type { FastifyInstance } from 'fastify'
import { type Route, type RouteHandler, routeSegments } from './own-routes.js'

/** Which credentials a route takes. */
export type Access = 'customer' | 'partner' | 'any' | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Default `customer`: a customer API key or a bearer token. */
    access?: Access
    /** Scopes the credential must hold, all of them. */
    scopes?: readonly string[]
    /** The gate reads the body before anything else looks at the request. */
    readBody?: boolean
    /** Default true: the rate and concurrency limits hold for the route. */
    limited?: boolean
  }
}

export interface Endpoint {
  /** Method and path template, as `GET /jobs/{id}`. */
  readonly label: string
  readonly access: Access
  readonly scopes: readonly string[]
  readonly readBody: boolean
  readonly limited: boolean
  readonly segments: readonly string[]
  /** Present if the user added the route. */
  readonly handler?: RouteHandler
}

/**
 * Knows every route by method and path template, so that a request is counted, limited and matched against faults
 * under its endpoint before Fastify has seen it.
 */
export class Endpoints {
  readonly #byMethod = new Map<string, Endpoint[]>()
  /** The routes that the user added, the latest first. */
  #own: { method: string; endpoint: Endpoint }[] = []

  /** Must be called before the routes are registered. */
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
   * Adds a route of the user's, before all there are. What it takes the place of says which credentials open it; a new
   * one is open to all. Throws a TypeError that says what is wrong.
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

  find(method: string, path: string): Endpoint | undefined {
    const segments = path.split('/').slice(1)
    const own = this.#own.find(
      one =>
        (one.method === method || (one.method === 'GET' && method === 'HEAD')) &&
        matches(one.endpoint.segments, segments),
    )
    if (own) return own.endpoint
    const matching = (this.#byMethod.get(method) ?? []).filter(endpoint => matches(endpoint.segments, segments))
    // The router prefers a literal segment over a parameter; so does this.
    return matching.sort((a, b) => literals(b) - literals(a))[0]
  }

  /** Whether `label` (`GET /jobs/{id}`, whatever the parameter is called) is one of the routes. */
  has(label: string): boolean {
    const method = label.split(' ')[0] ?? ''
    const all = [...this.#own.map(({ endpoint }) => endpoint), ...(this.#byMethod.get(method) ?? [])]
    return all.some(endpoint => sameEndpoint(endpoint.label, label))
  }
}

/** Compares labels without regard to the names of their parameters. */
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
