/** The options of commands: what `util.parseArgs` needs of them, and what help and completion say about them. */

import type { parseArgs } from 'node:util'

/** An option of a command. The first three properties are those of `util.parseArgs`. */
export interface Option {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  /** What the value is called in the help, such as `FILE`. Options of type `string` need it. */
  value?: string
  /** The values that the option accepts, for completion. */
  choices?: readonly string[]
  /** What the option does: the beginning of a sentence, without a full stop. */
  help: string
}

/** The options of a command by their long names. */
export type Options = Readonly<Record<string, Option>>

/** The values of `Known` as `util.parseArgs` returns them. */
export type Values<Known extends Options> = ReturnType<
  typeof parseArgs<{ options: Known; allowPositionals: true; strict: true }>
>['values']

/** The options that every command has. */
export const COMMON = {
  profile: { type: 'string', value: 'NAME', help: 'use the credential of this profile (see `auth login`)' },
  environment: {
    type: 'string',
    value: 'NAME',
    choices: ['production', 'sandbox'],
    help: 'the environment of SmartRecruiters: production or sandbox',
  },
  'base-url': { type: 'string', value: 'URL', help: 'the root of another API, such as a local sandbox' },
  json: { type: 'boolean', help: 'print results and errors as JSON, also on a terminal' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
} as const satisfies Options
