/** The folder of the command line: its place, and how files in it are written. */

import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Context } from '../context.js'

/** Returns the folder that profiles, grants and the key are in. It may not exist. */
export function folderOf(context: Context): string {
  const own = context.variable('SMARTRECRUITERS_CONFIG_DIR')
  if (own !== undefined) return resolve(own)
  const shared =
    (process.platform === 'win32' ? context.variable('APPDATA') : context.variable('XDG_CONFIG_HOME')) ??
    join(homedir(), '.config')
  return join(shared, 'smartrecruiters')
}

/** Returns the text of a file, or `undefined` if there is none. */
export async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes a file that only its owner can read, with the folders above it. Readers see the old text or the new one. */
export async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomUUID()}`
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
