// Each promise of docs/guarantees.md, and each threat of docs/security.md, names the tests that show it, and they exist.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const docs = new URL('../docs/', import.meta.url)
const pages = ['guarantees.md', 'security.md'].map(name => [name, readFileSync(new URL(name, docs), 'utf8')])

test('every promise names a test', () => {
  const promises = pages[0][1].split(/^(?=\*\*)/m).slice(1)
  assert.ok(promises.length > 10)
  for (const promise of promises) assert.match(promise, /^- \[.+\]\(.+\):\s+"/m, promise)
})

for (const [page, text] of pages) {
  const references = [...text.matchAll(/^- \[(.+?)\]\((.+?)\):\s+"(.+)"$/gm)]

  test(`the tests that ${page} names exist`, () => {
    assert.ok(references.length > 10)
    for (const [, what, file, title] of references) {
      assert.ok(readFileSync(new URL(file, docs), 'utf8').includes(title), `${what}: ${file} has no such test`)
    }
  })
}
