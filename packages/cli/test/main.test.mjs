// What holds for every command: exit codes, where output goes, and how a run ends.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSandbox } from 'smartrecruiters-sandbox'
import { configFolder, run, sandboxVariables, start } from './support.mjs'

let sandbox
let env

before(async () => {
  sandbox = await startSandbox()
  env = sandboxVariables(sandbox)
})
after(() => sandbox.close())

test('without a command, or with one that does not exist, the exit code is 2 and stdout is empty', async () => {
  for (const words of [[], ['nonsense'], ['--profile', 'x', 'api'], ['api'], ['api', '/jobs', '--nonsense']]) {
    const { code, stdout, stderr } = await run(words)
    assert.equal(code, 2, words.join(' '))
    assert.equal(stdout, '')
    assert.match(stderr, /^smartrecruiters: .*\nSee `smartrecruiters .*--help`\.\n$/)
  }
})

test('with --json, an error is one object on stderr', async () => {
  const { code, stdout, stderr } = await run(['api', '/jobs/none', '--json'], { env })
  assert.equal(code, 1)
  assert.equal(stdout, '')
  const report = JSON.parse(stderr)
  assert.equal(report.code, 'NOT_FOUND')
  assert.match(report.message, /^404 GET \/jobs\/none/)
})

test('each kind of failure has its exit code', async () => {
  const cases = [
    [0, {}, undefined],
    [4, { SMARTRECRUITERS_API_KEY: '' }, undefined],
    [4, { SMARTRECRUITERS_API_KEY: 'wrong' }, undefined],
    [5, { SMARTRECRUITERS_API_KEY: sandbox.addApiKey({ scopes: [] }).apiKey }, undefined],
    [3, { SMARTRECRUITERS_BASE_URL: 'http://127.0.0.1:9' }, undefined],
    [3, {}, { kind: 'status', endpoint: 'GET /jobs', status: 500 }],
    [2, { SMARTRECRUITERS_BASE_URL: 'ftp://nowhere' }, undefined],
  ]
  for (const [expected, variables, fault] of cases) {
    const set = fault && sandbox.fault(fault)
    const { code, stderr } = await run(['api', '/jobs?limit=1'], { env: { ...env, ...variables } })
    set?.clear()
    assert.equal(code, expected, stderr)
  }
})

test('a reader that has enough ends the command with exit code 0', async () => {
  const child = start(['api', '/candidates', '--paginate', '--ndjson'], { env })
  const closed = once(child, 'close')
  const [first] = await once(child.stdout, 'data')
  child.stdout.destroy()
  assert.ok(JSON.parse(first.toString().split('\n', 1)[0]).id)
  assert.deepEqual(await closed, [0, null])
})

test('an interrupted command ends with exit code 130, and says nothing', async () => {
  const hold = sandbox.fault({ kind: 'hold', endpoint: 'GET /jobs' })
  const arrived = sandbox.nextRequest(({ path }) => path === '/jobs')
  const child = start(['api', '/jobs'], { env })
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const closed = once(child, 'close')
  await arrived
  child.kill('SIGINT')
  assert.deepEqual(await closed, [130, null])
  assert.equal(said, '')
  hold.clear()
})

test('a warning is one line on stderr, and the command succeeds', async () => {
  const path = '/candidates/{id}/attachments'
  const [{ id }] = JSON.parse((await run(['api', '/candidates?limit=1'], { env })).stdout).content
  const { code, stdout, stderr } = await run(['api', path, '-f', `id=${id}`], { env })
  assert.equal(code, 0)
  assert.ok(JSON.parse(stdout))
  assert.match(stderr, /^smartrecruiters: warning: .*deprecated.*\n$/)
  const { warning } = JSON.parse((await run(['api', path, '-f', `id=${id}`, '--json'], { env })).stderr)
  assert.equal(warning, 'SMARTRECRUITERS_DEPRECATED')
})

const { COMMANDS } = createRequire(import.meta.url)('../dist/commands.js')

test('every command ends with stdin closed and stdout piped, and what it prints is JSON', async t => {
  const folder = await configFolder(t)
  // The sandbox is a server: without a command of its own, it runs until it is interrupted.
  for (const name of Object.keys(COMMANDS).filter(each => each !== 'sandbox')) {
    for (const variables of [folder, { ...folder, ...env }]) {
      const { code, signal, stdout, stderr } = await run([...name.split(' '), '--json'], { env: variables })
      assert.equal(signal, null, name)
      if (stdout !== '') JSON.parse(stdout)
      // What a command found out is a result, also if it is bad.
      if (code !== 0 && stdout === '') assert.ok(JSON.parse(stderr).message, name)
    }
  }
})

test('help and version are printed without the packages, and without the addon', async () => {
  const loaded = new URL('loaded.cjs', import.meta.url)
  for (const words of [
    ['--help'],
    ['--version'],
    ['auth', '--help'],
    ...Object.keys(COMMANDS).map(name => [...name.split(' '), '--help']),
  ]) {
    const { code, stdout, stderr } = await run(words, { env: { NODE_OPTIONS: `--require=${fileURLToPath(loaded)}` } })
    assert.equal(code, 0, stderr)
    assert.ok(stdout.length > 0)
    const files = stderr.trimEnd().split('\n')
    assert.ok(files.some(file => file.endsWith('main.js')))
    assert.deepEqual(
      files.filter(file => !file.includes(`${sep}cli${sep}`)),
      [],
      words.join(' '),
    )
  }
})

test('help names every option, and fits into 100 columns of plain text', async () => {
  for (const words of [[], ['auth'], ...Object.keys(COMMANDS).map(name => name.split(' '))]) {
    const { stdout } = await run([...words, '--help'])
    const command = await COMMANDS[words.join(' ')]?.load()
    for (const option of Object.keys(command?.options ?? {})) assert.ok(stdout.includes(`--${option}`), option)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line)
    assert.ok(!stdout.includes('\x1b'))
    assert.doesNotMatch(stdout, /undefined| \n/)
  }
})
