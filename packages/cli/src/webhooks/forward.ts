/** Passes webhooks on to a receiver on this machine, exactly as SmartRecruiters has sent them. */

import { UsageError } from '../failure.js'
import { printable } from '../output/table.js'

/** SmartRecruiters waits for 5 seconds. What is passed on must be answered a little sooner. */
const TIMEOUT = 4500
/** The headers that belong to one connection (RFC 9110 section 7.6.1), and those that the next one sets itself. */
const OF_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What a receiver has made of a webhook. */
export interface Forwarded {
  /** The status of its answer; absent if there was none. */
  status?: number
  milliseconds: number
  /** Why there was no answer. */
  error?: string
}

/** Reads the value of an option that is a URL. */
export function urlOf(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new UsageError(`${option} must be a URL that begins with https:// or http://`)
}

/** Sends a webhook to a receiver. The bytes of the body stay the same, so that its signature stays valid. */
export async function forward(
  to: URL,
  headers: Iterable<readonly [string, string]>,
  body: Uint8Array<ArrayBuffer>,
): Promise<Forwarded> {
  const start = performance.now()
  const elapsed = () => Math.round(performance.now() - start)
  try {
    const kept = [...headers].filter(([name]) => !OF_CONNECTION.has(name.toLowerCase()))
    const response = await fetch(to, {
      method: 'POST',
      headers: kept.map(([name, value]): [string, string] => [name, value]),
      body,
      // A redirect would lose the body or the method, and SmartRecruiters takes it for a failure.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT),
    })
    await response.body?.cancel()
    return { status: response.status, milliseconds: elapsed() }
  } catch (error) {
    return { milliseconds: elapsed(), error: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer within 4.5 seconds'
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  return cause?.code ?? (error as Error).message
}

/** Says in a line what became of an event. */
export function lineOf(id: string, name: string, { status, milliseconds, error }: Forwarded): string {
  const time = new Date().toTimeString().slice(0, 8)
  return `${printable(`${time}  ${name}  ${id}  ${status ?? error}  ${milliseconds} ms`)}\n`
}
