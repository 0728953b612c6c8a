// The README is a front page, and docs/errors.md is complete. `docs.test.mjs` runs the examples of both.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { EXAMPLES, PAGES } from './support/examples.mjs'

const root = new URL('../', import.meta.url)
const textOf = name => PAGES.find(({ page }) => page === name).text

test('the README is a front page, with an example for each credential', () => {
  assert.ok(textOf('README.md').split('\n').length <= 200)
  const code = EXAMPLES.filter(({ page }) => page === 'README.md').map(example => example.code)
  for (const name of ['ApiKey', 'BearerToken', 'ClientCredentials', 'OAuthApp', 'PartnerApp']) {
    assert.ok(code.join('\n').includes(`new ${name}(`), name)
  }
})

test('docs/errors.md names every class, field, code, kind, phase and reason', async () => {
  const text = textOf('docs/errors.md')
  const native = await readFile(new URL('index.d.ts', root), 'utf8')
  const unions = ['ErrorCode', 'NetworkKind', 'Phase', 'ReauthorizationReason', 'WebhookRefusal'].flatMap(name => {
    const [, members] = new RegExp(`^export type Native${name} = (.*)$`, 'm').exec(native)
    return members.split(' | ').map(member => member.slice(1, -1))
  })
  const declarations = await readFile(new URL('dist/errors.d.ts', root), 'utf8')
  const classes = [...declarations.matchAll(/^export declare class (\w+)/gm)].map(([, name]) => name)
  const fields = [...declarations.matchAll(/^ {4}readonly (\w+)\??:/gm)].map(([, name]) => name)
  assert.ok(unions.length > 35 && classes.length > 15 && fields.length > 20, 'the search itself is broken')
  const unnamed = [...unions, ...classes, ...fields].filter(name => !text.includes(`\`${name}\``))
  assert.deepEqual(unnamed, [])
})
