// Every command line of the documentation and of the help texts is one that the command accepts.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { run } from './support.mjs'

const { COMMANDS } = createRequire(import.meta.url)('../dist/commands.js')

/** The command lines in a text, up to where the shell takes over. */
const commandLines = text =>
  [...text.matchAll(/(?<![\w-])smartrecruiters (?! *COMMAND)[^|<>);\n]*/g)].map(([line]) => line.trim())

/** The words of a command line, without their quotes. */
const wordsOf = line => [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].slice(1).map(([, a, b, c]) => a ?? b ?? c)

async function accepted(lines) {
  for (const line of new Set(lines)) {
    const words = wordsOf(line)
    // With this, the options are checked and nothing is sent. What follows `--` is another command.
    words.splice(words.includes('--') ? words.indexOf('--') : words.length, Infinity, '--help')
    const { code, stderr } = await run(words)
    assert.equal(code, 0, `${line}\n${stderr}`)
  }
}

for (const file of ['../../../docs/cli.md', '../README.md']) {
  test(`the examples of ${file} are accepted`, async () => {
    const text = await readFile(new URL(file, import.meta.url), 'utf8')
    const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block)
    const lines = blocks.flatMap(commandLines)
    assert.ok(lines.length > 2)
    await accepted(lines)
  })
}

test('the examples of the help texts are accepted', async () => {
  for (const { load } of Object.values(COMMANDS)) {
    const { help } = await load()
    const examples = help.split('\n').filter(line => line.startsWith(' '))
    await accepted(examples.flatMap(commandLines))
  }
})
