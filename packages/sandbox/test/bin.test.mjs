import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

function run(...flags) {
  const child = spawn(process.execPath, [bin, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    output.out += chunk
  })
  child.stderr.on('data', chunk => {
    output.err += chunk
  })
  return { child, output, closed: once(child, 'close') }
}

describe('the command', () => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    it(`prints one line of JSON, serves, and exits cleanly on ${signal}`, async () => {
      const uris = ['http://localhost:8080/back', 'https://tool.example.com/callback']
      const more = uris.flatMap(uri => ['--redirect-uri', uri])
      const { child, closed } = run('--json', '--no-limits', '--access-token-lifetime', '60', '--jobs', '5', ...more)
      const [line] = await once(createInterface({ input: child.stdout }), 'line')
      const { tokenUrl, client, app, apiKey, baseUrl } = JSON.parse(line)
      assert.deepEqual(app.redirectUris.slice(-2), uris)
      const answer = await fetch(tokenUrl, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: client.clientId,
          client_secret: client.clientSecret,
        }),
      })
      assert.equal((await answer.json()).expires_in, 60)
      const jobs = await fetch(`${baseUrl}/jobs`, { headers: { 'x-smarttoken': apiKey } })
      assert.equal(jobs.headers.get('x-ratelimit-limit'), null)
      assert.equal((await jobs.json()).totalFound, 5)
      child.kill(signal)
      assert.deepEqual(await closed, [0, null])
    })
  }

  it('prints URLs and credentials in words', async () => {
    const { child, output, closed } = run('--jobs', '1', '--candidates', '1')
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    await closed
    for (const word of ['Base URL', 'Authorize URL', 'API key', 'Client id (client credentials)', 'App id (logins)'])
      assert.ok(output.out.includes(word), word)
  })

  it('explains itself with --help', async () => {
    const { output, closed } = run('--help')
    assert.deepEqual(await closed, [0, null])
    assert.match(output.out, /--access-token-lifetime/)
  })

  for (const flags of [
    ['--colour'],
    ['extra'],
    ['--port', 'x'],
    ['--port', '70000'],
    ['--window', 'open'],
    ['--redirect-uri', 'callback'],
  ]) {
    it(`exits with 2 and a reason for ${flags.join(' ')}`, async () => {
      const { output, closed } = run(...flags)
      assert.deepEqual(await closed, [2, null])
      assert.match(output.err, /^smartrecruiters-sandbox: .+\nTry --help\.\n$/)
      assert.equal(output.out, '')
    })
  }
})
