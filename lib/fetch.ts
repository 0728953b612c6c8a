/** A WHATWG `fetch` that authenticates: what to ask, from what `fetch` takes to what the addon takes. */

import { type Outgoing, outgoing } from './body.js'
import type { FlatRequest } from './request.js'

/** What `fetch` was asked for. */
export interface FetchCall {
  request: Omit<FlatRequest, 'timeout'>
  body: Outgoing
  signal: AbortSignal | undefined
  url: string
}

/**
 * Reads the arguments of a `fetch`. Most calls are a URL with plain headers and a string: they are read without the
 * platform's `Request`, which costs more than the rest of the call.
 */
export function fetchCall(input: string | URL | Request, init: RequestInit | undefined, baseUrl: string): FetchCall {
  if (typeof input === 'object' && !(input instanceof URL)) {
    return fromRequest(init === undefined ? input : new Request(input, init))
  }
  const url = absolute(input, baseUrl)
  if (!isPlain(init)) return fromRequest(new Request(url, init))
  const method = init?.method?.toUpperCase() ?? 'GET'
  const body = init?.body == null ? {} : outgoing('body', init.body)
  if (typeof init?.body === 'string') body.contentType = 'text/plain;charset=UTF-8'
  const headers = [...new Headers(init?.headers ?? {})].flat()
  const request = { method, path: url, headers, ...(init?.redirect && { redirect: init.redirect }) }
  return { request, body, signal: init?.signal ?? undefined, url }
}

function absolute(input: string | URL, baseUrl: string): string {
  if (input instanceof URL) return input.href
  return /^[a-z][a-z\d+.-]*:\/\//i.test(input) ? input : baseUrl + (input.startsWith('/') ? input : `/${input}`)
}

/** Whether nothing in there needs the platform's reading. */
function isPlain(init: RequestInit | undefined): boolean {
  const body = init?.body
  if (body == null) return true
  const method = init?.method?.toUpperCase() ?? 'GET'
  return method !== 'GET' && method !== 'HEAD' && (typeof body === 'string' || body instanceof Uint8Array)
}

function fromRequest(request: Request): FetchCall {
  const body: Outgoing = request.body === null ? {} : { parts: request.body as AsyncIterable<unknown> }
  return {
    request: {
      method: request.method,
      path: withoutFragment(request.url),
      headers: [...request.headers].flat(),
      redirect: request.redirect,
    },
    body,
    signal: request.signal,
    url: withoutFragment(request.url),
  }
}

/** As `fetch` does: a fragment is never sent. */
function withoutFragment(url: string): string {
  return url.split('#', 1)[0] as string
}
