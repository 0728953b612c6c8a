// What package managers run after a clone, when this package is installed from git: it builds what is not committed. It
// needs Rust, as every build from source does. A package from the registry has no script.

import { setup } from './setup.mjs'

// `npm run build` installs the dependencies itself, and goes on when they are there.
if (process.env.SMARTRECRUITERS_SETUP === undefined) {
  await setup({ dependencies: false }).catch(error => {
    console.error(`\n${error.message}`)
    process.exitCode = 1
  })
}
