/**
 * The table of commands. A command has a file of its own, which is imported when it runs, so that `--help` and a
 * short command do not load the others.
 */

import type { Entry } from './command.js'

/** The commands by their words. The order is that of the help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  api: { summary: 'Send a request to the API, or read a whole list', load: () => import('./commands/api.js') },
  export: { summary: 'Write a whole list to a file', load: () => import('./commands/export.js') },
  'auth login': {
    summary: 'Log in, and store the credential as a profile',
    load: () => import('./commands/auth-login.js'),
  },
  'auth status': {
    summary: 'Say which credential is in force, and why',
    load: () => import('./commands/auth-status.js'),
  },
  'auth token': {
    summary: 'Print an access token, for other programs',
    load: () => import('./commands/auth-token.js'),
  },
  'auth logout': { summary: 'Remove a profile and its secrets', load: () => import('./commands/auth-logout.js') },
  doctor: { summary: 'Find out what is wrong, and how to mend it', load: () => import('./commands/doctor.js') },
  limits: { summary: 'Show the rate limits of the credential', load: () => import('./commands/limits.js') },
  sandbox: { summary: 'Run a local SmartRecruiters API for tests', load: () => import('./commands/sandbox.js') },
  'grants list': { summary: 'List the grants of an app', load: () => import('./commands/grants-list.js') },
  'grants show': { summary: 'Show one grant', load: () => import('./commands/grants-show.js') },
  'grants keep-alive': {
    summary: 'Renew the grants that are not used',
    load: () => import('./commands/grants-keep-alive.js'),
  },
  'grants forget': { summary: 'Remove the tokens of a grant', load: () => import('./commands/grants-forget.js') },
  'grants import': { summary: 'Move a grant into a store', load: () => import('./commands/grants-import.js') },
  'grants export': { summary: 'Move a grant out of a store', load: () => import('./commands/grants-export.js') },
  'grants rekey': { summary: 'Replace the key of a store', load: () => import('./commands/grants-rekey.js') },
  'customers list': {
    summary: "List the customers of a partner's app",
    load: () => import('./commands/customers-list.js'),
  },
  'customers connect': {
    summary: 'Request the credentials of a customer',
    load: () => import('./commands/customers-connect.js'),
  },
  'customers disconnect': {
    summary: 'Remove the credentials of a customer',
    load: () => import('./commands/customers-disconnect.js'),
  },
  'webhooks listen': {
    summary: 'Pass events on to a receiver on this machine',
    load: () => import('./commands/webhooks-listen.js'),
  },
  'webhooks replay': {
    summary: 'Send events again that a receiver has missed',
    load: () => import('./commands/webhooks-replay.js'),
  },
  'webhooks dead': {
    summary: 'List events that failed too often, and repeat or drop them',
    load: () => import('./commands/webhooks-dead.js'),
  },
  completion: { summary: 'Print the completion script of a shell', load: () => import('./commands/completion.js') },
}
