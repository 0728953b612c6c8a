// A panic in native code is an error of JavaScript only where it is caught.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../scripts/setup.mjs'

/** The attribute of an exported function, and its name. Attributes and comments may stand between them. */
const EXPORTED = /#\[napi(\((?:"[^"]*"|[^"\]])*\))?\](?:\s|#\[[^\]]*\]|\/\/[^\n]*)*pub(?:\(\w+\))? (?:async )?fn (\w+)/g

test('every exported function catches its panics', t => {
  const binding = join(root, 'src', 'binding')
  const files = readdirSync(binding, { recursive: true }).filter(file => file.endsWith('.rs'))
  const exported = files.flatMap(file => [...readFileSync(join(binding, file), 'utf8').matchAll(EXPORTED)])
  assert.ok(exported.length > 80, 'they were not found')
  const without = exported.filter(([, attribute]) => !attribute?.includes('catch_unwind')).map(([, , name]) => name)
  assert.deepEqual(without, [])
  t.diagnostic(`figure: ${exported.length} of ${exported.length}`)
})
