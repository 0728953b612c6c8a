/** What a command gets: its arguments, the streams, and the signal that ends it. */

import { once } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'
import type { ClientOptions } from 'smartrecruiters'
import { UsageError } from './failure.js'
import type { COMMON, Options, Values } from './options.js'

/** The parts of `process` that commands use. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream | ReadStream
  readonly stdout: NodeJS.WriteStream | WriteStream
  readonly stderr: NodeJS.WriteStream | WriteStream
  readonly env: Readonly<NodeJS.ProcessEnv>
}

/** The environment of one run of a command. */
export class Context<Known extends Options = Options> {
  readonly values: Values<Known & typeof COMMON>
  readonly positionals: readonly string[]
  /** Is aborted when the process is to end: by a signal, or because nothing reads stdout any more. */
  readonly signal: AbortSignal
  readonly terminal: Terminal
  /** The exit code of a command that does not fail, but whose result is a "no". */
  exit = 0

  constructor(
    parsed: { values: Values<Options>; positionals: readonly string[] },
    terminal: Terminal,
    signal: AbortSignal,
  ) {
    this.values = parsed.values as Values<Known & typeof COMMON>
    this.positionals = parsed.positionals
    this.terminal = terminal
    this.signal = signal
  }

  /** The same context with the types of a command's options. */
  with<Own extends Options>(_options: Own): Context<Own> {
    return this as unknown as Context<Own>
  }

  /** Whether questions can be asked: both ends of the conversation are a terminal. */
  get interactive(): boolean {
    return this.terminal.stdin.isTTY === true && this.terminal.stderr.isTTY === true
  }

  /** Whether results are for a person: stdout is a terminal, and `--json` was not given. */
  get forPeople(): boolean {
    return this.terminal.stdout.isTTY === true && this.#common.json !== true
  }

  /** Returns a variable of the environment, or `undefined` if it is unset or empty. */
  variable(name: string): string | undefined {
    const value = Object.hasOwn(this.terminal.env, name) ? this.terminal.env[name] : undefined
    return value === '' ? undefined : value
  }

  /** Writes a part of the result to stdout, and resolves when more can be written. Nothing else may write there. */
  async write(chunk: string | Uint8Array): Promise<void> {
    this.signal.throwIfAborted()
    if (!this.terminal.stdout.write(chunk)) await once(this.terminal.stdout, 'drain', { signal: this.signal })
  }

  /** Prints a line for people on stderr. */
  note(text: string): void {
    this.terminal.stderr.write(`${text}\n`)
  }

  /** Prints a result: as text for people, otherwise as JSON. */
  async show(value: unknown, text: () => string): Promise<void> {
    await this.write(this.forPeople ? text() : `${JSON.stringify(value)}\n`)
  }

  /** The options that choose the API, or none if the command line has none of them. */
  get api(): Pick<ClientOptions, 'baseUrl' | 'environment'> {
    const { environment, 'base-url': baseUrl } = this.#common
    if (environment !== undefined && environment !== 'production' && environment !== 'sandbox') {
      throw new UsageError('--environment must be production or sandbox')
    }
    if (environment !== undefined && baseUrl !== undefined) {
      throw new UsageError('--environment and --base-url exclude each other')
    }
    return { ...(environment !== undefined && { environment }), ...(baseUrl !== undefined && { baseUrl }) }
  }

  get #common(): Values<typeof COMMON> {
    return this.values as Values<typeof COMMON>
  }
}
