// The public types as the compiler sees them: what is optional may be `undefined`, and no name is the addon's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url)).replaceAll('\\', '/')
const entries = [
  'dist/index.d.ts',
  'dist/testing.d.ts',
  'dist/api.d.ts',
  'dist/web/index.d.ts',
  'packages/sandbox/dist/index.d.ts',
].map(file => root + file)

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
}

/** Every property and method that the exports of `files` lead to and that is declared in one of `folders`. */
function members(program, files, folders) {
  const checker = program.getTypeChecker()
  const found = new Set()
  const isOurs = ({ fileName }) =>
    !fileName.includes('/node_modules/') && folders.some(folder => fileName.startsWith(folder))
  const visit = node => {
    if (ts.isTypeElement(node) || ts.isClassElement(node) || ts.isFunctionDeclaration(node)) found.add(node)
    // Users construct no errors.
    if (ts.isConstructorDeclaration(node) && node.parent.name.text.endsWith('Error')) return
    if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) return
    if (ts.isIdentifier(node)) follow(checker.getSymbolAtLocation(node))
    ts.forEachChild(node, visit)
  }
  const seen = new Set()
  const follow = symbol => {
    if (symbol === undefined) return
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    if (seen.has(target)) return
    seen.add(target)
    for (const declaration of target.declarations ?? []) {
      if (isOurs(declaration.getSourceFile())) visit(declaration)
    }
  }
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file))
    for (const symbol of checker.getExportsOfModule(module)) follow(symbol)
  }
  const isProperty = node => ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)
  return {
    checker,
    found: [...found],
    optional: [...found].filter(isProperty).filter(({ questionToken }) => questionToken !== undefined),
  }
}

/** `ClientOptions.timeout`, from the outermost declaration. */
function path(node) {
  const outer = node.parent === undefined ? '' : path(node.parent)
  const name = node.name?.getText()
  return [outer, name].filter(Boolean).join('.')
}

/** The optional properties that may be left out, but not be `undefined`. */
function exact({ checker, optional }) {
  const takes = ts.TypeFlags.Undefined | ts.TypeFlags.Unknown
  return optional
    .filter(({ type }) => {
      const given = checker.getTypeFromTypeNode(type)
      return !(given.isUnion() ? given.types : [given]).some(({ flags }) => flags & takes)
    })
    .map(path)
    .sort()
}

test('every optional property may be undefined, so that exactOptionalPropertyTypes gets in nobody’s way', () => {
  const program = ts.createProgram(entries, options)
  const found = members(program, entries, [`${root}dist/`, `${root}packages/`, `${root}index.d.ts`])
  const paths = found.optional.map(path)
  assert.ok(paths.length > 100, 'the optional properties were not found')
  for (const known of ['ClientOptions.timeout', 'LimitOptions.endpoints.perSecond', 'SandboxOptions.port']) {
    assert.ok(paths.includes(known), known)
  }
  assert.deepEqual(exact(found), [])
})

test('an optional property that may not be undefined would be found', () => {
  const file = '/planted.d.ts'
  const text = `
    interface Inner { exact?: string; fine?: string | undefined; unknown?: unknown }
    export declare function call(options?: { inner: readonly Inner[]; deep?: 1 }): Promise<{ result?: number }>
  `
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : getSourceFile(name, ...rest)
  host.fileExists = name => name === file || fileExists(name)
  host.readFile = name => (name === file ? text : readFile(name))
  const program = ts.createProgram([file], options, host)
  assert.deepEqual(exact(members(program, [file], [file])), ['Inner.exact', 'call.options.deep', 'call.result'])
})

test('what editors show of a member has no name of the addon', () => {
  const program = ts.createProgram(entries, options)
  const { checker, found } = members(program, entries, [`${root}dist/`, `${root}packages/`])
  const shown = found.map(node => {
    const type = ts.isConstructorDeclaration(node)
      ? checker.signatureToString(checker.getSignatureFromDeclaration(node))
      : checker.typeToString(checker.getTypeAtLocation(node), undefined, ts.TypeFormatFlags.NoTruncation)
    return `${path(node)}: ${type}`
  })
  assert.ok(shown.includes('NetworkError.kind: NetworkKind | undefined'), 'the members were not found')
  assert.deepEqual(
    shown.filter(text => /\bNative[A-Z]/.test(text)),
    [],
  )
})
