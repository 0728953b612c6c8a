// `node scripts/release/stage.mjs platforms|main|tools`: stages packages on npm. Staged packages are not public: a
// maintainer approves each of them, with a second factor. The workflow stages what a package depends on before it.

import { join } from 'node:path'
import { manifest, PLATFORMS } from '../platforms.mjs'
import { root, run } from '../setup.mjs'
import { TOOLS } from './tools.mjs'

/** The folders of what each job stages, in this order. */
export const PARTS = {
  platforms: Object.keys(PLATFORMS).map(platform => join('npm', platform)),
  main: [join('npm', manifest.name)],
  tools: TOOLS.map(({ folder }) => folder),
}

const folders = PARTS[process.argv[2]]
if (folders === undefined) throw new Error(`name one of these: ${Object.keys(PARTS).join(', ')}`)
// npm has the identity of the workflow, and adds the provenance by itself.
for (const folder of folders) await run(['npm', 'stage', 'publish', '--access', 'public', join(root, folder)])
