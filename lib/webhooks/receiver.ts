/** The HTTP side of a receiver: reads requests, and answers them. */

import type { NativeInbox } from '../../index.js'
import { call } from '../calls.js'
import { configurationError, SmartRecruitersError, toError, unwrap, WebhookError, webhookError } from '../errors.js'
import { reportWebhook } from '../telemetry/webhook-reports.js'
import { bare } from '../validate.js'
import { deliveryHeaders } from './headers.js'
import type { CallbackAuthentication } from './options.js'

/** Far more than an event has: its body holds a few ids. */
const MOST_BODY = 1024 * 1024
const BODY_TIMEOUT = 5000
/** SmartRecruiters waits for 5 seconds from the start of its request, and repeats a delivery that failed. */
const ANSWER_TIMEOUT = 4500
/** The least time for the store, for a body that took nearly all of it: what is stored late is not lost. */
const LEAST_STORE_TIMEOUT = 500
const LONGEST_HANDSHAKE = 256
const HANDSHAKE = 'x-hook-secret'
const TOKEN_LIFETIME = 3600
const PRIVATE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** The remedy for a body that something else has read. */
const BODY_CONSUMED =
  'The body of the webhook request was read before it reached the handler, so its signature cannot be verified. ' +
  "Put the handler before the body parser: `app.use('/webhooks', toNodeHandler(webhooks.handler()))` above " +
  '`app.use(express.json())`; in Fastify, register `fastifyPlugin(webhooks.handler())`; in `pages/api` of Next.js, ' +
  '`export const config = { api: { bodyParser: false } }`. A function that gets a `Request` reads nothing of it before ' +
  'the handler, or passes `request.clone()`.\n'

/** Why a request is refused, and with which status. */
const STATUSES: Record<WebhookError['reason'], number> = {
  // SmartRecruiters repeats the delivery, and by then the key may be known.
  noKey: 503,
  missingSignature: 401,
  tooManySignatures: 400,
  noMatch: 401,
  malformedTimestamp: 400,
  tooOld: 401,
  fromFuture: 401,
  malformedHeader: 400,
  malformedBody: 400,
  unauthorized: 401,
  bodyTooLarge: 413,
  bodyTooSlow: 408,
  bodyConsumed: 500,
}

/** What a receiver needs to know. */
export interface ReceiverOptions {
  inbox: NativeInbox
  authentication: CallbackAuthentication | undefined
  handshake: boolean
  report: (error: unknown) => void
}

/** Answers a request to the receiver. */
export async function receive(request: Request, options: ReceiverOptions): Promise<Response> {
  if (request.method !== 'POST') return answer(405, 'POST webhooks here\n', { allow: 'POST' })
  const start = performance.now()
  try {
    const body = await bodyOf(request)
    const storeTimeout = Math.max(ANSWER_TIMEOUT - (performance.now() - start), LEAST_STORE_TIMEOUT)
    const hook = request.headers.get(HANDSHAKE)
    // Whether a handshake authenticates is not documented, and it is answered only when one is expected.
    if (hook !== null && !request.headers.has('smartrecruiters-signature'))
      return await shakeHands(hook, options, storeTimeout)
    authenticate(request, options)
    const event = await accept(request, body, options.inbox, storeTimeout)
    reportWebhook(() => ({ outcome: 'accepted', ...event, durationMs: performance.now() - start }))
    return answer(202)
  } catch (error) {
    reportWebhook(() => ({ outcome: 'rejected', durationMs: performance.now() - start, error }))
    options.report(error)
    return refusal(error)
  }
}

/** Answers a request for an access token (RFC 6749 section 4.4). */
export async function issueToken(request: Request, options: ReceiverOptions): Promise<Response> {
  if (request.method !== 'POST') return answer(405, 'POST token requests here\n', { allow: 'POST' })
  try {
    const form = await bodyOf(request)
    const { token, error } = bare(unwrap(options.inbox.issueToken(request.headers.get('authorization') ?? '', form)))
    if (token === undefined) {
      return json(error === 'invalid_client' ? 401 : 400, { error }, { 'www-authenticate': 'Basic realm="webhooks"' })
    }
    return json(200, { access_token: token, token_type: 'Bearer', expires_in: TOKEN_LIFETIME })
  } catch (error) {
    options.report(error)
    return refusal(error)
  }
}

function authenticate(request: Request, { inbox, authentication }: ReceiverOptions): void {
  if (authentication === undefined) return
  const own = authentication.type === 'header' ? request.headers.get(authentication.headerName) : null
  const refused = inbox.authenticate(request.headers.get('authorization') ?? '', own ?? '')
  if (refused) throw toError(refused)
}

/** Answers the check that SmartRecruiters makes when a subscription is activated. */
async function shakeHands(
  hook: string,
  { inbox, handshake }: ReceiverOptions,
  storeTimeout: number,
): Promise<Response> {
  if (hook.length > LONGEST_HANDSHAKE || !/^[\x21-\x7e]+$/.test(hook)) throw webhookError('malformedHeader')
  const isExpected =
    handshake ||
    (await inTime(
      call<boolean>((completions, callId) => inbox.isHandshakeExpected(completions, callId), {}),
      storeTimeout,
    ))
  // Echoed to anyone, it would let a stranger use this address for a subscription of his own.
  return isExpected ? answer(200, null, { [HANDSHAKE]: hook }) : answer(403, 'no handshake is expected\n')
}

/** Stores the event of a request, and returns its id and name. */
async function accept(
  request: Request,
  body: Uint8Array,
  inbox: NativeInbox,
  storeTimeout: number,
): Promise<{ id: string; event: string }> {
  const { signature, timestamp, id, name, version, link } = deliveryHeaders(request.headers)
  const stored = call<boolean>((completions, callId) => {
    inbox.accept(completions, callId, signature, timestamp, id, name, version, link, body)
  }, {})
  // What is stored later is recognized when SmartRecruiters repeats the delivery.
  await inTime(stored, storeTimeout)
  return { id, event: name }
}

/** Waits for the store as long as SmartRecruiters waits for the answer. */
function inTime<T>(asked: Promise<T>, storeTimeout: number): Promise<T> {
  const message = 'the store took longer than SmartRecruiters waits for the answer to a webhook, which it sends again'
  return withTimeout(asked, storeTimeout, () => toError({ code: 'STORE', message, causes: [] }))
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  if (request.bodyUsed) throw webhookError('bodyConsumed')
  if (Number(request.headers.get('content-length') ?? 0) > MOST_BODY) throw webhookError('bodyTooLarge')
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader()
  try {
    return await withTimeout(readAll(reader), BODY_TIMEOUT, () => webhookError('bodyTooSlow'))
  } catch (error) {
    // The rest of the body is not wanted; that cancelling fails too says nothing new.
    reader.cancel().catch(() => {})
    // `toNodeHandler` refuses a stream that something else has read.
    if (error instanceof SmartRecruitersError && error.code === 'CONFIGURATION') throw webhookError('bodyConsumed')
    throw error
  }
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks, length)
    length += value.length
    if (length > MOST_BODY) throw webhookError('bodyTooLarge')
    chunks.push(value)
  }
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number, error: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), milliseconds)
  })
  // It may fail after nobody waits for it any more.
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The answer to a request that failed. It names the reason, and nothing of the receiver. */
function refusal(error: unknown): Response {
  if (error instanceof WebhookError) {
    const text = error.reason === 'bodyConsumed' ? BODY_CONSUMED : `refused: ${error.reason}\n`
    // A connection on which the rest of a body may still arrive cannot be used again.
    const close = error.reason === 'bodyTooLarge' || error.reason === 'bodyTooSlow' ? { connection: 'close' } : {}
    return answer(STATUSES[error.reason], text, close)
  }
  // The store failed. SmartRecruiters repeats the delivery.
  return answer(503, 'try again later\n')
}

function answer(status: number, text: string | null = null, headers: Record<string, string> = {}): Response {
  const type = text === null ? {} : { 'content-type': 'text/plain; charset=utf-8' }
  return new Response(text, { status, headers: { ...PRIVATE, ...type, ...headers } })
}

function json(status: number, value: object, headers: Record<string, string> = {}): Response {
  const type = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(value), { status, headers: { ...PRIVATE, ...type, ...headers } })
}

/** An error of the developer's that the default `onError` warns of; strangers cause the others at will. */
export function isOurs(error: unknown): boolean {
  return !(error instanceof WebhookError) || error.reason === 'bodyConsumed' || error.reason === 'noKey'
}

/** Checks the path of a handler. */
export function checkPath(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !value.startsWith('/')) {
    throw configurationError('path', 'must be a path such as `/webhooks`, with a slash at its beginning')
  }
  return value
}
