// Installs the package from a clone of this repository, as it is committed: the package manager runs `prepare`, which
// builds the addon.

import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../setup.mjs'
import { nodeBinary, tool } from './tools.mjs'
import { run } from './world.mjs'

const NPM = '11.21.2'
/** A whole build with all optimizations. */
const LONG = 1_800_000

export const gitCells = [
  {
    ...{ section: 'git', name: 'npm 11', version: NPM, light: false },
    columns: { 'from git': installs },
  },
]

async function installs(world) {
  const node = await nodeBinary(24)
  const npm = join(await tool(`npm@${NPM}`), 'npm', 'bin', 'npm-cli.js')
  const project = await world.project('git')
  const options = {
    cwd: project.folder,
    timeout: LONG,
    env: {
      ...world.env,
      npm_config_cache: project.options.env.npm_config_cache,
      // What the checkout has compiled is not compiled again.
      CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(root, 'target'),
      CARGO_HOME: process.env.CARGO_HOME ?? join(homedir(), '.cargo'),
    },
  }
  // The build needs packages that only the registry of this machine has.
  await run(['rm', '-f', '.npmrc'], options)
  await run([node, npm, 'install', `git+${pathToFileURL(root).href.replace(/\/$/, '')}`], options)
  for (const program of ['import.mjs', 'require.cjs']) {
    assert.equal((await run([node, program], project.options)).stdout, 'done\n')
  }
}
