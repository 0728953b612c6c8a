/** Makes WHATWG `Response`s of answers. A body is read from the addon only as fast as its reader asks for it. */

import type { NativeAnswer, NativeBody } from '../index.js'
import { call } from './calls.js'
import { unawaited } from './defects.js'
import type { CallContext } from './errors.js'
import { headerPairs } from './headers.js'
import { types } from './platform.js'
import { watch } from './signals.js'
import { causedBy } from './stack.js'

/**
 * Statuses whose answers have no body (Fetch standard, "null body status"): `new Response()` refuses a body for them.
 */
const BODILESS = new Set([101, 204, 205, 304])

/**
 * The maximum number of bytes of one read: large enough that calls of the addon cost little, small enough to hold in
 * memory. (Measured: half as much takes 1.4 times as long, and twice as much keeps the main thread busy longer.)
 */
const MOST = { length: 512 * 1024 }

/**
 * Makes the `Response` of a call. `url` is the URL of the request, `signal` also interrupts the body, and `context` is
 * for errors while the body is read. `ended` is called when the body has come to its end: it was read, cancelled or
 * collected, or it failed.
 */
export function toResponse(
  answer: NativeAnswer,
  url: string,
  signal: AbortSignal | undefined,
  context: CallContext,
  ended: Ended = nothing,
): Response {
  const { status, headers, body } = answer
  const bodiless = BODILESS.has(status) || context.method === 'HEAD'
  if (bodiless && isOpen(body)) unawaited(CANCELLING, cancel(body))
  if (bodiless || !isOpen(body)) ended()
  const response = new Response(bodiless ? null : content(body, signal, context, ended), {
    status: isOrdinary(status) ? status : 200,
    // The standard phrase: the server's own has no meaning, and HTTP/2 has none (RFC 9110 section 15.1).
    statusText: statusText(status),
    headers: headerPairs(headers),
  })
  if (!isOrdinary(status)) override(response, { status, ok: false })
  // A URL of a `Response` has no fragment, also after a redirect to one.
  return located(response, answer.url?.split('#', 1)[0] ?? url, answer.url !== undefined)
}

/** Takes the end of a body, and why it failed if it did. It must not hold the body. */
type Ended = (error?: unknown) => void

function nothing(): void {}

/** Whether `new Response()` accepts the status. */
function isOrdinary(status: number): boolean {
  return status >= 200 && status <= 599
}

let phrases: Record<number, string | undefined> | undefined

function statusText(status: number): string {
  // Loaded only here: it would add a quarter to the time that loading this package takes.
  phrases ??= (require('node:http') as typeof import('node:http')).STATUS_CODES
  return phrases[status] ?? ''
}

/** Sets the properties that the constructor of `Response` cannot set. */
function located(response: Response, url: string, redirected: boolean): Response {
  const { status, ok } = response
  const clone = () => {
    const copy = Response.prototype.clone.call(response)
    return located(isOrdinary(status) ? copy : override(copy, { status, ok }), url, redirected)
  }
  return override(response, { url, redirected, type: 'basic', clone })
}

function override(response: Response, values: object): Response {
  for (const [name, value] of Object.entries(values)) Object.defineProperty(response, name, { value })
  return response
}

type Content = NativeAnswer['body']

function isOpen(body: Content): body is NativeBody {
  return body !== undefined && typeof body !== 'string' && !types.isUint8Array(body)
}

/** What is done to a body that nobody reads. */
const CANCELLING = 'Cancelling the body of an answer'

async function cancel(body: NativeBody): Promise<void> {
  await call<undefined>((completions, callId) => body.cancel(completions, callId), {})
}

function content(
  body: Content,
  signal: AbortSignal | undefined,
  context: CallContext,
  ended: Ended,
): ConstructorParameters<typeof Response>[0] {
  // An empty array makes an empty stream; an empty string would also set a content type.
  if (body === undefined) return new Uint8Array(0)
  if (!isOpen(body)) return body
  if (ended !== nothing) collected.register(body, ended)
  let unwatch: (() => void) | undefined
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      unwatch = signal && watchUnread(signal, controller, body, ended)
    },
    async pull(controller) {
      try {
        const part = await read(body, context)
        if (signal?.aborted) return
        if (part !== undefined) {
          controller.enqueue(part)
          return
        }
      } catch (error) {
        unwatch?.()
        ended(error)
        throw error
      }
      unwatch?.()
      ended()
      controller.close()
      controller.byobRequest?.respond(0)
    },
    async cancel() {
      unwatch?.()
      ended()
      await cancel(body)
    },
  })
}

/** Removes the abort handlers of bodies that were collected before they were read. */
const unread = new FinalizationRegistry<() => void>(unwatch => unwatch())
/** Ends the observation of bodies that were collected before they were read. */
const collected = new FinalizationRegistry<Ended>(ended => ended())

/**
 * Stops a body when `signal` aborts. A signal may outlive thousands of bodies, so it holds each of them weakly: a body
 * without a reader can then be collected, which closes its connection.
 */
function watchUnread(
  signal: AbortSignal,
  controller: ReadableByteStreamController,
  body: NativeBody,
  ended: Ended,
): () => void {
  if (signal.aborted) {
    controller.error(signal.reason)
    ended(signal.reason)
    unawaited(CANCELLING, cancel(body))
    return () => {}
  }
  const unwatch = watch(signal, {}, stopper(signal, new WeakRef(controller), new WeakRef(body), ended))
  unread.register(body, unwatch)
  return unwatch
}

// A function of its own: a closure written at the call would also hold everything captured around it.
function stopper(
  signal: AbortSignal,
  controller: WeakRef<ReadableByteStreamController>,
  body: WeakRef<NativeBody>,
  ended: Ended,
): () => void {
  return () => {
    ended(signal.reason)
    controller.deref()?.error(signal.reason)
    const open = body.deref()
    if (open !== undefined) unawaited(CANCELLING, cancel(open))
  }
}

/** Reads the next part of a body, in memory of its own, or `undefined` at the end. */
async function read(body: NativeBody, context: CallContext): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await call<Uint8Array<ArrayBuffer> | undefined>(
      (completions, callId) => body.read(completions, callId, MOST),
      context,
    )
  } catch (error) {
    // The error that the platform's `fetch` throws.
    throw causedBy('terminated', error)
  }
}
