/** A WHATWG `fetch` that authenticates: what to ask, from what `fetch` takes to what the addon takes. */

import { type Outgoing, outgoing, sizeOf, source } from './body.js'
import { configurationError } from './errors.js'
import { isA, isBlob } from './platform.js'
import type { FlatRequest } from './request.js'
import { bare, members, optionalSignal } from './validate.js'

/** What `fetch` was asked for. */
export interface FetchCall {
  request: Omit<FlatRequest, 'timeout'>
  body: Outgoing
  signal: AbortSignal | undefined
  url: string
}

/** Methods that may be written in lower case (Fetch standard, "normalize a method"). */
const NORMALIZED = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']
const METHODS = [...NORMALIZED, 'PATCH']
const REDIRECTS = [undefined, 'follow', 'manual', 'error']

/**
 * Reads the arguments of a `fetch`. A URL with plain options, as most calls have, is read without the platform's
 * `Request`, which costs more than the rest of the call and makes a stream of every body.
 */
export function fetchCall(input: string | URL | Request, init: RequestInit | undefined, baseUrl: string): FetchCall {
  if (typeof input === 'object' && !isA('URL', input)) {
    if (init === undefined) return fromRequest(input)
    const { body } = members(init, ['body'])
    return fromRequest(new Request(input, init), body)
  }
  const url = absolute(input, baseUrl)
  const known: RequestInit = init ? members(init, ['method', 'headers', 'body', 'redirect', 'signal']) : bare({})
  const method = normalized(known.method ?? 'GET')
  if (!isPlain(method, known)) return fromRequest(new Request(url, init), known.body)
  const signal = optionalSignal('signal', known.signal)
  const headers = [...new Headers(known.headers ?? {})].flat()
  const request = bare({ method, path: url, headers, ...(known.redirect && { redirect: known.redirect }) })
  const body = known.body == null ? bare<Outgoing>({}) : outgoing('body', known.body)
  return { request, body, signal, url }
}

function normalized(method: string): string {
  const upper = method.toUpperCase()
  return NORMALIZED.includes(upper) ? upper : method
}

/** As the platform reads it: blanks, braces and the like are encoded, and dot segments resolved. */
function absolute(input: string | URL, baseUrl: string): string {
  const text = typeof input === 'string' ? input : input.href
  const isAbsolute = /^[a-z][a-z\d+.-]*:\/\//i.test(text)
  const url = new URL(isAbsolute ? text : baseUrl + (text.startsWith('/') ? text : `/${text}`))
  url.hash = ''
  if (!isAbsolute && !url.href.startsWith(`${baseUrl}/`)) {
    throw configurationError('path', 'must not lead out of `baseUrl` by `..` segments')
  }
  return escaped(url.href)
}

/** A parsed URL has a backslash in its query alone, where the platform sends it as it is. In a path it would be a `/`. */
function escaped(url: string): string {
  return url.replaceAll('\\', '%5C')
}

/** Whether nothing in there needs the platform's reading, or its refusal. */
function isPlain(method: string, { redirect, body }: RequestInit): boolean {
  if (!METHODS.includes(method) || !REDIRECTS.includes(redirect)) return false
  if (body == null) return true
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return hasBody && (typeof body === 'string' || (typeof body === 'object' && !(Symbol.asyncIterator in body)))
}

/** The platform's `Request` aborts its signal only while it is there itself: who waits for the one keeps the other. */
const requests = new WeakMap<AbortSignal, Request>()

/** `body` is what the request was made with, if that is known. */
function fromRequest(request: Request, body?: unknown): FetchCall {
  if (request.bodyUsed) throw new TypeError('the body of the Request has been used already')
  const url = withoutFragment(request.url)
  requests.set(request.signal, request)
  return {
    request: bare({
      method: request.method,
      path: url,
      headers: [...request.headers].flat(),
      redirect: request.redirect,
    }),
    body: bare(request.body === null ? {} : { parts: source('body', request.body), ...lengthOf(request, body) }),
    signal: request.signal,
    url,
  }
}

/** How the length of a Request's body is found: the platform knows it, but does not tell. */
function lengthOf({ headers }: Request, body: unknown): Pick<Outgoing, 'length' | 'waits'> {
  if (isBlob(body)) return { length: sizeOf('body', body) }
  const isForm = isA('FormData', body) || headers.get('content-type')?.startsWith('multipart/form-data') === true
  return { waits: isForm }
}

/** As `fetch` does: a fragment is never sent. */
function withoutFragment(url: string): string {
  return escaped(url.split('#', 1)[0] as string)
}
