// What must be true of the packages of a release before anything is published. A package without its optional
// dependencies installs without an error and works nowhere; this has happened to others for a year of releases.

import { existsSync } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { here } from './pack.mjs'
import { PLATFORMS } from './platforms.mjs'

/** How a file of native code begins, by operating system. */
const MAGIC = { linux: '7f454c46', darwin: 'cffaedfe', win32: '4d5a' }

/**
 * Returns what is wrong with the packages in `folder`, a sentence for each problem.
 *
 * @param {string} folder what `stage` wrote
 * @param {{ platforms?: string[] }} options of which platforms the addon must be there; by default of this machine's
 */
export async function problems(folder, { platforms = [here.name] } = {}) {
  const found = []
  const main = join(folder, 'smartrecruiters')
  const manifest = await manifestOf(main)
  for (const file of referredTo(manifest)) {
    if (!existsSync(join(main, file))) found.push(`smartrecruiters has no ${file}, which its package.json names`)
  }
  for (const file of await readdir(main)) {
    if (file.endsWith('.node'))
      found.push(`smartrecruiters contains ${file}, which belongs to the package of its platform`)
  }
  const optional = manifest.optionalDependencies ?? {}
  for (const { name, os } of PLATFORMS) {
    const needed = `smartrecruiters-${name}`
    if (optional[needed] === undefined) found.push(`optionalDependencies of smartrecruiters lack ${needed}`)
    else if (optional[needed] !== manifest.version) {
      found.push(`smartrecruiters ${manifest.version} depends on ${needed} ${optional[needed]}`)
    }
    const package_ = join(folder, needed)
    if (!existsSync(package_)) {
      found.push(`${needed} is missing`)
      continue
    }
    const { version, main: addon } = await manifestOf(package_)
    if (version !== manifest.version)
      found.push(`${needed} has version ${version}, smartrecruiters ${manifest.version}`)
    const file = join(package_, addon)
    if (existsSync(file)) {
      const begins = await firstBytes(file)
      if (!begins.startsWith(MAGIC[os])) found.push(`${needed} has ${addon}, which is no native code of ${os}`)
    } else if (platforms.includes(name)) {
      found.push(`${needed} has no ${addon}`)
    }
  }
  for (const name of Object.keys(optional)) {
    if (!PLATFORMS.some(platform => name === `smartrecruiters-${platform.name}`)) {
      found.push(`optionalDependencies of smartrecruiters have ${name}, which is not a platform`)
    }
  }
  return found
}

/** The files that a manifest names: entries, types, and everything in `exports`. */
function referredTo({ main, types, exports }) {
  const files = new Set([main, types])
  const walk = value => {
    if (typeof value === 'string') files.add(value)
    else for (const inner of Object.values(value)) walk(inner)
  }
  walk(exports)
  return files
}

async function manifestOf(folder) {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

async function firstBytes(file) {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4)
    return buffer.toString('hex', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
