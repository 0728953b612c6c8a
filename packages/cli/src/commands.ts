/**
 * The table of commands. A command has a file of its own, which is imported when it runs, so that `--help` and a
 * short command do not load the others.
 */

import type { Entry } from './command.js'

/** The commands by their words. The order is that of the help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  api: { summary: 'Send a request to the API, or read a whole list', load: () => import('./commands/api.js') },
  completion: { summary: 'Print the completion script of a shell', load: () => import('./commands/completion.js') },
}
