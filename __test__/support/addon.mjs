/** The native addon itself: the very object that the face has, where a test has to get below the face. */

import { createRequire } from 'node:module'
import 'smartrecruiters'

const require = createRequire(import.meta.url)

export function addon() {
  return require(addonPath())
}

/** The path of the addon. */
export function addonPath() {
  return Object.keys(require.cache).find(path => /smartrecruiters\.[^/\\]+\.node$/.test(path))
}
