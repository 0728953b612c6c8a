// The addon's own functions with generated arguments, in a process of its own: whatever they are given, they refuse it or
// do their work, and do not crash.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const { FUZZ_SEED: seed = '1', FUZZ_CALLS: calls = '25000' } = process.env

test(`${calls} generated calls of all functions of the addon do not crash it`, t => {
  const folder = mkdtempSync(join(tmpdir(), 'smartrecruiters-fuzz-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const program = fileURLToPath(new URL('./processes/fuzz-native.mjs', import.meta.url))
  const log = join(folder, 'calls.log')
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, log, seed, calls], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 120_000 + Number(calls) * 2,
  })
  const last = () => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-3).join('\n')
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, `${stderr}\nThe last calls:\n${last()}`)
  const { functions, notCalled, wrong, ...counts } = JSON.parse(stdout)
  assert.deepEqual(wrong, [])
  assert.deepEqual(notCalled, [])
  assert.ok(functions > 80, `only ${functions} functions were found: the search itself is broken`)
  assert.ok(counts.returned > counts.calls / 5, `only ${counts.returned} calls were accepted`)
  t.diagnostic(JSON.stringify(counts))
})
