/** Writes what a whole run came to, and fails it if a client failed. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes `data` into `folder`, if there is one, and what `render` makes of it unless a client failed: `{ file: text }`.
 * `failures` are sentences.
 */
export function writeResults(folder, data, failures, render) {
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true })
    const files = { 'results.json': `${JSON.stringify(data)}\n`, ...(failures.length === 0 ? render(data) : {}) }
    for (const [name, text] of Object.entries(files)) {
      if (text !== undefined) writeFileSync(join(folder, name), text)
    }
    console.log(`\nwritten: ${Object.keys(files).join(', ')}`)
  }
  if (failures.length > 0) {
    console.error(`\nThe run failed:\n${failures.join('\n')}`)
    process.exitCode = 1
  }
}
