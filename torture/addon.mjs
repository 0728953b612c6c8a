/** The addon with the feature `torture`: built beside the shipped one, which has none of it. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ADDON, make, root } from '../scripts/setup.mjs'

const FOLDER = join('target', 'torture')

/** Builds it if it is not up to date; its path. */
export async function tortureAddon() {
  await make({
    ...ADDON,
    name: 'torture addon',
    outputs: [FOLDER],
    command: [...ADDON.command.slice(0, -1), 'node,torture', '--output-dir', FOLDER],
  })
  const [name] = readdirSync(join(root, FOLDER)).filter(file => file.endsWith('.node'))
  return join(root, FOLDER, name)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await tortureAddon()
