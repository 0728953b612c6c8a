/**
 * `node scripts/run-platform.mjs linux-arm64-gnu qemu-aarch64 -L /usr/aarch64-linux-gnu path/to/node`: installs the
 * package with the addon that `build-platform.mjs` built into a new project, and runs it there with a Node for that
 * platform. Without a command, this Node runs it.
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPackages } from './build-packages.mjs'
import { packageOf } from './platforms.mjs'
import { root, run } from './setup.mjs'

const [platform, ...command] = process.argv.slice(2)
const project = mkdtempSync(join(tmpdir(), 'smartrecruiters-platform-'))
try {
  const modules = join(project, 'node_modules')
  mkdirSync(modules)
  const main = buildPackages(join(root, 'npm'), { partial: true })
  cpSync(main, join(modules, 'smartrecruiters'), { recursive: true })
  cpSync(join(root, 'npm', platform), join(modules, packageOf(platform)), { recursive: true })
  symlinkSync(join(root, 'packages', 'sandbox'), join(modules, 'smartrecruiters-sandbox'), 'junction')
  cpSync(join(root, 'examples', 'main-job.mjs'), join(project, 'main-job.mjs'))
  cpSync(join(root, 'scripts', 'platform-program.mjs'), join(project, 'program.mjs'))
  const node = command.length === 0 ? [process.execPath] : command
  await run([...node, 'program.mjs'], { cwd: project, shell: false })
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(project, { recursive: true })
}
