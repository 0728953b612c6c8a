// Completion: what may stand at the cursor, and the scripts in the shells themselves, where those are installed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { main, run } from './support.mjs'

let folder

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-cli-completion-'))
  const command = join(folder, 'smartrecruiters')
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`)
  await chmod(command, 0o755)
})
after(() => rm(folder, { recursive: true, force: true }))

/** What may take the place of the last word, without the descriptions. */
async function offered(...words) {
  const { code, stdout, stderr } = await run(['__complete', ...words])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t')[0])
}

test('commands, options, choices and paths are offered where they may stand', async () => {
  assert.ok((await offered('')).includes('api'))
  assert.deepEqual(await offered('ap'), ['api'])
  assert.ok((await offered('-')).includes('--version'))
  assert.deepEqual(await offered('api', '/jobs/{id}/job'), [
    '/jobs/{id}/jobads',
    '/jobs/{id}/jobads/{jobAdId}',
    '/jobs/{id}/jobads/{jobAdId}/postings',
  ])
  assert.deepEqual(await offered('api', 'DELETE', '/candidates/a'), ['/candidates/attachments/{attachmentId}'])
  assert.deepEqual(await offered('api', '-f', 'a=b', 'PO'), ['POST'])
  assert.deepEqual(await offered('api', '/jobs', '--pag'), ['--paginate'])
  assert.deepEqual(await offered('api', '/jobs', '--environment', ''), ['production', 'sandbox'])
  // Nothing is known of these, so that shells offer files.
  for (const words of [
    ['api', '--input', ''],
    ['api', 'GET', '/jobs', 'x'],
    ['nonsense', ''],
  ]) {
    assert.deepEqual(await offered(...words), [''])
  }
})

test('a shell that is not known is refused', async () => {
  for (const words of [[], ['csh'], ['bash', 'zsh']]) assert.equal((await run(['completion', ...words])).code, 2)
})

/** How each shell is asked what completes `smartrecruiters api DELETE /candidates/a`. */
const SHELLS = {
  bash: [
    '-c',
    `eval "$(smartrecruiters completion bash)"
COMP_WORDS=(smartrecruiters api DELETE /candidates/a)
COMP_CWORD=3
_smartrecruiters
printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: [
    '-fc',
    `compdef() { }
compadd() { print -rl -- \${argv[5,-1]} }
eval "$(smartrecruiters completion zsh)"
words=(smartrecruiters api DELETE /candidates/a)
CURRENT=4
_smartrecruiters`,
  ],
  fish: [
    '--no-config',
    '-c',
    `smartrecruiters completion fish | source
complete -C 'smartrecruiters api DELETE /candidates/a' | cut -f1`,
  ],
}

for (const [shell, args] of Object.entries(SHELLS)) {
  const missing = spawnSync(shell, ['-c', 'true']).error !== undefined
  test(`the script works in ${shell}`, { skip: missing && `${shell} is not installed` }, () => {
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` }
    const { stdout, stderr } = spawnSync(shell, args, { env, encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.equal(stdout, '/candidates/attachments/{attachmentId}\n')
  })
}
