// What package managers run after a clone, when this package is installed from git: it builds what is not committed. It
// needs Rust, as every build from source does. A package from the registry has no script.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, setup } from './setup.mjs'

// `npm pack` and `npm install` in a checkout run this too, and need no build if there is one.
const built = existsSync(join(root, 'dist')) && readdirSync(root).some(file => file.endsWith('.node'))
// `npm run build` installs the dependencies itself, and goes on when they are there.
const building = process.env.SMARTRECRUITERS_SETUP !== undefined

if (!built && !building) {
  await setup({ dependencies: false }).catch(error => {
    console.error(`\n${error.message}`)
    process.exitCode = 1
  })
}
