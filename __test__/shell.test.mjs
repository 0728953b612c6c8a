// Every block of shell commands of the READMEs and of the docs runs as it stands, in a folder of its own, against the
// sandbox in place of the live API. What cannot run has a comment before it that says why: `<!-- not run: … -->`.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startSandbox } from 'smartrecruiters-sandbox'
import { PAGES } from './support/examples.mjs'
import { machine, SHELL_BLOCKS } from './support/shell-examples.mjs'

let sandbox

before(async () => {
  const jobs = ['8a2f', '5b1c'].map(id => ({ id, title: 'Nurse', location: { city: 'Berlin' } }))
  const candidates = [{ id: '8a2f', firstName: 'Ada', lastName: 'King', email: 'ada@example.com' }]
  sandbox = await startSandbox({ data: { jobs, candidates } })
  sandbox.route('GET', '/candidates/attachments/{attachmentId}', () => ({ headers: {}, body: '%PDF-1.7' }))
  sandbox.route('GET', '/configuration/sources/{sourceType}/values', () => ({
    totalFound: 1,
    content: [{ id: '1', label: 'x' }],
  }))
})
after(() => sandbox.close())

/** What the page says of the output of some blocks. */
const OUTPUTS = {
  'smartrecruiters --help': said => assert.match(said, /^Usage: smartrecruiters/m),
  'smartrecruiters-sandbox --json': said => assert.ok(JSON.parse(said.trim().split('\n').at(-1)).apiKey),
  '--ndjson | head -n 20': said => assert.match(said, /^\{"id":"8a2f".*\}$/m),
  'title"': said => assert.match(said, /^"Nurse",\n"Nurse"\n\]$/m),
  'smartrecruiters doctor': said => {
    const findings = JSON.parse(said.slice(0, said.indexOf(']') + 1))
    for (const finding of findings) assert.ok(finding.check && finding.status && finding.message, finding)
    const shown = PAGES.find(({ page }) => page === 'docs/cli.md').text.matchAll(/^[✓✗] (\w+)/gm)
    for (const [, name] of shown)
      assert.ok(
        findings.some(({ check }) => check === name),
        name,
      )
  },
}

test('there are shell commands on several pages, and most of them run', () => {
  const run = SHELL_BLOCKS.filter(({ reason }) => reason === undefined)
  assert.ok(run.length >= 20, `${run.length}`)
  assert.ok(new Set(run.map(({ page }) => page)).size >= 5)
  assert.ok(SHELL_BLOCKS.length - run.length <= 8)
  for (const words of Object.keys(OUTPUTS))
    assert.ok(
      run.some(({ code }) => code.includes(words)),
      words,
    )
})

for (const page of new Set(SHELL_BLOCKS.map(block => block.page))) {
  test(`the shell commands of ${page} run, one block after the other`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-shell-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const run = await machine(folder, sandbox)
    for (const { line, heading, code, reason } of SHELL_BLOCKS.filter(block => block.page === page)) {
      if (reason !== undefined) continue
      await t.test(`line ${line}, under "${heading}"`, async () => {
        const { stdout } = await run(code)
        for (const [words, check] of Object.entries(OUTPUTS)) if (code.includes(words)) check(stdout)
      })
    }
  })
}
