// The packages of a release, as folders and as archives: the package itself, and one package for each platform.

import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../setup.mjs'
import { PLATFORMS } from './platforms.mjs'
import { cleanEnvironment } from './tools.mjs'

const exec = promisify(execFile)

/** The platform of this machine, among those that have a package. */
export const here = PLATFORMS.find(
  ({ os, cpu, libc }) =>
    os === process.platform &&
    cpu === process.arch &&
    (libc === undefined ||
      (libc === 'glibc') === (process.report.getReport().header.glibcVersionRuntime !== undefined)),
)

/**
 * Writes the folders of all packages into `folder`, as a release publishes them: `smartrecruiters` without an addon and
 * with all platforms as optional dependencies, and a package for each platform. Only the platforms whose addon is in
 * the checkout have one.
 */
export async function stage(folder) {
  await mkdir(folder, { recursive: true })
  const packed = await pack(root, folder, [])
  const main = join(folder, 'smartrecruiters')
  await extract(packed, main)
  await rm(packed)
  const addons = (await readdir(main)).filter(file => file.endsWith('.node'))
  const manifest = await readManifest(main)
  const names = PLATFORMS.map(({ name }) => `smartrecruiters-${name}`)
  manifest.optionalDependencies = Object.fromEntries(names.map(name => [name, manifest.version]))
  await writeManifest(main, manifest)
  for (const { name, os, cpu, libc } of PLATFORMS) {
    const into = join(folder, `smartrecruiters-${name}`)
    const file = `smartrecruiters.${name}.node`
    await mkdir(into)
    if (addons.includes(file)) await copyFile(join(main, file), join(into, file))
    await cp(join(root, 'LICENSE'), join(into, 'LICENSE'))
    const { version, license, engines } = manifest
    await writeManifest(into, {
      ...{ name: `smartrecruiters-${name}`, version, license, engines, main: file, files: [file] },
      ...{ os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) },
    })
  }
  for (const file of addons) await rm(join(main, file))
}

/** Packs the folder of a package into `into`, and returns the path of the archive. */
export async function pack(from, into, flags = ['--ignore-scripts']) {
  const args = ['pack', '--json', ...flags, '--pack-destination', into]
  const options = { cwd: from, env: cleanEnvironment, maxBuffer: 2 ** 26, shell: process.platform === 'win32' }
  const { stdout } = await exec('npm', args, options)
  return join(into, Object.values(JSON.parse(stdout))[0].filename)
}

/** Unpacks an archive into a folder. */
async function extract(archive, into) {
  await mkdir(into, { recursive: true })
  await exec('tar', ['-xzf', archive, '-C', into, '--strip-components=1'])
}

async function readManifest(folder) {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

async function writeManifest(folder, manifest) {
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
