import type { IncomingMessage } from 'node:http'

/** The maximum length of a body that is kept. */
export const KEPT_BYTES = 64 * 1024

/** A copy of a request's body, made while it arrives, independent of its readers. */
export class BodyCopy {
  #chunks: Buffer[] = []
  #size = 0
  #problem: string | undefined
  #done = false
  #waiters: (() => void)[] = []

  /** Must be called before any part of the body has arrived. */
  constructor(request: IncomingMessage) {
    const expected = request.headers['content-length']
    // `push` is wrapped because reading the request would take its body away from the route.
    request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      if (chunk !== null) this.#keep(chunk)
      else this.#end(expected === undefined || Number(expected) === this.#size ? undefined : 'was not read to its end')
      return Object.getPrototypeOf(request).push.call(request, chunk, encoding)
    }
    request.once('close', () => this.#end('did not arrive completely'))
  }

  /**
   * Resolves with the body when it has arrived. Rejects if it does not arrive completely, or is too long to be kept.
   */
  async read(): Promise<Buffer> {
    if (!this.#done) await new Promise<void>(resolve => this.#waiters.push(resolve))
    if (this.#problem !== undefined) throw new Error(`the body of the request ${this.#problem}`)
    return Buffer.concat(this.#chunks)
  }

  #keep(chunk: Buffer): void {
    this.#size += chunk.length
    // Copied: a part of the socket's buffer would keep the whole buffer in memory.
    if (this.#size <= KEPT_BYTES) this.#chunks.push(Buffer.from(chunk))
    else this.#chunks = []
  }

  #end(problem: string | undefined): void {
    if (this.#done) return
    this.#done = true
    this.#problem =
      problem ??
      (this.#size > KEPT_BYTES ? `has ${this.#size} bytes, but only up to ${KEPT_BYTES} are kept` : undefined)
    for (const resolve of this.#waiters) resolve()
    this.#waiters = []
  }
}
