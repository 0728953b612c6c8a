// The addon's own functions, called directly with memory that JavaScript takes away. The face copies bytes before it
// passes them on, so only code that reaches below it can do this; it must not crash the process either.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The functions of the addon that take bytes, or say how many they want, as its declarations have them. */
function takingBytes() {
  const declarations = readFileSync(new URL('../index.d.ts', import.meta.url), 'utf8')
  const methods = [...declarations.matchAll(/^ {2}(\w+)\((.*)\): .*$/gm)]
  return methods
    .filter(([, , parameters]) => /Uint8Array|Bytes\b(?!.*CallId)|NativeRead\b/.test(parameters))
    .map(([, name]) => name)
}

test('no function that takes bytes crashes when their memory is detached, resized, shared or transferred', t => {
  const program = fileURLToPath(new URL('./processes/native-boundary.mjs', import.meta.url))
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', program], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr)
  const { functions, outcomes } = JSON.parse(stdout)
  assert.deepEqual(functions.toSorted(), takingBytes().toSorted())
  assert.ok(outcomes > 100, `only ${outcomes} calls had an outcome`)
  t.diagnostic(`${outcomes} calls of ${functions.length} functions`)
})
