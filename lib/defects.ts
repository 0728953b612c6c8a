/** Failures of the addon that no promise can be rejected with. */

import { describe } from './custom-store.js'

/** Lets work of the addon go on that nobody waits for. */
export function unawaited(what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => warnOfDefect(what, error))
}

/** Warns of a failure in the addon's own work. It is a defect, and must not end a process that has work of its own. */
export function warnOfDefect(what: string, error: unknown): void {
  process.emitWarning(`${what} failed: ${describe(error)}; please report this`, 'Warning', 'SMARTRECRUITERS_INTERNAL')
}
