/** Answers that the user types, or that stdin holds, line by line: secrets never come from arguments. */

import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'

/** Asks questions on a terminal, or reads the lines of stdin in order. Nothing is read before the first question. */
export class Questions {
  readonly #context: Context
  #lines: Interface | undefined
  #waiting: ((line: string | undefined) => void) | undefined
  readonly #early: string[] = []
  #ended = false
  #silent = false

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Resolves with the answer, without spaces around it. What is typed in answer to a `secret` question is not shown.
   * Rejects with a UsageError that names `what` if stdin ends first.
   */
  async ask(question: string, what: string, { secret = false } = {}): Promise<string> {
    const { terminal, interactive } = this.#context
    this.#silent = secret
    // First of all, since a terminal shows what is typed until lines are read by `readline`.
    this.#lines ??= this.#open()
    if (interactive) terminal.stderr.write(question)
    const line = await this.#next()
    // The end of the line was not shown either.
    if (interactive && secret) terminal.stderr.write('\n')
    const answer = line?.trim() ?? ''
    if (answer === '') {
      const source = interactive ? 'the answer is empty' : 'give it on stdin, as a line of its own'
      throw new UsageError(`${what} is missing: ${source}`)
    }
    return answer
  }

  /** Stops reading, so that stdin does not keep the process alive. */
  close(): void {
    this.#lines?.close()
    this.#context.terminal.stdin.destroy()
  }

  #next(): Promise<string | undefined> {
    const early = this.#early.shift()
    if (early !== undefined || this.#ended) return Promise.resolve(early)
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  #open(): Interface {
    const { stdin, stderr } = this.#context.terminal
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        if (!this.#silent) stderr.write(chunk)
        done()
      },
    })
    const lines = createInterface({ input: stdin, output, terminal: stdin.isTTY === true, historySize: 0 })
    lines.on('line', line => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting === undefined) this.#early.push(line)
      else waiting(line)
    })
    lines.on('close', () => {
      this.#ended = true
      this.#waiting?.(undefined)
    })
    // While it edits a line, the terminal does not turn Ctrl+C into a signal.
    lines.on('SIGINT', () => process.emit('SIGINT'))
    this.#context.signal.addEventListener('abort', () => lines.close(), { once: true })
    return lines
  }
}
