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
  export: {
    summary: 'Write a whole list to a file',
    load: async () => require('./commands/export.js') as typeof import('./commands/export.js'),
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
  doctor: {
    summary: 'Find out what is wrong, and how to mend it',
    load: async () => require('./commands/doctor.js') as typeof import('./commands/doctor.js'),
  },
  limits: {
    summary: 'Show the rate limits of the credential',
    load: async () => require('./commands/limits.js') as typeof import('./commands/limits.js'),
  },
  sandbox: {
    summary: 'Run a local SmartRecruiters API for tests',
    load: async () => require('./commands/sandbox.js') as typeof import('./commands/sandbox.js'),
  },
  'grants list': {
    summary: 'List the grants of an app',
    load: async () => require('./commands/grants-list.js') as typeof import('./commands/grants-list.js'),
  },
  'grants show': {
    summary: 'Show one grant',
    load: async () => require('./commands/grants-show.js') as typeof import('./commands/grants-show.js'),
  },
  'grants keep-alive': {
    summary: 'Renew the grants that are not used',
    load: async () => require('./commands/grants-keep-alive.js') as typeof import('./commands/grants-keep-alive.js'),
  },
  'grants forget': {
    summary: 'Remove the tokens of a grant',
    load: async () => require('./commands/grants-forget.js') as typeof import('./commands/grants-forget.js'),
  },
  'grants import': {
    summary: 'Move a grant into a store',
    load: async () => require('./commands/grants-import.js') as typeof import('./commands/grants-import.js'),
  },
  'grants export': {
    summary: 'Move a grant out of a store',
    load: async () => require('./commands/grants-export.js') as typeof import('./commands/grants-export.js'),
  },
  'grants rekey': {
    summary: 'Replace the key of a store',
    load: async () => require('./commands/grants-rekey.js') as typeof import('./commands/grants-rekey.js'),
  },
  'customers list': {
    summary: "List the customers of a partner's app",
    load: async () => require('./commands/customers-list.js') as typeof import('./commands/customers-list.js'),
  },
  'customers connect': {
    summary: 'Request the credentials of a customer',
    load: async () => require('./commands/customers-connect.js') as typeof import('./commands/customers-connect.js'),
  },
  'customers disconnect': {
    summary: 'Remove the credentials of a customer',
    load: async () =>
      require('./commands/customers-disconnect.js') as typeof import('./commands/customers-disconnect.js'),
  },
  'webhooks listen': {
    summary: 'Pass events on to a receiver on this machine',
    load: async () => require('./commands/webhooks-listen.js') as typeof import('./commands/webhooks-listen.js'),
  },
  'webhooks replay': {
    summary: 'Send events again that a receiver has missed',
    load: async () => require('./commands/webhooks-replay.js') as typeof import('./commands/webhooks-replay.js'),
  },
  'webhooks dead': {
    summary: 'List events that failed too often, and repeat or drop them',
    load: async () => require('./commands/webhooks-dead.js') as typeof import('./commands/webhooks-dead.js'),
  },
  completion: {
    summary: 'Print the completion script of a shell',
    load: async () => require('./commands/completion.js') as typeof import('./commands/completion.js'),
  },
}
