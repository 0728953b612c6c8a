/** What is loaded instead of this package in edge runtimes and browsers: the export conditions lead here. */

import { helpOn } from './help.js'

throw Object.assign(
  new Error(
    'smartrecruiters needs Node.js, Bun or Deno: it has a native addon, which edge runtimes and browsers cannot load. ' +
      'Call it on a server: in Next.js, set `export const runtime = "nodejs"`; under Jest with jsdom, set ' +
      '`testEnvironmentOptions: { customExportConditions: ["node"] }`.',
  ),
  { name: 'AddonError', code: 'ADDON_NOT_LOADED', reason: 'unsupportedRuntime', help: helpOn('ADDON_NOT_LOADED') },
)
