/**
 * `npm run build:platform -- linux-x64-musl`: builds the addons of other platforms, as they are published, into `npm/`.
 *
 * zig is compiler and linker for all platforms of Linux: it has the headers of every C library, and links with any
 * version of glibc. It comes from PyPI, in an environment of its own. `npm run build` needs none of this.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { glibcOf, needs } from './elf.mjs'
import { fileOf, GLIBC, PLATFORMS } from './platforms.mjs'
import { root, run } from './setup.mjs'

const TOOLS = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1']
const VENV = join(root, 'target', 'zig')
const TARGET = process.env.CARGO_TARGET_DIR ?? join(root, 'target', 'platforms')

/** Builds the addon of a platform, checks it, and returns its path. */
export async function buildPlatform(platform) {
  const { triple, os, libc } = PLATFORMS[platform] ?? {}
  if (os !== 'linux') throw new Error(`${platform ?? 'no platform'} cannot be built here; the workflow builds it`)
  await requireZig()
  await run(['rustup', 'target', 'add', triple])
  await run(['cargo', 'zigbuild', '--release', '--lib', '--features', 'node', '--target', withFloor(triple, libc)], {
    env: {
      ...process.env,
      PATH: [join(VENV, 'bin'), process.env.PATH].join(delimiter),
      CARGO_TARGET_DIR: TARGET,
      // Otherwise Rust links musl statically, of which it makes no library that can be loaded.
      ...(libc === 'musl' ? { RUSTFLAGS: '-C target-feature=-crt-static' } : {}),
    },
  })
  const path = join(root, 'npm', platform, fileOf(platform))
  mkdirSync(join(root, 'npm', platform), { recursive: true })
  copyFileSync(join(TARGET, triple, 'release', 'libsmartrecruiters.so'), path)
  checkAddon(path, libc)
  return path
}

/** Checks that an addon needs nothing that a supported system could lack. */
export function checkAddon(path, libc) {
  const { libraries, versions } = needs(readFileSync(path))
  const glibc = glibcOf(versions)
  const allowed = libc === 'musl' ? /^libc\.(so|musl-.+)$/ : /^(lib(c|m|dl|rt|pthread|util)|ld-linux-.+)\.so\.\d$/
  const other = libraries.filter(name => !allowed.test(name))
  if (other.length > 0) throw new Error(`${path} needs ${other.join(', ')}, which a system may lack`)
  if (libc === 'musl' ? glibc !== undefined : glibc === undefined || newer(glibc, GLIBC)) {
    throw new Error(`${path} needs glibc ${glibc}`)
  }
}

function newer(one, two) {
  return one.localeCompare(two, 'en', { numeric: true }) > 0
}

function withFloor(triple, libc) {
  return libc === 'glibc' ? `${triple}.${GLIBC}` : triple
}

async function requireZig() {
  if (existsSync(join(VENV, 'bin', 'cargo-zigbuild'))) return
  await run(['python3', '-m', 'venv', VENV])
  await run([join(VENV, 'bin', 'pip'), 'install', '--quiet', ...TOOLS])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const platforms = process.argv.slice(2)
  if (platforms.length === 0) {
    console.error(`Name platforms: ${Object.keys(PLATFORMS).join(', ')}.`)
    process.exitCode = 1
  }
  for (const platform of platforms) console.log(await buildPlatform(platform))
}
