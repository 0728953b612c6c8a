/** What may stand at the cursor of a command line: the shells ask by `smartrecruiters __complete WORDS`. */

import { find, membersOf } from './arguments.js'
import { COMMANDS } from './commands.js'
import { COMMON, type Option, type Options } from './options.js'

/** A word that may stand at the cursor, and what it means. */
type Candidate = readonly [value: string, description?: string]

/**
 * Returns a line for each word that may take the place of the last of `words`: the word, and after a tab what it means.
 * If there is none, shells offer files.
 */
export async function complete(words: readonly string[]): Promise<string> {
  const partial = words.at(-1) ?? ''
  return (await candidates(words))
    .filter(([value]) => value.startsWith(partial))
    .map(([value, description]) => `${description ? `${value}\t${description}` : value}\n`)
    .join('')
}

async function candidates(words: readonly string[]): Promise<readonly Candidate[]> {
  const found = find(words.slice(0, -1))
  if (found === undefined) return nextWords(words)
  const command = await found.entry.load()
  const options: Options = { ...command.options, ...COMMON }
  const rest = [...found.rest, words.at(-1) ?? '']
  const expecting = optionOf(rest.at(-2) ?? '', options)
  if (expecting?.type === 'string') return (expecting.choices ?? []).map((choice): Candidate => [choice])
  if (rest.at(-1)?.startsWith('-')) {
    return Object.entries(options).map(([name, { help }]): Candidate => [`--${name}`, help])
  }
  return (await command.complete?.(positionals(rest, options))) ?? []
}

/** The commands, and the words of a group of commands. */
function nextWords(words: readonly string[]): readonly Candidate[] {
  const [group] = words
  if (words.length === 2 && group !== undefined) {
    return membersOf(group).map(([name, { summary }]): Candidate => [name.slice(group.length + 1), summary])
  }
  if (words.length > 1) return []
  if (group?.startsWith('-')) return [['--help'], ['--version']]
  const firsts = new Map(
    Object.entries(COMMANDS).map(([name, { summary }]): [string, string] => {
      const [first = name, ...more] = name.split(' ')
      return [first, more.length > 0 ? '' : summary]
    }),
  )
  return [...firsts]
}

/** The words that are neither options nor their values. */
function positionals(words: readonly string[], options: Options): string[] {
  return words.filter((word, at) => {
    if (word.startsWith('-')) return false
    return optionOf(words[at - 1] ?? '', options)?.type !== 'string'
  })
}

/** The option that takes the next word for its value. */
function optionOf(word: string, options: Options): Option | undefined {
  const name = /^--([\w-]+)$/.exec(word)?.[1]
  if (name !== undefined) return Object.hasOwn(options, name) ? options[name] : undefined
  const short = /^-(\w)$/.exec(word)?.[1]
  return short === undefined ? undefined : Object.values(options).find(option => option.short === short)
}
