/** Real addons for other platforms: those of a package on npm that has one for each. */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const VERSION = '1.10.8'

/** The bytes of an addon for `platform`, such as `darwin-arm64`. */
export async function foreignAddon(platform) {
  const folder = await mkdtemp(join(tmpdir(), 'foreign-addon-'))
  try {
    // `npm install` refuses what is for another platform.
    const command = ['pack', '--silent', '--prefer-offline', `@node-rs/crc32-${platform}@${VERSION}`]
    const { stdout } = await exec('npm', command, { cwd: folder, shell: process.platform === 'win32' })
    await exec('tar', ['-xzf', stdout.trim()], { cwd: folder })
    return await readFile(join(folder, 'package', `crc32.${platform}.node`))
  } finally {
    await rm(folder, { recursive: true })
  }
}
