/** Answers as WHATWG `Response`s, whose bodies are read from the addon as they are wanted. */

import type { NativeBody } from '../index.js'
import { call, type Outcome, watch } from './calls.js'
import { headerPairs } from './errors.js'

/** Statuses whose answers have no body, which `new Response()` insists on. */
const BODILESS = new Set([204, 205, 304])

/** The answer that a call came to. `url` is where it was asked; `signal` stops its body too. */
export function toResponse(outcome: Outcome, url: string, signal: AbortSignal | undefined): Response {
  const { status, first, second, third } = outcome
  const response = new Response(BODILESS.has(status) ? null : content(second as Content, signal), {
    status,
    // As HTTP/2 does without: the server's own phrase has no meaning (RFC 9110 section 15.1).
    statusText: statusText(status),
    headers: headerPairs(first as string),
  })
  return located(response, (third as string | undefined) ?? url, third !== undefined)
}

let phrases: Record<number, string | undefined> | undefined

function statusText(status: number): string {
  // Not at the top: loading it takes a quarter of the time that loading this package does.
  phrases ??= (require('node:http') as typeof import('node:http')).STATUS_CODES
  return phrases[status] ?? ''
}

/** Says what the constructor cannot. */
function located(response: Response, url: string, redirected: boolean): Response {
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    clone: { value: () => located(Response.prototype.clone.call(response), url, redirected) },
  })
}

type Content = undefined | string | Uint8Array<ArrayBuffer> | NativeBody

function content(body: Content, signal: AbortSignal | undefined): ConstructorParameters<typeof Response>[0] | null {
  if (body === undefined) return null
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  const cancel = () => call((completions, id) => body.cancel(completions, id), {})
  let unwatch: (() => void) | undefined
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      unwatch =
        signal &&
        watch(signal, body, () => {
          controller.error(signal.reason)
          void cancel()
        })
    },
    async pull(controller) {
      const part = await read(body)
      if (signal?.aborted) return
      if (part !== undefined) {
        controller.enqueue(part)
        return
      }
      unwatch?.()
      controller.close()
      controller.byobRequest?.respond(0)
    },
    async cancel() {
      unwatch?.()
      await cancel()
    },
  })
}

async function read(body: NativeBody): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { first } = await call((completions, id) => body.read(completions, id), {})
    return first as Uint8Array<ArrayBuffer> | undefined
  } catch (error) {
    // As `fetch` says it.
    throw new TypeError('terminated', { cause: error })
  }
}
