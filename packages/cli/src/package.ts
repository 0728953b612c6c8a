/** Loads the package when a command needs it: `--help` must not load the addon. */

/**
 * Returns the package. By `require`: where the addon cannot be loaded, Node 20 rejects the promise of an `import()`, and
 * then ends the process with an unhandled rejection all the same.
 */
export function smartrecruiters(): typeof import('smartrecruiters') {
  return require('smartrecruiters') as typeof import('smartrecruiters')
}
