/**
 * `npm run sbom`: lists what users get, as CycloneDX, in `target/sbom/`: the crates that are in the addon, with their
 * versions, licences and checksums. The JavaScript has no dependency.
 */

import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { manifest } from '../platforms.mjs'
import { root, run } from '../setup.mjs'

const VERSION = '0.5.9'
const TOOLS = join(root, 'target', 'tools')

/** Writes the list, and returns its path. */
export async function writeSbom() {
  const program = join(TOOLS, 'bin', process.platform === 'win32' ? 'cargo-cyclonedx.exe' : 'cargo-cyclonedx')
  if (!existsSync(program)) await run(['cargo', 'install', `cargo-cyclonedx@${VERSION}`, '--locked', '--root', TOOLS])
  const flags = ['--format', 'json', '--features', 'node', '--no-build-deps', '--spec-version', '1.5']
  await run([program, 'cyclonedx', ...flags, '--override-filename', `${manifest.name}.cdx`])
  const folder = join(root, 'target', 'sbom')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${manifest.name}.cdx.json`)
  renameSync(join(root, `${manifest.name}.cdx.json`), path)
  const { bomFormat, components = [] } = JSON.parse(readFileSync(path, 'utf8'))
  for (const crate of ['hyper', 'rustls', 'tokio']) {
    if (!components.some(({ name }) => name === crate)) throw new Error(`${path} lacks ${crate}, which is in the addon`)
  }
  console.error(`${path}: ${bomFormat}, ${components.length} components`)
  return path
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeSbom()
