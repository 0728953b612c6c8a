/** The help texts: of everything, of a group of commands, and of a command. */

import type { Command, Entry } from './command.js'
import { COMMANDS } from './commands.js'
import { COMMON, type Option, type Options } from './options.js'

/** The width of help texts, in columns. */
const WIDTH = 100

/** Returns the help of everything. */
export function generalHelp(): string {
  return `Work with the SmartRecruiters API from a terminal.

Usage: smartrecruiters COMMAND [OPTIONS]

Commands:
${columns(summaries(Object.entries(COMMANDS)))}

Options:
${columns([
  ['-h, --help', 'Print this help, or with a command its own'],
  ['--version', 'Print the version'],
])}

Exit codes: 0 success, 1 failure, 2 wrong usage, 3 worth repeating, 4 needs authentication,
5 permission denied, 130 interrupted.
`
}

/** Returns the help of a group, such as `auth`. */
export function groupHelp(group: string, members: [string, Entry][]): string {
  return `Usage: smartrecruiters ${group} COMMAND [OPTIONS]

Commands:
${columns(summaries(members))}
`
}

/** Returns the help of a command. */
export function commandHelp({ summary }: Entry, { usage, help, options }: Command): string {
  const parts = [`${summary}.`, `Usage: smartrecruiters ${usage}`]
  if (help !== '') parts.push(reflowed(help.trim()))
  if (Object.keys(options).length > 0) parts.push(`Options:\n${columns(rows(options))}`)
  parts.push(`Options of every command:\n${columns(rows(COMMON))}`)
  return `${parts.join('\n\n')}\n`
}

/** Wraps the paragraphs of a text. Lines that begin with a space, such as examples, stay as they are. */
function reflowed(text: string): string {
  const lines: string[] = []
  let paragraph: string[] = []
  for (const line of [...text.split('\n'), '']) {
    if (line !== '' && !line.startsWith(' ')) {
      paragraph.push(line)
      continue
    }
    if (paragraph.length > 0) lines.push(wrap(paragraph.join(' '), WIDTH, 0))
    paragraph = []
    lines.push(line)
  }
  return lines.join('\n').trimEnd()
}

function summaries(entries: [string, Entry][]): [string, string][] {
  return entries.map(([name, { summary }]) => [name, summary])
}

function rows(options: Options): [string, string][] {
  return Object.entries(options).map(([name, option]) => [flag(name, option), sentence(option.help)])
}

function flag(name: string, { short, value }: Option): string {
  const flags = short === undefined ? `    --${name}` : `-${short}, --${name}`
  return value === undefined ? flags : `${flags} ${value}`
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Two columns, of which the second is wrapped. */
function columns(rows: readonly [string, string][]): string {
  const width = Math.max(...rows.map(([first]) => first.length)) + 2
  return rows
    .map(([first, second]) => `  ${first.padEnd(width)}${wrap(second, WIDTH - 2 - width, width + 2)}`)
    .join('\n')
}

function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}
