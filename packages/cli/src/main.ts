#!/usr/bin/env node
/**
 * The command `smartrecruiters`. This file finds the command, runs it, and ends the process.
 *
 * Whatever is imported here or by `help.js` is loaded for `--help` and `--version` too. So neither may import the
 * packages, and the files of commands import `smartrecruiters` inside `run` (types are free).
 */

import { find, membersOf, parse } from './arguments.js'
import { Context } from './context.js'
import { describe, EXIT, textOf, UsageError, warningText } from './failure.js'
import { commandHelp, generalHelp, groupHelp } from './help.js'

/** How long a command may take to clean up when the process is to end, in milliseconds. */
const CLEAN_UP = 10_000

const controller = new AbortController()
/** The exit code, once something other than the command decided to end the process. */
let ending: number | undefined

/** Asks the command to end. A second time, or if it takes too long, the process ends anyway. */
function end(code: number): void {
  if (ending !== undefined) process.exit(ending)
  ending = code
  controller.abort()
  setTimeout(() => process.exit(code), CLEAN_UP).unref()
}

async function main(words: string[]): Promise<void> {
  if (words[0] === '__complete') return print(await (await import('./completion.js')).complete(words.slice(1)))
  const found = find(words)
  if (found !== undefined) {
    const command = await found.entry.load()
    const parsed = parse(found.name, command, found.rest)
    if ('help' in parsed.values) return print(commandHelp(found.entry, command))
    const context = new Context(parsed, process, controller.signal)
    await command.run(context)
    process.exitCode = context.exit
    return
  }
  const [first, ...others] = words
  const help = words.includes('--help') || words.includes('-h')
  if (first === '--version' && others.length === 0) return print(`${version()}\n`)
  if (first === undefined) throw new UsageError('a command is missing', 'See `smartrecruiters --help`.')
  if (first.startsWith('-') && help) return print(generalHelp())
  const members = membersOf(first)
  if (members.length > 0 && help) return print(groupHelp(first, members))
  if (members.length > 0) {
    throw new UsageError(`${first}: a command is missing`, `See \`smartrecruiters ${first} --help\`.`)
  }
  if (first.startsWith('-')) throw new UsageError('options follow the command', 'See `smartrecruiters --help`.')
  throw new UsageError(`there is no command ${JSON.stringify(first)}`, 'See `smartrecruiters --help`.')
}

function version(): string {
  return (require('../package.json') as { version: string }).version
}

function print(text: string): void {
  process.stdout.write(text)
}

process.on('SIGINT', () => end(EXIT.interrupted))
// 128 + the number of the signal, as shells have it.
process.on('SIGTERM', () => end(143))
// The reader has enough, as `head` does: the rest is not wanted, and nothing failed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  // Each write that was under way fails.
  if (ending === undefined) end(EXIT.ok)
})
// A message that cannot be written must not end the work.
process.stderr.on('error', () => {})
// Node prints warnings for programmers, with the number of the process and an option that traces them.
process.removeAllListeners('warning')
process.on('warning', (warning: Error & { code?: string }) => {
  if (warning.name === 'ExperimentalWarning') return
  process.stderr.write(warningText(warning, json))
})

const words = process.argv.slice(2)
const json = (words.includes('--') ? words.slice(0, words.indexOf('--')) : words).includes('--json')
main(words)
  .catch((error: unknown) => {
    // A command that was asked to end fails with whatever its last step made of that.
    if (ending !== undefined) return
    const { exit, report } = describe(error)
    process.stderr.write(textOf(report, json))
    process.exitCode = exit
  })
  .finally(() => {
    // Signal handlers must not keep a process that is done, and a client's connections may.
    if (ending !== undefined) process.exit(ending)
  })
