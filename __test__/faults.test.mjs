// `npm run faults`: the rows of the matrix and its page belong together, and those scenarios that are short come out as
// they must.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { outcomes, scenario } from '../faults/checks.mjs'
import { committedPage, headOf } from '../faults/page.mjs'
import { ROWS } from '../faults/rows.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

test('each row of the matrix has a check, or says what is not covered', () => {
  assert.ok(ROWS.length > 50, 'there are no rows')
  assert.equal(new Set(ROWS.map(({ id }) => id)).size, ROWS.length)
  for (const { id, checks, open } of ROWS) assert.ok(checks.length > 0 || open, id)
  const files = ROWS.flatMap(({ checks }) => checks.filter(({ kind }) => kind === 'test').map(({ file }) => file))
  assert.deepEqual(
    files.filter(file => !existsSync(`${root}/${file}`)),
    [],
  )
})

test('docs/reliability.md has exactly the rows of the matrix', () => {
  const page = committedPage()
  for (const row of ROWS) assert.ok(page.includes(headOf(row)), `run \`npm run faults\`: ${row.id} is not on the page`)
  assert.equal([...page.matchAll(/^\*\*[A-H]\d+\.\*\*/gm)].length, ROWS.length)
})

test('a test that is not there fails its row', () => {
  const check = scenario('calls', 'no such test')
  const [outcome] = outcomes(check, { results: [{ name: 'another', state: 'passed' }], broken: [] })
  assert.equal(outcome.state, 'failed')
  assert.match(outcome.reason, /no test with this name/)
})

test('the short scenarios come out as they must', async t => {
  // A test that runs tests has to say that it is none of them.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, [`${root}/faults/run.mjs`, '--short'], { env })
  assert.match(stdout, /all passed$/m)
  for (const line of stdout.trim().split('\n')) t.diagnostic(line)
})
