// The table of the vendor's API: it is complete, it is the only one, and what is generated from it is up to date.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readApi } from '../scripts/generate/read.mjs'
import { generated, stale } from '../scripts/generate.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const api = readApi()

/** The number and the digest of the vendor's operations in November 2026, without the names of their parameters. */
const PUBLISHED = {
  operations: 312,
  digest: 'd580dca27fe5814e6f1f0eb596de736398a1b1ea98ee91aa6483f800029eea10',
}
/** A list: this many different operations in this many lines. */
const LIST = { operations: 5, lines: 6 }

test('every published operation is in the table, once', () => {
  const names = api.operations.map(({ name }) => nameless(name)).sort()
  assert.equal(names.length, PUBLISHED.operations)
  assert.equal(createHash('sha256').update(names.join('\n')).digest('hex'), PUBLISHED.digest)
})

test('everything generated from the table is up to date', () => {
  assert.ok(Object.keys(generated(api)).length > 0)
  assert.deepEqual(stale(), [], 'run `npm run generate`')
})

test('the table holds names, types and numbers, and no sentence', () => {
  const table = readFileSync(`${root}/api/operations.tsv`, 'utf8')
  const schemas = readFileSync(`${root}/api/schemas.yaml`, 'utf8')
  // The reader takes nothing apart from names and types. What is left are comments, and texts in quotes.
  const comments = [...schemas.matchAll(/#(.*)$/gm)].map(([, text]) => text.trim())
  assert.ok(comments.length > 0)
  assert.deepEqual([...new Set(comments)], ['partly inferred'])
  for (const text of [table, schemas.replace(/#.*$/gm, '')]) {
    // Five words in a row that are neither scopes nor parameters.
    assert.deepEqual(
      [...text.matchAll(/(?<![\w|:{}/~-])(?:[A-Za-z]+[ ,.]+){5}/g)].map(([words]) => words).filter(isProse),
      [],
    )
  }
})

test('no list of operations stands anywhere else', () => {
  const made = new Set(Object.keys(generated(api)))
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const sources = files
    .split('\n')
    .filter(path => /\.(rs|ts|mts|mjs|cjs|js|json|tsv|yaml|txt)$/.test(path) && !path.startsWith('api/'))
    .filter(path => !made.has(path) && !/(^|\/)(__test__|tests?)(\/|\.rs$)/.test(path) && existsSync(`${root}/${path}`))
  assert.ok(sources.length > 200, 'too few files were read')
  const lists = sources.flatMap(path => listsIn(untested(path)).map(line => `${path}:${line}`))
  assert.deepEqual(lists, [])
})

test('a list of operations is found', () => {
  const five = api.operations.slice(0, 40).filter((_, at) => at % 8 === 0)
  const list = five.map(({ path }) => `  "${path}",`).join('\n')
  assert.deepEqual(listsIn(`const PATHS = [\n${list}\n]\n`), [2])
  assert.deepEqual(listsIn(`const PATHS = [\n${list.replaceAll(',\n', ',\n\n\n')}\n]\n`), [])
})

/** The text of a file without the tests at its end, if it is Rust. */
function untested(path) {
  const [text] = readFileSync(`${root}/${path}`, 'utf8').split('#[cfg(test)]\nmod tests {')
  return text
}

/** The first lines of the lists in a text. */
function listsIn(text) {
  const found = text.split('\n').map(line => operationsIn(line))
  const lists = []
  for (let at = 0; at < found.length; at++) {
    const near = new Set(found.slice(at, at + LIST.lines).flat())
    if (found[at].length > 0 && near.size >= LIST.operations) {
      lists.push(at + 1)
      at += LIST.lines
    }
  }
  return lists
}

const PATHS = new Set(api.operations.map(({ path }) => nameless(path)))

/** The paths of the table that an entry of a list has. A line that begins with code uses a path, and lists none. */
function operationsIn(line) {
  if (!/^\s*['"`[({]/.test(line)) return []
  const quoted = [...line.matchAll(/['"`](?:[A-Z]+ )?(\/[^'"`\s?]*)/g)]
  return quoted.map(([, path]) => nameless(path.replace(/:(\w+)/g, '{$1}'))).filter(path => PATHS.has(path))
}

function nameless(text) {
  return text.replace(/\{[\w-]+\}/g, '{}')
}

function isProse(words) {
  return !words.split(/[ ,]+/).some(word => ['OC', 'KONFIG', 'RF', 'DOC', 'OAS'].includes(word))
}
