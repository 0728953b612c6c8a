// What holds for every command: exit codes, where output goes, and how a run ends.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { startSandbox } from 'smartrecruiters-sandbox'
import { run, sandboxVariables, start } from './support.mjs'

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
