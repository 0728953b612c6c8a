// Each error code has a page, and `error.help` leads there.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ApiKey } from 'smartrecruiters'
import { EXAMPLES } from './support/examples.mjs'

const root = new URL('../', import.meta.url)
const text = file => readFile(new URL(file, root), 'utf8')

/** Each code with its class. The last one is that of the error when the addon cannot be loaded. */
async function classes() {
  const [, table] = /const CLASSES: .* = \{\n(.*?)\n\}/s.exec(await text('lib/errors.ts'))
  const found = [...table.matchAll(/^ {2}(\w+): (\w+),$/gm)].map(([, code, name]) => [code, name])
  assert.ok(found.length >= 29, 'no codes were found')
  return new Map([...found, ['ADDON_NOT_LOADED', 'AddonError']])
}

test('each code has a page, and each page a code', async () => {
  const pages = (await readdir(new URL('docs/errors', root))).map(file => file.replace(/\.md$/, ''))
  assert.deepEqual(pages.sort(), [...(await classes()).keys()].sort())
})

test('each page says what happened, why and what to do, and names the class', async () => {
  for (const [code, name] of await classes()) {
    const page = await text(`docs/errors/${code}.md`)
    assert.deepEqual(page.match(/^#+ .*$/gm), [`# ${code}`, '## Why', '## What to do', '## Example'], code)
    assert.ok(page.includes(`The class is \`${name}\`.`), code)
  }
})

test('each example shows that the error is what it says', async () => {
  for (const code of (await classes()).keys()) {
    const [example, ...others] = EXAMPLES.filter(({ page }) => page === `docs/errors/${code}.md`)
    assert.deepEqual(others, [])
    // `docs.test.mjs` compares the output with that of the program.
    if (example !== undefined) assert.ok(example.output.includes(code), code)
    else assert.ok(['INTERNAL', 'ADDON_NOT_LOADED'].includes(code), code)
  }
})

test('error.help is the address of a page that the package has', async () => {
  const { name, files } = JSON.parse(await text('package.json'))
  assert.throws(
    () => new ApiKey(''),
    ({ help }) => help === `https://unpkg.com/${name}/docs/errors/CONFIGURATION.md`,
  )
  assert.ok(files.includes('docs/errors'))
})

test('docs/errors.md leads to each page', async () => {
  const page = await text('docs/errors.md')
  for (const code of (await classes()).keys()) assert.ok(page.includes(`](errors/${code}.md)`), code)
})
