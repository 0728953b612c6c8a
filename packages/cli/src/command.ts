/** What a file under `commands/` exports. */

import type { Context } from './context.js'
import type { Options } from './options.js'

/** Words for completion, each with its description, if it has one. */
export type Candidates = readonly (readonly [value: string, description?: string])[]

/** A command. Its file is imported when the command runs, so it may import what it needs, but not the addon: see main.ts. */
export interface Command {
  /** The command line without `smartrecruiters`, such as `api [METHOD] PATH`. */
  readonly usage: string
  /** What the help says below the usage: paragraphs, which are wrapped, and examples, which begin with a space. */
  readonly help: string
  /** The options, without the common ones. */
  readonly options: Options
  /** What may stand at the place of the last of `words`. */
  complete?(words: readonly string[]): Candidates | Promise<Candidates>
  /** Runs the command. It resolves when everything is done, and rejects with an error that is reported. */
  run(context: Context): Promise<void>
}

/** A command in the table: what is known of it without loading its file. */
export interface Entry {
  /** What it does: the beginning of a sentence, without a full stop. */
  readonly summary: string
  load(): Promise<Command>
}
