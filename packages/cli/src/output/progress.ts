/** How far a long command has come: one line on stderr that is written anew on a terminal, and plain lines elsewhere. */

import type { Context } from '../context.js'

/** How often a plain line is written, in milliseconds. */
const EVERY = 10_000
/** How often the line on a terminal is written anew. */
const REDRAW = 100

const ERASE_LINE = '\r\u001b[2K'

/** Reports progress. With `--json` there is none: stderr then has nothing but an error. */
export class Progress {
  readonly #context: Context
  readonly #quiet: boolean
  readonly #isLive: boolean
  #last: number
  #isDrawn = false

  constructor(context: Context) {
    this.#context = context
    this.#quiet = context.values.json === true
    this.#isLive = context.terminal.stderr.isTTY === true
    // On a terminal the first line is written at once.
    this.#last = this.#isLive ? Number.NEGATIVE_INFINITY : performance.now()
  }

  /** Reports how far it has come. `text` is called only if it is shown. */
  update(text: () => string): void {
    if (this.#quiet || performance.now() - this.#last < (this.#isLive ? REDRAW : EVERY)) return
    this.#last = performance.now()
    if (this.#isLive) this.#draw(text())
    else this.#context.note(text())
  }

  /** Prints a line that stays. */
  note(text: string): void {
    if (this.#quiet) return
    this.clear()
    this.#context.note(text)
  }

  /** Removes the line from a terminal, so that other output begins on an empty one. */
  clear(): void {
    if (this.#isDrawn) this.#context.terminal.stderr.write(ERASE_LINE)
    this.#isDrawn = false
  }

  #draw(text: string): void {
    const { stderr } = this.#context.terminal
    const width = 'columns' in stderr ? stderr.columns : undefined
    // A longer one would wrap, and only its last part would be erased.
    stderr.write(ERASE_LINE + (width === undefined ? text : text.slice(0, width - 1)))
    this.#isDrawn = true
  }
}
