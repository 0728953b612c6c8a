import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * Keeps an answer from being sent while the route writes it. `settle` runs once the route has ended it; status and
 * headers are then on `response`, which is as it was before and can be sent, altered or destroyed.
 */
export function captureAnswer(response: ServerResponse, settle: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  const keep = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk === 'string') {
      chunks.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'))
    } else if (chunk instanceof Uint8Array) {
      chunks.push(Buffer.from(chunk))
    }
  }
  const called = (args: unknown[]) => {
    const callback = args.find(arg => typeof arg === 'function')
    if (callback) process.nextTick(callback as () => void)
  }
  const patches = {
    writeHead(status: number, ...rest: (string | OutgoingHttpHeaders | OutgoingHttpHeader[])[]) {
      response.statusCode = status
      const headers = rest.find(part => typeof part === 'object' && !Array.isArray(part)) ?? {}
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined) response.setHeader(name, value)
      }
      return response
    },
    write(chunk: unknown, ...rest: unknown[]) {
      keep(chunk, rest[0])
      called(rest)
      return true
    },
    end(chunk?: unknown, ...rest: unknown[]) {
      keep(chunk, rest[0])
      for (const name of Object.keys(patches)) Reflect.deleteProperty(response, name)
      settle(Buffer.concat(chunks))
      called([chunk, ...rest])
      return response
    },
  }
  Object.assign(response, patches)
}
