/** The platforms for which there is an addon: the one table from which builds and packages are made. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The oldest glibc that the addons run on: that of RHEL 7. Node itself needs a newer one. */
export const GLIBC = '2.17'

/**
 * Each by its name, as napi has it. `tested` tells whether the addon is built and run before a release, see
 * `scripts/build-platform.mjs`; the others are built by the workflow, on machines of their own.
 */
export const PLATFORMS = {
  'linux-x64-gnu': { triple: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc', tested: true },
  'linux-x64-musl': { triple: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl', tested: true },
  'linux-arm64-gnu': { triple: 'aarch64-unknown-linux-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc', tested: true },
  'linux-arm64-musl': { triple: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl', tested: true },
  'darwin-x64': { triple: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64', tested: false },
  'darwin-arm64': { triple: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64', tested: false },
  'win32-x64-msvc': { triple: 'x86_64-pc-windows-msvc', os: 'win32', cpu: 'x64', tested: false },
  'win32-arm64-msvc': { triple: 'aarch64-pc-windows-msvc', os: 'win32', cpu: 'arm64', tested: false },
}

/** The manifest of the package. */
export const manifest = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'))

/** The name of the package that holds the addon of a platform. */
export function packageOf(platform) {
  return `${manifest.name}-${platform}`
}

/** The name of the addon's file. */
export function fileOf(platform) {
  return `${manifest.napi.binaryName}.${platform}.node`
}
