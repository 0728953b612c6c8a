import type { IncomingMessage } from 'node:http'

/** Of longer bodies nothing is kept. */
export const KEPT_BYTES = 64 * 1024

/** A copy of a request's body, made while it comes in, whoever reads it. */
export class BodyCopy {
  #chunks: Buffer[] = []
  #size = 0
  #problem: string | undefined
  #done = false
  #waiters: (() => void)[] = []

  /** Must be called before anything of the body has come. */
  constructor(request: IncomingMessage) {
    const expected = request.headers['content-length']
    // To read the request would take its body from the route.
    request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      if (chunk !== null) this.#keep(chunk)
      else this.#end(expected === undefined || Number(expected) === this.#size ? undefined : 'was not read to its end')
      return Object.getPrototypeOf(request).push.call(request, chunk, encoding)
    }
    request.once('close', () => this.#end('did not arrive whole'))
  }

  /** The body, once it has come. Rejects if it does not come whole, or is longer than what is kept. */
  async read(): Promise<Buffer> {
    if (!this.#done) await new Promise<void>(resolve => this.#waiters.push(resolve))
    if (this.#problem !== undefined) throw new Error(`the body of the request ${this.#problem}`)
    return Buffer.concat(this.#chunks)
  }

  #keep(chunk: Buffer): void {
    this.#size += chunk.length
    // A part of the buffer that the socket reads into would keep all of it.
    if (this.#size <= KEPT_BYTES) this.#chunks.push(Buffer.from(chunk))
    else this.#chunks = []
  }

  #end(problem: string | undefined): void {
    if (this.#done) return
    this.#done = true
    this.#problem =
      problem ?? (this.#size > KEPT_BYTES ? `has ${this.#size} bytes; up to ${KEPT_BYTES} are kept` : undefined)
    for (const resolve of this.#waiters) resolve()
    this.#waiters = []
  }
}
