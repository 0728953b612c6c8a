/**
 * The table of commands. A command has a file of its own, which is imported when it runs, so that `--help` and a
 * short command do not load the others. By `require`: the first `import()` of a process takes as long as all the rest of
 * `--help`.
 */

import type { Entry } from './command.js'

/** The commands by their words. The order is that of the help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  api: {
    summary: 'Send a request to the API, or read a whole list',
    load: async () => require('./commands/api.js') as typeof import('./commands/api.js'),
  },
  'auth login': {
    summary: 'Log in, and store the credential as a profile',
    load: async () => require('./commands/auth-login.js') as typeof import('./commands/auth-login.js'),
  },
  'auth status': {
    summary: 'Say which credential is in force, and why',
    load: async () => require('./commands/auth-status.js') as typeof import('./commands/auth-status.js'),
  },
  'auth token': {
    summary: 'Print an access token, for other programs',
    load: async () => require('./commands/auth-token.js') as typeof import('./commands/auth-token.js'),
  },
  'auth logout': {
    summary: 'Remove a profile and its secrets',
    load: async () => require('./commands/auth-logout.js') as typeof import('./commands/auth-logout.js'),
  },
  completion: {
    summary: 'Print the completion script of a shell',
    load: async () => require('./commands/completion.js') as typeof import('./commands/completion.js'),
  },
}
