/** Answers as WHATWG `Response`s, whose bodies are read from the addon as they are wanted. */

import { STATUS_CODES } from 'node:http'
import type { NativeBody } from '../index.js'
import { call, type Outcome } from './calls.js'
import { headerPairs } from './errors.js'

/** Statuses whose answers have no body, which `new Response()` insists on. */
const BODILESS = new Set([204, 205, 304])

/** The answer that a call came to. `url` is where it was asked. */
export function toResponse({ status, first, second, third }: Outcome, url: string): Response {
  const body = BODILESS.has(status) ? null : content(second as Content)
  const response = new Response(body, {
    status,
    statusText: STATUS_CODES[status] ?? '',
    headers: headerPairs(first as string),
  })
  // What the constructor cannot say.
  Object.defineProperties(response, {
    url: { value: third ?? url, enumerable: true },
    redirected: { value: third !== undefined, enumerable: true },
  })
  return response
}

type Content = undefined | string | Uint8Array<ArrayBuffer> | NativeBody

function content(body: Content): ConstructorParameters<typeof Response>[0] | null {
  if (body === undefined) return null
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { first: part } = await call((completions, id) => body.read(completions, id), {})
      if (part !== undefined) {
        controller.enqueue(part as Uint8Array)
        return
      }
      controller.close()
      controller.byobRequest?.respond(0)
    },
    async cancel() {
      await call((completions, id) => body.cancel(completions, id), {})
    },
  })
}
