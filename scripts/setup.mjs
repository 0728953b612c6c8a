// Makes a checkout ready to run: dependencies, the native addon, the TypeScript. Uses nothing but Node, so that it
// runs before there is anything else, and does again only what has changed.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const STAMPS = join(root, 'node_modules', '.setup')

/** The native addon that is shipped. */
export const ADDON = {
  name: 'native addon',
  inputs: ['Cargo.toml', 'Cargo.lock', '.cargo/config.toml', 'build.rs', 'rust-toolchain.toml', 'src', 'package.json'],
  outputs: ['index.d.ts', '*.node'],
  command: ['npx', 'napi', 'build', '--platform', '--release', '--no-js', '--no-const-enum', '--features', 'node'],
}

/** What there is to do, in this order: from `inputs`, `command` makes `outputs`. Paths are files or folders. */
const STEPS = [
  {
    name: 'dependencies',
    inputs: ['package-lock.json'],
    outputs: ['node_modules/typescript/package.json'],
    // Not `npm ci`, which refuses a lock file that lacks other platforms' binaries. This keeps to the lock file too,
    // and never writes it.
    command: ['npm', 'install', '--no-save', '--no-audit', '--no-fund'],
    // What was made with the old dependencies may differ.
    resets: true,
  },
  ADDON,
  {
    name: 'JavaScript face',
    inputs: ['lib', 'index.d.ts', 'tsconfig.json', 'tsconfig.base.json'],
    outputs: ['dist'],
    // One file: seventeen take longer to load than all the rest of a first call.
    command: ['npm', 'run', '--silent', 'build:face'],
  },
  {
    name: 'sandbox',
    inputs: ['packages/sandbox/src', 'packages/sandbox/tsconfig.json', 'tsconfig.base.json'],
    outputs: ['packages/sandbox/dist'],
    // By its path: the other versions of TypeScript, which tests use, also have a `tsc`.
    command: ['node', 'node_modules/typescript/bin/tsc', '-p', 'packages/sandbox'],
  },
  {
    name: 'command line',
    // Its types are those of the two others.
    inputs: ['packages/cli/src', 'packages/cli/tsconfig.json', 'tsconfig.base.json', 'index.d.ts', 'lib'],
    outputs: ['packages/cli/dist'],
    command: ['node', 'node_modules/typescript/bin/tsc', '-p', 'packages/cli'],
  },
]

/** Does what has to be done, without the dependencies if they are there anyway, and tells `report` of each step. */
export async function setup({ report = console.error, dependencies = true } = {}) {
  requireTools()
  const steps = dependencies ? STEPS : STEPS.slice(1)
  let all = false
  for (const [index, step] of steps.entries()) {
    const made = await make(step, { again: all, report: text => report(`[${index + 1}/${steps.length}] ${text}`) })
    all ||= made && step.resets === true
  }
}

/** Does a step unless what it makes is there and up to date, or it is to be done `again`; whether it did. */
export async function make(step, { again = false, report = console.error } = {}) {
  const stamp = join(STAMPS, `${step.name.replaceAll(' ', '-')}.txt`)
  if (!again && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(step)) {
    report(`${step.name}: up to date`)
    return false
  }
  report(`${step.name}: ${step.command.join(' ')}`)
  const start = Date.now()
  await run(step.command)
  mkdirSync(STAMPS, { recursive: true })
  writeFileSync(stamp, fingerprint(step))
  report(`${step.name}: done in ${Math.round((Date.now() - start) / 1000)} s`)
  return true
}

/** Runs a command of this checkout with its output shown; rejects if it fails. */
export function run([command, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    // On Windows npm and npx are scripts, which only a shell starts.
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
      // Otherwise `npm install` would build too, in `prepare`.
      env: { ...process.env, SMARTRECRUITERS_SETUP: '1' },
      ...options,
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`\`${[command, ...args].join(' ')}\` failed with ${signal ?? `exit code ${code}`}`))
    })
  })
}

function requireTools() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node 20.19 or newer is needed; this is ${process.version}`)
  }
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':')
  if (!folders.some(folder => existsSync(join(folder, process.platform === 'win32' ? 'cargo.exe' : 'cargo')))) {
    throw new Error('cargo is needed to build the native addon; https://rustup.rs installs it')
  }
}

/** One text for all that goes into a step and comes out of it: an output that was edited is made again. */
function fingerprint({ command, inputs, outputs }) {
  const hash = createHash('sha256').update(JSON.stringify([command, process.version, process.platform, process.arch]))
  for (const path of [...inputs, ...outputs].flatMap(expand)) {
    hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path))
  }
  return hash.digest('hex')
}

function expand(pattern) {
  if (pattern.startsWith('*')) {
    const files = readdirSync(root).filter(file => file.endsWith(pattern.slice(1)))
    return files.sort().map(file => join(root, file))
  }
  const path = join(root, pattern)
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true })
    .map(file => join(path, file))
    .filter(file => statSync(file).isFile())
    .sort()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await setup().catch(error => {
    console.error(`\n${error.message}`)
    process.exitCode = 1
  })
}
