/** `npm run test:js`: the tests in JavaScript. */

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root } from './setup.mjs'

const FOLDERS = ['__test__', 'packages/sandbox/test', 'packages/cli/test']
/** How long a test may take, in milliseconds. */
const LONGEST = 600_000
/**
 * How many test files run at once. One processor is left to the programs that tests start. With two processors, two files
 * still run at once, since tests often wait.
 */
const AT_ONCE = Math.max(2, availableParallelism() - 1)

const files = FOLDERS.flatMap(folder =>
  readdirSync(join(root, folder))
    .filter(name => name.endsWith('.test.mjs'))
    .sort()
    .map(name => join(folder, name)),
)
const args = ['--test', `--test-concurrency=${AT_ONCE}`, `--test-timeout=${LONGEST}`, ...files]
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1
