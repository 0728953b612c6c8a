/** What all handlers have in common: their type, and the requests that must not start anything. */

/**
 * Answers requests of the Web platform. It resolves with `undefined` for a path that is not its own. Whatever is passed
 * as `context`, such as the objects of a framework, reaches the functions among the handler's options.
 */
export type Handler<Context = unknown> = (
  request: Request,
  ...context: unknown extends Context ? [context?: unknown] : [context: Context]
) => Promise<Response | undefined>

/** What a function among a handler's options may return: an answer in place of the default one, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without `return` is to be accepted
export type Reply = Response | undefined | void | Promise<Response | undefined | void>

/**
 * Headers of every answer: nothing is kept by a cache, and no other site learns the address of the page, whose query
 * may hold an authorization code.
 */
export const PRIVATE = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** What a browser fetches to show it, by `Sec-Fetch-Dest`. Other clients do not send that header. */
const SHOWN = ['document', 'iframe', 'frame']

/**
 * Answers the requests that are not a person's visit: other methods, images and scripts, and pages that the browser or
 * a framework fetches in advance. These get a 503, with which browsers discard them; the visit that may follow is then
 * sent as usual.
 */
export function answerWithoutVisit(request: Request): Response | undefined {
  if (request.method === 'HEAD') return new Response(null, { status: 204, headers: PRIVATE })
  if (request.method !== 'GET') return new Response(null, { status: 405, headers: { ...PRIVATE, allow: 'GET, HEAD' } })
  const inAdvance = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some(name =>
    /prefetch|prerender|preview/i.test(request.headers.get(name) ?? ''),
  )
  const isShown = SHOWN.includes(request.headers.get('sec-fetch-dest') ?? 'document')
  return inAdvance || !isShown ? new Response(null, { status: 503, headers: PRIVATE }) : undefined
}

/** An answer that can be sent more than once. */
export interface KeptAnswer {
  status: number
  headers: [name: string, value: string][]
  body: ArrayBuffer | null
}

/** Reads an answer to its end, so that it can be sent again. */
export async function keep(response: Response): Promise<KeptAnswer> {
  const body = response.body === null ? null : await response.arrayBuffer()
  return { status: response.status, headers: [...response.headers], body }
}

/** Makes a response from a kept answer. It is as private as every other, unless it says otherwise itself. */
export function respond({ status, headers, body }: KeptAnswer): Response {
  const all = new Headers(headers)
  for (const [name, value] of Object.entries(PRIVATE)) if (!all.has(name)) all.set(name, value)
  return new Response(body, { status, headers: all })
}

/** Makes a redirect with GET. */
export function redirectTo(url: string): Response {
  return new Response(null, { status: 303, headers: { ...PRIVATE, location: url } })
}
