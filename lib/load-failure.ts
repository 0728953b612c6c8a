/**
 * Finds out why the native addon cannot be loaded. It is loaded only then.
 *
 * Each error has one sentence with the reason and one with what to do, which is a command wherever there is one.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { helpOn } from './help.js'
import { libcOfProcess } from './libc.js'
import { VERSION } from './version.js'

/** An attempt to load the addon for a platform. `path` is where the file is, unless it is in a bundle. */
export interface Failure {
  platform: string
  path: string
  error: unknown
}

/** Why the addon cannot be loaded. */
export type AddonReason =
  | 'addonsForbidden'
  | 'bundled'
  | 'damaged'
  | 'glibcTooOld'
  | 'noexec'
  | 'notBuilt'
  | 'notInstalled'
  | 'omitted'
  | 'otherLibc'
  | 'otherPlatform'
  | 'otherVersion'
  | 'unknown'
  | 'unreadable'
  | 'unsupportedPlatform'

interface Finding {
  reason: AddonReason
  /** A sentence without its end. */
  what: string
  remedy: string
}

class AddonError extends Error {
  readonly code = 'ADDON_NOT_LOADED'
  readonly reason: AddonReason
  readonly help = helpOn('ADDON_NOT_LOADED')

  constructor({ reason, what, remedy }: Finding, cause: unknown) {
    super(`smartrecruiters cannot load its native addon: ${what}. ${remedy}`, { cause })
    this.name = 'AddonError'
    this.reason = reason
  }
}

/** The platforms for which there is an addon. */
const PLATFORMS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
]

/** The folder of this package. */
const root = join(__dirname, '..')

/** Makes the error that says why no attempt succeeded. `platform` is that of the process. */
export function explain(platform: string, failures: readonly Failure[]): Error {
  const found = failures.find(({ error }) => !isNotFound(error))
  return found === undefined
    ? new AddonError(whyNotFound(platform), failures.at(-1)?.error)
    : new AddonError(whyNotLoaded(found), found.error)
}

function whyNotFound(platform: string): Finding {
  if (!PLATFORMS.includes(platform)) {
    return {
      reason: 'unsupportedPlatform',
      what: `there is none for ${platform}`,
      remedy: `Run it on one of these platforms: ${PLATFORMS.join(', ')}.`,
    }
  }
  const name = `smartrecruiters-${platform}`
  const manifest = json(join(root, 'package.json'))
  if (manifest?.name !== 'smartrecruiters') {
    return {
      reason: 'bundled',
      what: `${__dirname} holds a bundle with the JavaScript of this package, but without its addon`,
      remedy:
        `Copy smartrecruiters.${platform}.node beside the bundle, or exclude the package from it: ` +
        '`esbuild --external:smartrecruiters`, or the like of your bundler.',
    }
  }
  if (existsSync(join(root, 'Cargo.toml'))) {
    return { reason: 'notBuilt', what: 'it has not been built in this checkout', remedy: run('npm run build') }
  }
  const present = platformsPresent()
  if (present.includes(platform)) {
    return {
      reason: 'damaged',
      what: `the folder of ${name} is there, but the addon in it is not`,
      remedy: run(manager().install),
    }
  }
  const [other] = present
  if (other !== undefined) return installedFor(other, platform)
  const lock = json(join(project(), 'package-lock.json'))
  const locked = Object.keys(lock?.packages ?? {})
  if (locked.some(path => path.endsWith(`node_modules/${name}`))) {
    return {
      reason: 'omitted',
      what: `package-lock.json lists ${name}, but it was not installed, as with \`--omit=optional\``,
      remedy: run('npm install --include=optional'),
    }
  }
  const elsewhere = lock !== undefined && locked.some(path => path.includes('node_modules/smartrecruiters-'))
  return {
    reason: 'notInstalled',
    what: elsewhere
      ? `package-lock.json was written on another platform and does not list ${name}`
      : `the package ${name} is not installed`,
    remedy: run(`${manager().add} ${name}@${VERSION}`),
  }
}

function whyNotLoaded({ platform, path: expected, error }: Failure): Finding {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const text = typeof message === 'string' ? message : String(error)
  const path = existsSync(expected) ? expected : (pathOfPackage(platform) ?? expected)
  if (code === 'ERR_DLOPEN_DISABLED') return whyForbidden()
  if (code === 'ERR_ACCESS_DENIED') {
    return {
      reason: 'unreadable',
      what: `Node runs with --permission, which does not let it read ${path}`,
      remedy: `Allow it: \`node --permission --allow-addons --allow-fs-read=${dirname(root)}\`.`,
    }
  }
  if (/^Requires \w+ access/.test(text)) {
    return {
      reason: 'addonsForbidden',
      what: `Deno does not let it load ${path}`,
      remedy: 'Allow it: `deno run --allow-ffi --allow-read --allow-env`.',
    }
  }
  const file = contents(path)
  if (typeof file === 'string') {
    return {
      reason: 'unreadable',
      what: `${path} cannot be read (${file})`,
      remedy: run(file === 'EACCES' ? `chmod a+r ${path}` : manager().install),
    }
  }
  const built = file && platformOf(file)
  if (
    file !== undefined &&
    (built === undefined || text.endsWith('is incomplete') || /too short|cannot read file data/.test(text))
  ) {
    return {
      reason: 'damaged',
      what: `${path} is damaged: ${built === undefined ? `its ${file.length} bytes are not an addon` : `it ends after ${file.length} bytes`}`,
      remedy: run(reinstall(path, platform)),
    }
  }
  if (built !== undefined && built !== platform) return installedFor(built, platform)
  const version = /has version (\S+)$/.exec(text)?.[1]
  if (version !== undefined) {
    return {
      reason: 'otherVersion',
      what: `${path} is of version ${version === 'undefined' ? 'unknown' : version}, and the package is of ${VERSION}`,
      remedy: run(reinstall(path, platform)),
    }
  }
  const [, needed] = /version `GLIBC_([\d.]+)' not found/.exec(text) ?? []
  if (needed !== undefined) {
    const found = (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header
    return {
      reason: 'glibcTooOld',
      what: `${path} needs glibc ${needed}, and this system has ${found?.glibcVersionRuntime ?? 'an older one'}`,
      // The packages need 2.17, which every supported Node needs too: this one was built from source.
      remedy: `Use the one that is built for glibc 2.17: \`${manager().add} smartrecruiters-${platform}@${VERSION}\`.`,
    }
  }
  const mount = mountOf(path)
  if (mount?.noexec) {
    return {
      reason: 'noexec',
      what: `${path} is on ${mount.folder}, which is mounted with noexec`,
      remedy: run(`mount -o remount,exec ${mount.folder}`),
    }
  }
  return { reason: 'unknown', what: text, remedy: run(reinstall(path, platform)) }
}

function whyForbidden(): Finding {
  if ((process as { permission?: object }).permission !== undefined) {
    return {
      reason: 'addonsForbidden',
      what: 'Node runs with --permission, which forbids addons',
      remedy: `Allow them: \`node --permission --allow-addons --allow-fs-read=${dirname(root)}\`.`,
    }
  }
  return {
    reason: 'addonsForbidden',
    what: 'Node runs with --no-addons',
    remedy: 'Start it without this option, which may be in the variable `NODE_OPTIONS`.',
  }
}

/** The addon is for another platform than that of this process. */
function installedFor(built: string, platform: string): Finding {
  const libcDiffers = built.replace(/-\w+$/, '') === platform.replace(/-\w+$/, '') && built.startsWith('linux')
  const libc = libcOfProcess() === 'musl' ? 'musl' : 'glibc'
  return {
    reason: libcDiffers ? 'otherLibc' : 'otherPlatform',
    what: libcDiffers
      ? `it was installed for ${built.endsWith('musl') ? 'musl' : 'glibc'} (${built}), and this Node uses ${libc} (${platform})`
      : `it was installed for ${built}, and this is ${platform}`,
    remedy: `Install node_modules where they are used, instead of copying them: \`${manager().install}\`.`,
  }
}

/** Returns the platforms whose addons are beside this package, or in packages next to it. */
function platformsPresent(): string[] {
  const files = list(root).map(name => /^smartrecruiters\.(.+)\.node$/.exec(name)?.[1])
  const packages = list(dirname(root)).map(name => /^smartrecruiters-(.+)$/.exec(name)?.[1])
  return [...files, ...packages].filter(platform => platform !== undefined && PLATFORMS.includes(platform)) as string[]
}

/** Returns the platform that the contents of an addon are for; `undefined` if it is not an addon. */
function platformOf(file: Buffer): string | undefined {
  if (file.length < 64) return undefined
  const start = file.readUInt32BE(0)
  if (start === 0x7f454c46) {
    const arch = { 62: 'x64', 183: 'arm64' }[file.readUInt16LE(18)]
    // The name of the C library among those that the file needs.
    return arch && `linux-${arch}-${file.includes('\0libc.so.6\0') ? 'gnu' : 'musl'}`
  }
  if (start === 0xcffaedfe) return { 16777223: 'darwin-x64', 16777228: 'darwin-arm64' }[file.readUInt32LE(4)]
  if (start >>> 16 === 0x4d5a) {
    const header = file.readUInt32LE(60)
    if (header + 6 > file.length) return undefined
    return { 34404: 'win32-x64-msvc', 43620: 'win32-arm64-msvc' }[file.readUInt16LE(header + 4)]
  }
  return undefined
}

/** Returns the contents of a file, or the code of the error if they cannot be read; `undefined` if there is no file. */
function contents(path: string): Buffer | string | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : String(code)
  }
}

function pathOfPackage(platform: string): string | undefined {
  try {
    return createRequire(join(root, 'package.json')).resolve(`smartrecruiters-${platform}`)
  } catch {
    return undefined
  }
}

/** Returns the mount that a path is on, as Linux knows it. */
function mountOf(path: string): { folder: string; noexec: boolean } | undefined {
  const table = contents('/proc/self/mounts')
  if (!(table instanceof Buffer)) return undefined
  return table
    .toString()
    .split('\n')
    .map(line => line.split(' '))
    .map(([, folder = '', , options = '']) => ({ folder, noexec: options.split(',').includes('noexec') }))
    .filter(({ folder }) => folder === '/' || path.startsWith(`${folder}/`))
    .sort((one, two) => two.folder.length - one.folder.length)[0]
}

/** Returns the commands of the package manager that installed this package, judged by the lock file. */
function manager(): { add: string; install: string } {
  const folder = project()
  const has = (file: string) => existsSync(join(folder, file))
  if (has('pnpm-lock.yaml')) return { add: 'pnpm add --save-optional', install: 'pnpm install --force' }
  if (has('yarn.lock')) return { add: 'yarn add --optional', install: 'yarn install' }
  if (has('bun.lock')) return { add: 'bun add --optional', install: 'bun install --force' }
  return { add: 'npm install --save-optional', install: has('package-lock.json') ? 'npm ci' : 'npm install --force' }
}

/** Returns the command that replaces the file at `path`. */
function reinstall(path: string, platform: string): string {
  if (existsSync(join(root, 'Cargo.toml'))) return 'npm run build'
  const inPackage = dirname(path) !== root
  return inPackage ? `${manager().add} --force smartrecruiters-${platform}@${VERSION}` : manager().install
}

/** Returns the folder of the project that this package is installed in. */
function project(): string {
  const at = root.search(/[\\/]node_modules[\\/]/)
  return at < 0 ? root : root.slice(0, at)
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function json(path: string): { name?: string; packages?: object } | undefined {
  const text = contents(path)
  if (!(text instanceof Buffer)) return undefined
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}

function run(command: string): string {
  return `Run \`${command}\`.`
}

function isNotFound(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
}
