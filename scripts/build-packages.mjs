/**
 * `npm run build:packages`: writes what is published into `npm/`, a folder for each package: one for the addon of each
 * platform, and the main one, which has no addon.
 *
 * Every manifest is made here, from `package.json` and the table of platforms. No `optionalDependencies` are committed:
 * they would name versions that are not published yet, and could be forgotten at the next release.
 *
 * It fails if an addon of `npm run build:platform` is missing. With `--partial`, it makes the packages of the addons
 * that are there, and the main package depends on these only.
 */

import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { fileOf, manifest, PLATFORMS, packageOf } from './platforms.mjs'
import { root } from './setup.mjs'

/** What all packages have in common. */
const { version, license, engines, keywords } = manifest

/** Writes the packages into `folder`, where the addons are; returns the folder of the main package. */
export function buildPackages(folder, { partial = false } = {}) {
  const built = Object.keys(PLATFORMS).filter(platform => existsSync(join(folder, platform, fileOf(platform))))
  const missing = Object.keys(PLATFORMS).filter(platform => !built.includes(platform))
  if (built.length === 0 || (missing.length > 0 && !partial)) {
    throw new Error(`these addons are not built: ${missing.join(', ')}`)
  }
  for (const platform of built) writePlatform(join(folder, platform), platform)
  const main = join(folder, manifest.name)
  writeMain(main, built)
  return main
}

function writePlatform(folder, platform) {
  const { os, cpu, libc } = PLATFORMS[platform]
  const name = packageOf(platform)
  write(folder, {
    name,
    version,
    description: `The native addon of ${manifest.name} for ${platform}.`,
    license,
    engines,
    main: fileOf(platform),
    files: [fileOf(platform)],
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
  })
  writeFileSync(
    join(folder, 'README.md'),
    `# ${name}\n\nThe native addon of ${manifest.name} for ${platform}. ` +
      `Install \`${manifest.name}\`, which installs this package where it is needed.\n`,
  )
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}

function writeMain(folder, platforms) {
  const { name, description, type, main, types, exports, sideEffects, typesVersions } = manifest
  const files = manifest.files.filter(file => file !== '*.node')
  rmSync(folder, { recursive: true, force: true })
  write(folder, {
    ...{
      name,
      version,
      description,
      keywords,
      license,
      type,
      main,
      types,
      exports,
      sideEffects,
      typesVersions,
      files,
      engines,
    },
    // Exactly this version: the package refuses an addon of another.
    optionalDependencies: Object.fromEntries(platforms.map(platform => [packageOf(platform), version])),
  })
  for (const file of [...files, 'README.md', 'LICENSE'])
    cpSync(join(root, file), join(folder, file), { recursive: true })
}

function write(folder, content) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { partial: { type: 'boolean', default: false } } })
  console.log(buildPackages(join(root, 'npm'), values))
}
