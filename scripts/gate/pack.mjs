// The packages of a release, as folders and as archives.

import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildPackages } from '../build-packages.mjs'
import { fileOf, PLATFORMS, packageOf } from '../platforms.mjs'
import { root } from '../setup.mjs'
import { cleanEnvironment } from './tools.mjs'

/** The name of this machine's platform. */
export const here = Object.keys(PLATFORMS).find(name => {
  const { os, cpu, libc } = PLATFORMS[name]
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined
  return os === process.platform && cpu === process.arch && (libc === undefined || (libc === 'glibc') === glibc)
})

/** Whether the addon of this machine is as it is published, which only `npm run build:platform` makes. */
export const isPublished = () => existsSync(join(root, 'npm', here, fileOf(here)))

/** What the gate has instead of an addon that is not built. No machine that installs a package tries to load it. */
const PLACEHOLDER = 'This file takes the place of an addon that is not built on this machine.\n'

/**
 * Writes the folders of all packages into `folder`. The addons are those of `npm run build:platform`; without it, that
 * of this machine is the one of `npm run build`, and the others are placeholders. Returns the platforms that have an
 * addon.
 */
export function stage(folder) {
  const built = []
  for (const platform of Object.keys(PLATFORMS)) {
    const file = fileOf(platform)
    const found = [join(root, 'npm', platform, file), join(root, file)].find(path => existsSync(path))
    mkdirSync(join(folder, platform), { recursive: true })
    if (found !== undefined) built.push(platform)
    if (found !== undefined) cpSync(found, join(folder, platform, file))
    else writeFileSync(join(folder, platform, file), PLACEHOLDER)
  }
  buildPackages(folder)
  return built
}

/** The folder of a package within what `stage` wrote, by its name. */
export function folderOf(folder, name) {
  const platform = Object.keys(PLATFORMS).find(platform => packageOf(platform) === name)
  return join(folder, platform ?? name)
}

/** Packs the folder of a package into `into`, and returns the path of the archive. */
export async function pack(from, into) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into]
  const options = { cwd: from, env: cleanEnvironment, maxBuffer: 2 ** 26, shell: process.platform === 'win32' }
  const { stdout } = await promisify(execFile)('npm', args, options)
  // An array, and from npm 12 on an object.
  return join(into, Object.values(JSON.parse(stdout))[0].filename)
}
