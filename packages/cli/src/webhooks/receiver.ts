/** The server that a tunnel leads to: verifies what SmartRecruiters sends, and has it passed on. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebhookEvent, Webhooks } from 'smartrecruiters'
import { smartrecruiters } from '../package.js'

/** Far more than an event has. */
const MOST_BODY = 1024 * 1024

/** What came in. */
export interface Delivery {
  event: WebhookEvent
  headers: readonly (readonly [string, string])[]
  body: Uint8Array<ArrayBuffer>
}

/** What the server needs to know. */
export interface ReceiverOptions {
  webhooks: Webhooks
  port: number
  /** Passes a verified event on. Resolves with the status to answer with. */
  pass: (delivery: Delivery) => Promise<number>
  /** Is told of requests that were refused, and why. */
  refused: (reason: string) => void
}

/** A server that listens. */
export interface Receiver {
  readonly port: number
  close(): Promise<void>
}

/** Starts the server. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => response.destroy())
  })
  // A tunnel runs on this machine: nothing else has to reach the server.
  await once(server.listen(options.port, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ReceiverOptions): Promise<void> {
  const body = await bodyOf(request)
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end()
    return
  }
  const headers = pairsOf(request.rawHeaders)
  // The handshake of an activation, which the package answers while one is expected.
  if (request.headers['x-hook-secret'] !== undefined && request.headers['smartrecruiters-signature'] === undefined) {
    return shakeHands(request, response, body, options.webhooks)
  }
  try {
    const event = options.webhooks.verify(request.headers as Record<string, string>, body)
    response.writeHead(await options.pass({ event, headers, body })).end()
  } catch (error) {
    const { WebhookError } = smartrecruiters()
    if (!(error instanceof WebhookError)) throw error
    options.refused(error.message)
    response.writeHead(error.reason === 'noKey' ? 503 : 401).end(`refused: ${error.reason}\n`)
  }
}

async function shakeHands(
  { url, headers }: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array<ArrayBuffer>,
  webhooks: Webhooks,
): Promise<void> {
  const handshake = new Request(new URL(url ?? '/', 'http://localhost'), {
    method: 'POST',
    headers: { 'x-hook-secret': String(headers['x-hook-secret']) },
    body,
  })
  const answered = await webhooks.handler()(handshake)
  response.writeHead(answered?.status ?? 404, Object.fromEntries(answered?.headers ?? [])).end(await answered?.text())
}

/** Reads a body; `undefined` if it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MOST_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function pairsOf(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []))
}
