// Makes what follows from `api/`: `npm run generate`. With `--check` it changes nothing, and fails if a file is stale.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { cli } from './generate/cli.mjs'
import { events } from './generate/events.mjs'
import { readApi } from './generate/read.mjs'
import { reference } from './generate/reference.mjs'
import { rust } from './generate/rust.mjs'
import { sandbox } from './generate/sandbox.mjs'
import { types } from './generate/types.mjs'

const root = new URL('../', import.meta.url)

/** The makers of files: each returns the texts of its files by their paths. */
const MAKERS = [reference, rust, sandbox, types, events, cli]

/** Returns the texts of all generated files by their paths in the checkout. */
export function generated(api = readApi()) {
  return Object.assign({}, ...MAKERS.map(make => make(api)))
}

/** Returns the paths of the generated files that differ from what `api/` says. */
export function stale() {
  return Object.entries(generated())
    .filter(([path, text]) => read(path) !== text)
    .map(([path]) => path)
}

function read(path) {
  const url = new URL(path, root)
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const paths = stale()
  if (process.argv.includes('--check')) {
    for (const path of paths) console.error(`${path} is stale: run \`npm run generate\``)
    process.exitCode = paths.length > 0 ? 1 : 0
  } else {
    const texts = generated()
    for (const path of paths) writeFileSync(new URL(path, root), texts[path])
    console.error(paths.length > 0 ? `generated ${paths.join(', ')}` : 'everything generated is up to date')
  }
}
