/** Turns the arguments of a WHATWG `fetch` into a request as the addon takes it. */

import { type Outgoing, outgoing, sizeOf, source } from './body.js'
import { configurationError } from './errors.js'
import { isA, isBlob } from './platform.js'
import type { FlatRequest } from './request.js'
import { bare, membersOf, optionalSignal } from './validate.js'

/** A call of `fetch`, ready to be sent. */
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

/** What the platform's `Request` reads of its second argument (Fetch standard, `RequestInit`), and Node's `dispatcher`. */
const INIT = [
  'method',
  'headers',
  'body',
  'redirect',
  'signal',
  'duplex',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'integrity',
  'keepalive',
  'priority',
  'window',
  'dispatcher',
]

/**
 * Reads the arguments of a `fetch`. Most calls have a URL and simple options. These are read without the platform's
 * `Request`, which costs more than the rest of the call and turns every body into a stream.
 */
export function fetchCall(input: string | URL | Request, init: RequestInit | undefined, baseUrl: string): FetchCall {
  if (typeof input === 'object' && !isA('URL', input)) {
    if (init === undefined) return fromRequest(input)
    const given: RequestInit = membersOf(init, INIT)
    return fromRequest(platformRequest(input, given), given.body)
  }
  const url = absolute(input, baseUrl)
  const known: RequestInit = init ? membersOf(init, INIT) : bare({})
  const method = normalized(known.method ?? 'GET')
  if (!isPlain(method, known)) return fromRequest(platformRequest(url, known), known.body)
  const signal = optionalSignal('signal', known.signal)
  const headers = [...new Headers(known.headers ?? {})].flat()
  const request = bare({ method, path: url, headers, ...(known.redirect && { redirect: known.redirect }) })
  const body = known.body == null ? bare<Outgoing>({}) : outgoing('body', known.body)
  return { request, body, signal, url }
}

/** Makes a `Request` of the caller's options alone. The platform takes those that are absent from `Object.prototype`. */
function platformRequest(input: string | Request, given: RequestInit): Request {
  const { method, headers, signal } = typeof input === 'string' ? { method: 'GET', headers: [], signal: null } : input
  return new Request(input, bare<RequestInit>({ method, headers, signal, body: null, ...given }))
}

function normalized(method: string): string {
  const upper = method.toUpperCase()
  return NORMALIZED.includes(upper) ? upper : method
}

/** Resolves a URL as the platform does: spaces, braces and the like are encoded, and dot segments are resolved. */
function absolute(input: string | URL, baseUrl: string): string {
  const text = typeof input === 'string' ? input : input.href
  const isAbsolute = /^[a-z][a-z\d+.-]*:\/\//i.test(text)
  const url = new URL(isAbsolute ? text : baseUrl + (text.startsWith('/') ? text : `/${text}`))
  url.hash = ''
  if (!isAbsolute && !url.href.startsWith(`${baseUrl}/`)) {
    throw configurationError('path', 'must not leave `baseUrl` through `..` segments')
  }
  return escaped(url.href)
}

/** Encodes backslashes, which a parsed URL has only in its query. The addon would read them as `/`. */
function escaped(url: string): string {
  return url.replaceAll('\\', '%5C')
}

/** Whether the options are simple enough that the platform's `Request` is not needed to read or refuse them. */
function isPlain(method: string, { redirect, body }: RequestInit): boolean {
  if (!METHODS.includes(method) || !REDIRECTS.includes(redirect)) return false
  if (body == null) return true
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return hasBody && (typeof body === 'string' || (typeof body === 'object' && !(Symbol.asyncIterator in body)))
}

/** Keeps each `Request` as long as its signal: a `Request` that was collected no longer aborts its signal. */
const requests = new WeakMap<AbortSignal, Request>()

/** Reads a `Request`. `body` is the body that it was made with, if that is known. */
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

/** Finds the length of a Request's body, which the platform knows, but does not reveal. */
function lengthOf({ headers }: Request, body: unknown): Pick<Outgoing, 'length' | 'waits'> {
  if (isBlob(body)) return { length: sizeOf('body', body) }
  const isForm = isA('FormData', body) || headers.get('content-type')?.startsWith('multipart/form-data') === true
  return { waits: isForm }
}

/** Removes the fragment, which is never sent, as `fetch` does. */
function withoutFragment(url: string): string {
  return escaped(url.split('#', 1)[0] as string)
}
