/** The log that the variable `SMARTRECRUITERS_LOG` turns on: to the standard error, without a change to the program. */

import { variable } from '../environment.js'
import { LEVELS, type Line, LineSink, type LogLevel } from './logger.js'
import { addSink } from './process-watch.js'

const LEVEL = 'SMARTRECRUITERS_LOG'
const FORMAT = 'SMARTRECRUITERS_LOG_FORMAT'
// biome-ignore lint/suspicious/noControlCharactersInRegex: they could forge a line
const CONTROL = /[\x00-\x1f\x7f-\x9f]+/g

let isRead = false

/** Reads the variables, once in each thread. */
export function logAsEnvironmentSays(): void {
  if (isRead) return
  isRead = true
  const level = variable(LEVEL)?.toLowerCase()
  const format = variable(FORMAT)?.toLowerCase() ?? 'text'
  if (level === undefined) return
  const problem = problemOf(level, format)
  if (problem !== undefined) {
    // A typing error in a variable for diagnosis must not stop a program.
    process.emitWarning(`${problem}; nothing is logged`, { code: 'SMARTRECRUITERS_LOG' })
    return
  }
  const written = format === 'json' ? json : text
  addSink(new LineSink(level as LogLevel, line => process.stderr.write(`${written(line)}\n`)))
}

function problemOf(level: string, format: string): string | undefined {
  if (!(LEVELS as readonly string[]).includes(level)) return `${LEVEL} must be one of ${LEVELS.join(', ')}`
  return ['text', 'json'].includes(format) ? undefined : `${FORMAT} must be text or json`
}

function text({ level, message }: Line): string {
  return `${new Date().toISOString()} ${level.toUpperCase().padEnd(5)} smartrecruiters: ${message.replace(CONTROL, ' ')}`
}

function json({ level, message, fields }: Line): string {
  return JSON.stringify({ time: new Date().toISOString(), level, name: 'smartrecruiters', msg: message, ...fields })
}
