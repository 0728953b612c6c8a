// `node scripts/release/stage.mjs platforms|main`: stages packages of `npm/` on npm. Staged packages are not public: a
// maintainer approves each of them, with a second factor. The workflow stages all platforms before the package that
// depends on them.

import { join } from 'node:path'
import { manifest, PLATFORMS } from '../platforms.mjs'
import { root, run } from '../setup.mjs'

/** What is staged by each job, in this order. */
export const PARTS = { platforms: Object.keys(PLATFORMS), main: [manifest.name] }

const folders = PARTS[process.argv[2]]
if (folders === undefined) throw new Error(`name one of these: ${Object.keys(PARTS).join(', ')}`)
// npm has the identity of the workflow, and adds the provenance by itself.
for (const folder of folders) await run(['npm', 'stage', 'publish', '--access', 'public', join(root, 'npm', folder)])
