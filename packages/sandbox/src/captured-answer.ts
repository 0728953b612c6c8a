import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * Collects the answer that a route writes instead of sending it. `settle` runs when the route has ended the answer. Its
 * status and headers are then set on `response`, which works normally again and can be sent, changed or destroyed.
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
