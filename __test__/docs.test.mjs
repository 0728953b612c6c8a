// Every example of docs/testing.md runs as it stands, in a process of its own, which ends by itself.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'

const text = await readFile(new URL('../docs/testing.md', import.meta.url), 'utf8')
const examples = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code)
/** What a child gets of this process: not that it is a part of a run of tests. */
const { NODE_TEST_CONTEXT: _, ...env } = process.env

test('docs/testing.md has an example for each tool', () => {
  assert.equal(examples.length, 5)
  for (const name of ['startSandbox', 'startBridge', 'msw', 'nock', 'undici']) {
    assert.ok(
      examples.some(code => code.includes(name)),
      name,
    )
  }
})

for (const [index, code] of examples.entries()) {
  const heading = text
    .slice(0, text.indexOf(code))
    .match(/^#+ .*$/gm)
    .at(-1)
  test(`example ${index + 1}, under "${heading}", runs`, async () => {
    const args = ['--input-type=module', '--eval', code]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      cwd: import.meta.dirname,
      env,
      timeout: 60_000,
    })
    assert.equal(stderr, '')
    const [said] = /(?<=console\.log\(.*\) \/\/ ).*/.exec(code) ?? []
    if (said !== undefined) assert.equal(stdout, `${said}\n`)
    assert.doesNotMatch(stdout, /^not ok/m)
  })
}
