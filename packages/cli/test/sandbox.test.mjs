// The sandbox of the command line: around a command, and on its own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { main, run, start } from './support.mjs'

const node = (...words) => ['--', process.execPath, ...words]

test('a command finds the sandbox in its environment, and its exit code is the result', async () => {
  const call = node(main, 'api', '/jobs', '--paginate', '--fields', 'id')
  const env = { SMARTRECRUITERS_CLIENT_ID: 'of another API' }
  const { code, stdout, stderr } = await run(['sandbox', '--jobs', '3', '--candidates', '0', ...call], { env })
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(JSON.parse(stdout).length, 3)
  assert.equal((await run(['sandbox', ...node('-e', 'process.exit(7)')])).code, 7)
  assert.equal((await run(['sandbox', ...node('-e', 'process.kill(process.pid, "SIGKILL")')])).code, 137)
  const missing = await run(['sandbox', '--', 'no-such-command-anywhere'])
  assert.equal(missing.code, 127)
  assert.match(missing.stderr, /no-such-command-anywhere/)
})

test('without a command it prints one line of JSON, runs until it is interrupted, and is gone then', async () => {
  const child = start(['sandbox', '--jobs', '1', '--candidates', '1', '--redirect-uri', 'http://localhost/back'])
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const { baseUrl, apiKey, app } = JSON.parse(line)
  assert.equal(app.redirectUris.at(-1), 'http://localhost/back')
  const answer = await fetch(`${baseUrl}/jobs`, { headers: { 'x-smarttoken': apiKey } })
  assert.equal((await answer.json()).totalFound, 1)
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [130, null])
  await assert.rejects(fetch(baseUrl))
})

test('a signal reaches the command', async () => {
  const child = start([
    'sandbox',
    ...node('-e', 'process.on("SIGTERM", () => process.exit(0)); console.log("up"); setInterval(() => {}, 1000)'),
  ])
  await once(child.stdout, 'data')
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  // stdout is closed when the command has ended, too.
  assert.deepEqual(await closed, [143, null])
})

test('a wrong option is wrong usage', async () => {
  for (const words of [
    ['--port', 'x'],
    ['--jobs', '-1'],
    ['--port', '99999999'],
  ]) {
    const { code, stdout, stderr } = await run(['sandbox', ...words, '--', 'true'])
    assert.deepEqual([code, stdout], [2, ''], stderr)
  }
})
