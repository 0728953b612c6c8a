// `npm start`: makes the checkout ready, then runs the main job.

import { run, setup } from './setup.mjs'

try {
  await setup()
  console.error()
  await run([process.execPath, 'examples/main-job.mjs'], { stdio: 'inherit', shell: false })
} catch (error) {
  console.error(`\n${error.message}`)
  process.exitCode = 1
}
