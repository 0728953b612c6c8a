// What must be true of the packages of a release before anything is published. A package without its optional
// dependencies installs without an error and works nowhere, so nobody notices.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileOf, manifest, PLATFORMS, packageOf } from '../platforms.mjs'

/** How a file of native code begins, by operating system. */
const MAGIC = { linux: '7f454c46', darwin: 'cffaedfe', win32: '4d5a' }

/**
 * Returns what is wrong with the packages in `folder`, a sentence for each problem.
 *
 * @param {string} folder what `stage` wrote
 * @param {string[]} built the platforms whose addon must be there
 */
export function problems(folder, built) {
  const found = []
  const main = join(folder, manifest.name)
  const { version, optionalDependencies = {}, ...entries } = read(main)
  for (const file of filesOf(entries)) {
    if (!existsSync(join(main, file))) found.push(`${manifest.name} has no ${file}, which its package.json names`)
  }
  for (const file of readdirSync(main)) {
    if (file.endsWith('.node'))
      found.push(`${manifest.name} contains ${file}, which belongs into the package of its platform`)
  }
  for (const [platform, { os }] of Object.entries(PLATFORMS)) {
    const name = packageOf(platform)
    if (optionalDependencies[name] === undefined) found.push(`optionalDependencies of ${manifest.name} lack ${name}`)
    else if (optionalDependencies[name] !== version) {
      found.push(`${manifest.name} ${version} depends on ${name} ${optionalDependencies[name]}`)
    }
    if (!existsSync(join(folder, platform, 'package.json'))) {
      found.push(`the package ${name} is missing`)
      continue
    }
    const own = read(join(folder, platform))
    if (own.version !== version) found.push(`${name} has version ${own.version}, and ${manifest.name} ${version}`)
    if (!built.includes(platform)) continue
    const file = join(folder, platform, fileOf(platform))
    if (!existsSync(file)) found.push(`${name} has no ${fileOf(platform)}`)
    else if (!readFileSync(file).toString('hex', 0, 4).startsWith(MAGIC[os])) {
      found.push(`${fileOf(platform)} in ${name} is not an addon for ${os}`)
    }
  }
  return found
}

/** The files that a manifest names: entries, types, and everything in `exports`. */
function filesOf({ main, types, exports }) {
  const files = new Set([main, types])
  const walk = value => {
    if (typeof value === 'string') files.add(value)
    else for (const inner of Object.values(value)) walk(inner)
  }
  walk(exports)
  return files
}

function read(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
