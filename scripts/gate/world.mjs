// What the programs of the gate need around them: a registry with our packages, and a sandbox to call.

import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifest, PLATFORMS } from '../platforms.mjs'
import { root } from '../setup.mjs'
import { problems } from './check.mjs'
import { stage } from './pack.mjs'
import { startRegistry } from './registry.mjs'
import { cleanEnvironment } from './tools.mjs'

/** A program that takes this long hangs. */
const HANGING = 300_000

/**
 * Checks all packages, publishes them into a registry of its own, and starts a sandbox. `close()` removes all of it.
 *
 * @param {string} from the folder of packages with the addons of all platforms; by default they are built here
 */
export async function openWorld(from) {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-gate-'))
  // A program that runs as another user reads it.
  await chmod(folder, 0o755)
  const packages = from ?? join(folder, 'packages')
  const wrong = problems(packages, from === undefined ? stage(packages) : Object.keys(PLATFORMS))
  if (wrong.length > 0) {
    await rm(folder, { recursive: true })
    throw new Error(wrong.join('\n'))
  }
  const registry = await startRegistry()
  const { startSandbox } = createRequire(import.meta.url)(join(root, 'packages', 'sandbox'))
  const sandbox = await startSandbox()
  const made = new Map()
  const world = {
    folder,
    packages,
    registry,
    sandbox,
    /** The environment of a program that calls the sandbox. */
    env: { ...cleanEnvironment, SANDBOX_URL: sandbox.baseUrl, SANDBOX_KEY: sandbox.apiKey },
    /** Makes something once, for all who need it. */
    once(name, make) {
      if (!made.has(name)) made.set(name, make())
      return made.get(name)
    },
    /**
     * Creates a project with the consumers' programs and without a dependency. Its package manager knows the registry,
     * and has a home and caches of its own.
     */
    async project(title, files = {}) {
      const name = title.toLowerCase().replaceAll(/\W+/g, '-')
      const project = join(folder, name)
      const home = join(folder, `${name}-home`)
      await mkdir(home, { recursive: true })
      await mkdir(project, { recursive: true })
      const settings = {
        'package.json': `${JSON.stringify({ name: 'consumer', version: '1.0.0', private: true }, null, 2)}\n`,
        '.npmrc': `registry=${registry.url}\n//${new URL(registry.url).host}/:_authToken=any\n`,
        ...files,
      }
      for (const [file, text] of Object.entries(settings)) await writeFile(join(project, file), text)
      await cp(new URL('consumer', import.meta.url), project, { recursive: true })
      const options = {
        cwd: project,
        env: {
          ...world.env,
          HOME: home,
          XDG_DATA_HOME: join(home, 'data'),
          XDG_CACHE_HOME: join(home, 'cache'),
          npm_config_cache: join(home, 'npm'),
          DENO_DIR: join(home, 'deno'),
          NPM_CONFIG_REGISTRY: registry.url,
        },
      }
      return { folder: project, options }
    },
    async close() {
      registry.close()
      await sandbox.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    const { options } = await world.project('publisher')
    for (const name of [...Object.keys(PLATFORMS), manifest.name]) {
      await run(['npm', 'publish', join(packages, name), '--provenance=false', '--ignore-scripts'], options)
    }
  } catch (error) {
    await world.close()
    throw error
  }
  return world
}

/** Runs a program to its end; rejects with all that it printed if it fails. */
export function run([command, ...args], options) {
  return new Promise((resolve, reject) => {
    const all = { timeout: HANGING, maxBuffer: 2 ** 26, ...options }
    execFile(command, args, all, (error, stdout, stderr) => {
      if (error === null) return resolve({ stdout, stderr })
      const end = error.killed ? 'was stopped, since it hung' : `ended with ${error.signal ?? error.code}`
      reject(new Error(`\`${[command, ...args].join(' ')}\` ${end}\n${stdout}\n${stderr}`))
    }).stdin.end()
  })
}
