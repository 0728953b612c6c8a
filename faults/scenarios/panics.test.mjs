// A panic in native code is an error of JavaScript only where it is caught.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../scripts/setup.mjs'
import { needs, runProgram } from '../support/children.mjs'
import { bindingFiles, exportedFunctions, panickingAddon } from '../support/panicking-addon.mjs'

/** How long a step of the tour may take, in milliseconds: longer than the core waits for a store's answer. */
const PATIENCE = 30_000
/** Without these, every write to a store seems to fail. The core tries a write again for longer than the tour waits. */
const WAITED_FOR = ['NativeCustomStore.swapped', 'NativeCustomStore.failed']
/** Processes at once. */
const PROCESSES = 2

test('every exported function catches its panics', t => {
  const exported = bindingFiles().flatMap(({ file, text }) => exportedFunctions(text, file))
  assert.ok(exported.length > 80, 'they were not found')
  const without = exported.filter(({ catches }) => !catches).map(({ name }) => name)
  assert.deepEqual(without, [])
  t.diagnostic(`figure: ${exported.length} of ${exported.length}`)
})

test('every exported function panics in turn', {
  skip: needs({ linux: true, programs: { cargo: 'cargo' } }),
}, async t => {
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(folder, { recursive: true }))
  const { addon, names } = await panickingAddon()
  const tour = (more, patience = PATIENCE) =>
    runProgram(
      'tour',
      { patience },
      {
        env: {
          SMARTRECRUITERS_TORTURE_ADDON: addon,
          NODE_OPTIONS: `--require ${join(root, 'torture', 'preload.cjs')}`,
          ...more,
        },
      },
    )
  const reachedFile = join(folder, 'reached')
  const calm = await tour({ FAULTS_REACHED: reachedFile })
  assert.equal(calm.code, 0, calm.stderr)
  const reached = [...new Set((await readFile(reachedFile, 'utf8')).trim().split('\n'))]
  assert.deepEqual(
    names.filter(name => !reached.includes(name)),
    [],
    'the tour does not reach them',
  )

  const broken = []
  const queue = [...reached]
  const work = async () => {
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const isWaitedFor = WAITED_FOR.includes(name)
      const { code, signal, stdout, stderr } = await tour({ FAULTS_PANIC: name }, isWaitedFor ? 2000 : PATIENCE)
      if (code !== 0) {
        broken.push(`${name}: the process ends with ${signal ?? code}: ${stderr.trim().split('\n').at(-1)}`)
        continue
      }
      if (!stderr.includes('injected')) broken.push(`${name}: it did not panic`)
      const wanted = isWaitedFor ? /^(ok|error|never ends)$/ : /^(ok|error)$/
      const wrong = Object.entries(JSON.parse(stdout)).filter(([, outcome]) => !wanted.test(outcome))
      if (wrong.length > 0) broken.push(`${name}: ${wrong.map(step => step.join(': ')).join(', ')}`)
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, work))
  assert.deepEqual(broken, [])
  t.diagnostic(`figure: ${reached.length} of ${names.length} functions panic, and every process goes on`)
})
