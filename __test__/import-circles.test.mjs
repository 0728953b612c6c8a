// No file of the face, the sandbox or the command line imports a file that leads back to it, not even for a type: each
// can be read with only the files below it in mind.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'

/** The files of a folder with their text, by their path in it. */
function sources(folder) {
  const url = new URL(`../${folder}/`, import.meta.url)
  return Object.fromEntries(
    readdirSync(url, { recursive: true })
      .map(path => path.replaceAll('\\', '/'))
      .filter(path => path.endsWith('.ts'))
      .map(path => [path, readFileSync(new URL(path, url), 'utf8')]),
  )
}

/** Which of `files` each of them imports. Imports of packages, and of what lies outside the folder, are left out. */
function graphOf(files) {
  return new Map(
    Object.entries(files).map(([path, text]) => {
      const imported = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
      const inside = imported
        .filter(name => name.startsWith('.'))
        .map(name => posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts'))
        .filter(name => !name.startsWith('..'))
      for (const name of inside) assert.ok(name in files, `${path} imports ${name}, which was not found`)
      return [path, new Set(inside)]
    }),
  )
}

/** The groups of files that lead to each other, each sorted. */
function circles(graph) {
  const reached = new Map([...graph.keys()].map(path => [path, reachedFrom(path, graph)]))
  const groups = [...graph.keys()]
    .filter(path => reached.get(path).has(path))
    .map(path => [...reached.get(path)].filter(other => reached.get(other).has(path)).sort())
  return [...new Set(groups.map(group => group.join(' ')))].sort()
}

function reachedFrom(path, graph) {
  const reached = new Set()
  const follow = from => {
    for (const to of graph.get(from)) {
      if (reached.has(to)) continue
      reached.add(to)
      follow(to)
    }
  }
  follow(path)
  return reached
}

for (const [folder, least] of [
  ['lib', 25],
  ['packages/sandbox/src', 35],
  ['packages/cli/src', 12],
]) {
  test(`no import circle in ${folder}`, () => {
    const graph = graphOf(sources(folder))
    const imports = [...graph.values()].reduce((sum, { size }) => sum + size, 0)
    assert.ok(graph.size >= least && imports > 2 * least, `found ${graph.size} files and ${imports} imports only`)
    assert.deepEqual(circles(graph), [])
  })
}

test('circles of values, of types and of lazy imports would be found', () => {
  const files = {
    'a.ts': "import { b } from './folder/b.js'",
    'folder/b.ts': "import type { C } from '../c.js'\nimport fs from 'node:fs'",
    'c.ts': "export { a } from './a.js'",
    'd.ts': "const { e } = require('./e.js') as typeof import('./e.js')",
    'e.ts': "const d = await import('./d.js')\nimport './a.js'",
    'self.ts': "import './self.js'",
    'alone.ts': "import './e.js'\nimport type { Native } from '../index.js'",
  }
  assert.deepEqual(circles(graphOf(files)), ['a.ts c.ts folder/b.ts', 'd.ts e.ts', 'self.ts'])
})

test('an import that leads to no file would be found', () => {
  assert.throws(() => graphOf({ 'a.ts': "import './b.js'" }), /a\.ts imports b\.ts, which was not found/)
})
