/**
 * Where the package is, for a bundle that contains its JavaScript. In the build that bundlers take, `folderOfPackage`
 * stands for every `__dirname`.
 */

import * as module from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The file of the bundle. */
export const bundle = fileOfBundle()

/** The folder of the installed package's entry; without it, the bundle's own. */
export const folderOfPackage = folder()

// webpack replaces both by constants, unless they are used just like this: where `__filename` is not defined, it throws.
function fileOfBundle(): string {
  try {
    return __filename
  } catch {
    return import.meta.filename ?? fileURLToPath(import.meta.url)
  }
}

function folder(): string {
  try {
    return dirname(module.createRequire(bundle).resolve('smartrecruiters'))
  } catch {
    return dirname(bundle)
  }
}
