// Each promise of docs/guarantees.md names the tests that show it, and they exist.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const page = new URL('../docs/guarantees.md', import.meta.url)
const text = readFileSync(page, 'utf8')
const promises = text.split(/^(?=\*\*)/m).slice(1)

test('every promise names a test', () => {
  assert.ok(promises.length > 10)
  for (const promise of promises) assert.match(promise, /^- \[.+\]\(.+\):\s+"/m, promise)
})

for (const [, what, file, title] of text.matchAll(/^- \[(.+?)\]\((.+?)\):\s+"(.+)"$/gm)) {
  test(`${what}: ${title}`, () => {
    // Some titles begin with a value.
    assert.ok(readFileSync(new URL(file, page), 'utf8').includes(title), `${file} has no such test`)
  })
}
