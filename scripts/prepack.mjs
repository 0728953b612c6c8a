// Before `npm pack`: refuses to make a package without what has to be built.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const missing = [
  ...['dist/index.js', 'dist/index.d.ts', 'dist/load-failure.js'].filter(file => !existsSync(join(root, file))),
  ...(readdirSync(root).some(file => file.endsWith('.node')) ? [] : ['the native addon (*.node)']),
]
if (missing.length > 0) {
  console.error(`The package is not built, so it would lack ${missing.join(', ')}. Run \`npm run build\` first.`)
  process.exitCode = 1
}
