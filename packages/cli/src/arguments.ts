/** The command line: which command it names, and the values of its options. */

import { parseArgs } from 'node:util'
import type { Command, Entry } from './command.js'
import { COMMANDS } from './commands.js'
import { UsageError } from './failure.js'
import { COMMON, type Options, type Values } from './options.js'

/** The command that the first words of `words` name, and the words after it. */
export function find(words: readonly string[]): { name: string; entry: Entry; rest: string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ')
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (entry !== undefined && words.length >= length) return { name, entry, rest: words.slice(length) }
  }
  return undefined
}

/** The commands whose first word is `group`, such as those of `auth`. */
export function membersOf(group: string): [string, Entry][] {
  return Object.entries(COMMANDS).filter(([name]) => name.startsWith(`${group} `))
}

/** Parses what follows the name of a command. Throws a UsageError that names what is wrong. */
export function parse(
  name: string,
  command: Command,
  words: string[],
): { values: Values<Options>; positionals: string[] } {
  try {
    return parseArgs({ args: words, options: { ...command.options, ...COMMON }, allowPositionals: true, strict: true })
  } catch (error) {
    throw usageError(error, `See \`smartrecruiters ${name} --help\`.`)
  }
}

/** Node's messages name the option. They also suggest `--`, which leads nowhere for a misspelt option. */
function usageError(error: unknown, remedy: string): unknown {
  if (!(error instanceof TypeError)) return error
  return new UsageError(error.message.replace(/\. To specify a positional argument.*$/s, ''), remedy)
}
