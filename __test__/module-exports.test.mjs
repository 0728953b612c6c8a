// What the package exports: the same under both module systems, and as its types say.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { promisify } from 'node:util'
import * as imported from 'smartrecruiters'
import ts from 'typescript'

const require = createRequire(import.meta.url)
const required = require('smartrecruiters')

test('import gives exactly what require gives', () => {
  // Classes are equal only if they are the same.
  assert.deepEqual({ ...imported }, { ...required })
})

test('an import works where a global `require` looks in another folder', async () => {
  // `node -e` has one, which looks in the working directory.
  const url = new URL('../index.mjs', import.meta.url).href
  const program = `import(${JSON.stringify(url)}).then(({ OAuthApp }) => console.log(typeof require, OAuthApp.name))`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: tmpdir() })
  assert.equal(stdout.trim(), 'function OAuthApp')
})

test('each class is called what it is exported as', () => {
  // A bundler may rename it, which stack traces and `util.inspect` then show.
  for (const [name, { name: own }] of Object.entries(required)) assert.equal(own, name)
})

test('the types declare exactly the values that there are, for import and for require', () => {
  const { exports } = require('smartrecruiters/package.json')
  const files = ['import', 'require'].map(condition => require.resolve(`../${exports['.'][condition].types}`))
  const options = { module: ts.ModuleKind.NodeNext, skipLibCheck: true }
  const program = ts.createProgram(files, options)
  const checker = program.getTypeChecker()
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file))
    const values = checker.getExportsOfModule(module).filter(symbol => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return target.flags & ts.SymbolFlags.Value
    })
    assert.deepEqual(values.map(value => value.name).sort(), Object.keys(required).sort(), file)
  }
})

test('the tools for tests are the same for import and require', async () => {
  assert.deepEqual({ ...(await import('smartrecruiters/testing')) }, { ...require('smartrecruiters/testing') })
})

test('the handlers for the web are the same for import and require', async () => {
  assert.deepEqual({ ...(await import('smartrecruiters/web')) }, { ...require('smartrecruiters/web') })
})

test('the handlers for the web use the public face alone', () => {
  const folder = new URL('../lib/web/', import.meta.url)
  const imports = readdirSync(folder).flatMap(file => {
    const { importedFiles } = ts.preProcessFile(readFileSync(new URL(file, folder), 'utf8'), true, true)
    return importedFiles.map(({ fileName }) => fileName)
  })
  const others = imports.filter(name => !/^(node:|\.\/[\w-]+\.js$)/.test(name))
  assert.ok(imports.length > 20, 'the imports were not found')
  // The second holds no state: the bundle has a copy of its own.
  assert.deepEqual([...new Set(others)].toSorted(), ['../index.js', '../members.js'])
})

test('the suite for stores needs nothing but Node', async () => {
  const program = `
    const { checkStore } = require('smartrecruiters/testing')
    checkStore(() => ({ load() {}, swap() {}, due: () => [] })).catch(() => {})
    console.log(JSON.stringify(Object.keys(require.cache)))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program], { cwd: import.meta.dirname })
  assert.deepEqual(JSON.parse(stdout), [require.resolve('smartrecruiters/testing')])
})

test('nothing of the native addon is exported', () => {
  assert.deepEqual(
    Object.keys(required).filter(name => /native|napi/i.test(name)),
    [],
  )
})
