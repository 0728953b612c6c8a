/**
 * The table of commands. A command has a file of its own, which is imported when it runs, so that `--help` and a
 * short command do not load the others.
 */

import type { Entry } from './command.js'

/** The commands by their words. The order is that of the help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  api: { summary: 'Send a request to the API, or read a whole list', load: () => import('./commands/api.js') },
  export: { summary: 'Write a whole list to a file', load: () => import('./commands/export.js') },
  doctor: { summary: 'Find out what is wrong, and how to mend it', load: () => import('./commands/doctor.js') },
  limits: { summary: 'Show the rate limits of the credential', load: () => import('./commands/limits.js') },
  sandbox: { summary: 'Run a local SmartRecruiters API for tests', load: () => import('./commands/sandbox.js') },
}
