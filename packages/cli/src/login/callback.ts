/**
 * The local server that the browser returns to. It answers the one callback that belongs to this login, however often
 * the browser sends it, and nothing else ends or changes the login.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** What became of a callback: what the page says, and whether the login is over. */
export interface Outcome {
  readonly ok: boolean
  readonly title: string
  readonly text: string
}

/** A login that waits for its callback. */
export interface CallbackServer {
  /** Closes the server when the answers that are being sent have been sent. */
  close(): Promise<void>
}

/** Whether a redirect URI leads to this machine, so that this process can be called back there. */
export function isLoopback(redirectUri: string): boolean {
  const { protocol, hostname } = new URL(redirectUri)
  return protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

/**
 * Listens at the redirect URI. `handle` gets the URL of each callback that names `state`, and resolves with what became
 * of it; a callback that is sent again gets the same answer.
 */
export async function listen(
  redirectUri: string,
  state: string,
  handle: (callback: string) => Promise<Outcome>,
): Promise<CallbackServer> {
  const expected = new URL(redirectUri)
  const outcomes = new Map<string, Promise<Outcome>>()

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Another site can lead a browser here under a name of its own, which then resolves to this machine.
    if (request.headers.host !== expected.host)
      return send(response, 421, refusal('This is not the address of the login.'))
    const callback = new URL(request.url ?? '/', expected)
    if (callback.pathname !== expected.pathname) return send(response, 404, refusal('There is nothing here.'))
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET')
      return send(response, 405, refusal('The callback is read with GET.'))
    }
    // A page that is only prepared must not use up the code: the browser comes back when it is opened.
    if (/prefetch/i.test(`${request.headers['sec-purpose']} ${request.headers.purpose}`)) {
      return send(response, 503, refusal('Open this page to go on.'))
    }
    if (callback.searchParams.get('state') !== state) {
      return send(response, 400, refusal('This callback belongs to another login. Go on with the page of this one.'))
    }
    // Only the first callback counts: its code is spent, and another one is not from this login.
    const [first] = outcomes.keys()
    if (first !== undefined && first !== callback.href) {
      return send(response, 409, refusal('This login has received its callback already.'))
    }
    const outcome = outcomes.get(callback.href) ?? handle(callback.href)
    outcomes.set(callback.href, outcome)
    const { ok, title, text } = await outcome
    send(response, ok ? 200 : 400, { title, text })
  }

  const inProgress = new Set<Promise<unknown>>()
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const closed = new Promise(resolve => response.once('close', resolve))
    inProgress.add(closed)
    void closed.then(() => inProgress.delete(closed))
    answer(request, response).catch(() => response.destroy())
  }
  const servers = await Promise.all(addresses(expected.hostname).map(host => start(host, portOf(expected), onRequest)))
  return {
    close: async () => {
      const listening = servers.filter(server => server !== undefined)
      for (const server of listening) server.close()
      await Promise.all(inProgress)
      // Browsers also open connections that they may need later, and send nothing on them.
      for (const server of listening) server.closeAllConnections()
    },
  }
}

/** `localhost` may be either: if another program listened on the other one, it could receive the code. */
function addresses(hostname: string): string[] {
  if (hostname === 'localhost') return ['127.0.0.1', '::1']
  return [hostname === '[::1]' ? '::1' : hostname]
}

function portOf({ port }: URL): number {
  return port === '' ? 80 : Number(port)
}

async function start(
  host: string,
  port: number,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server | undefined> {
  const server = createServer(onRequest)
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Many machines have no IPv6.
    if (host === '::1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return undefined
    throw error
  }
}

function refusal(text: string): { title: string; text: string } {
  return { title: 'This does not log you in', text }
}

function send(response: ServerResponse, status: number, { title, text }: { title: string; text: string }): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    // The process ends soon, and does not wait for connections that are kept.
    connection: 'close',
  })
  response.end(page(title, text))
}

function page(title: string, text: string): string {
  const style =
    'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}'
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1><p>${escaped(text)}</p></main></body>
</html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
