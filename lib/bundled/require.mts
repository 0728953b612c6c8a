/**
 * How a bundle loads what cannot be in it: the addon. In the build that bundlers take, `requireInBundle` stands for every
 * `require`, so that none of them tries to parse native code. The addon beside the bundle comes first, then the one of
 * the installed package.
 */

import * as module from 'node:module'
import { basename, join } from 'node:path'
import * as failure from '../load-failure.js'
import { bundle, folderOfPackage } from './place.mjs'

const fromBundle = module.createRequire(bundle)
const fromPackage = module.createRequire(join(folderOfPackage, 'index.js'))

export function requireInBundle(id: string): unknown {
  if (id === './load-failure.js') return failure
  if (!id.endsWith('.node')) return fromPackage(id)
  try {
    return fromBundle(`./${basename(id)}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    return fromPackage(id)
  }
}
