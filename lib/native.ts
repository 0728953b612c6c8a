/**
 * Loads the native addon: the file beside the package if it is there, else the package of the platform. If neither can
 * be loaded, `load-failure.ts` finds out why.
 */

import { join } from 'node:path'
import type * as Native from '../index.js'
import { isTruncated, libcOfProcess } from './libc.js'
import type { Failure } from './load-failure.js'
import { VERSION } from './version.js'

export const native = load()

function load(): typeof Native {
  const failures: Failure[] = []
  const platforms = platformsOfProcess()
  for (const platform of platforms) {
    const file = `smartrecruiters.${platform}.node`
    const places = [
      { load: requireFile, path: join(__dirname, '..', file) },
      { load: requirePackage, path: join(__dirname, '..', '..', `smartrecruiters-${platform}`, file) },
    ]
    for (const { load, path } of places) {
      try {
        // In a bundle or under Plug'n'Play, the file may be elsewhere, and is loaded unchecked.
        if (isTruncated(path)) throw new Error(`${path} is incomplete`)
        const addon = load(platform) as typeof Native | undefined
        if (addon === undefined) continue
        if (addon.VERSION === VERSION) return addon
        throw new Error(`${path} has version ${addon.VERSION}`)
      } catch (error) {
        failures.push({ platform, path, error })
      }
    }
  }
  const { explain } = require('./load-failure.js') as typeof import('./load-failure.js')
  throw explain(platforms[0] as string, failures)
}

/** Returns for which platforms an addon may be loaded: more than one only if nothing says what C library there is. */
function platformsOfProcess(): string[] {
  const { platform, arch } = process
  if (platform === 'win32') return [`win32-${arch}-msvc`]
  if (platform !== 'linux') return [`${platform}-${arch}`]
  const libc = libcOfProcess()
  return (libc === undefined ? ['gnu', 'musl'] : [libc]).map(name => `linux-${arch}-${name}`)
}

// Bundlers and tracers follow only a literal path, and take a file that is missing for an error unless it is in a `try`.

function requireFile(platform: string): unknown {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('../smartrecruiters.linux-x64-gnu.node')
      case 'linux-x64-musl':
        return require('../smartrecruiters.linux-x64-musl.node')
      case 'linux-arm64-gnu':
        return require('../smartrecruiters.linux-arm64-gnu.node')
      case 'linux-arm64-musl':
        return require('../smartrecruiters.linux-arm64-musl.node')
      case 'darwin-x64':
        return require('../smartrecruiters.darwin-x64.node')
      case 'darwin-arm64':
        return require('../smartrecruiters.darwin-arm64.node')
      case 'win32-x64-msvc':
        return require('../smartrecruiters.win32-x64-msvc.node')
      case 'win32-arm64-msvc':
        return require('../smartrecruiters.win32-arm64-msvc.node')
    }
  } catch (error) {
    return thrown(error)
  }
}

function requirePackage(platform: string): unknown {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('smartrecruiters-linux-x64-gnu')
      case 'linux-x64-musl':
        return require('smartrecruiters-linux-x64-musl')
      case 'linux-arm64-gnu':
        return require('smartrecruiters-linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('smartrecruiters-linux-arm64-musl')
      case 'darwin-x64':
        return require('smartrecruiters-darwin-x64')
      case 'darwin-arm64':
        return require('smartrecruiters-darwin-arm64')
      case 'win32-x64-msvc':
        return require('smartrecruiters-win32-x64-msvc')
      case 'win32-arm64-msvc':
        return require('smartrecruiters-win32-arm64-msvc')
    }
  } catch (error) {
    return thrown(error)
  }
}

/** Throws again. A linter removes a `catch` that only throws. */
function thrown(error: unknown): never {
  throw error
}
