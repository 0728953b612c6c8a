// A process or a disk that has nothing left: descriptors, memory, space.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OAuthApp, SmartRecruiters, SqliteStore } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { refreshTokenOf } from '../../__test__/support/grants.mjs'
import { ENCRYPTION_KEY } from '../../__test__/support/stores.mjs'
import { needs, runProgram } from '../support/children.mjs'

/** A sandbox, and a place for grants. */
async function start(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 10, candidates: 0 })
  t.after(() => sandbox.close())
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
  t.after(() => rm(folder, { recursive: true }))
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const app = { clientId, clientSecret, redirectUri: redirectUris[0], baseUrl: sandbox.baseUrl }
  return { sandbox, folder, app, path: join(folder, 'grants.sqlite'), encryptionKey: ENCRYPTION_KEY }
}

for (const warm of [false, true]) {
  const when = warm ? 'after everything was used before' : 'at the first use of everything'
  test(`a process without descriptors, ${when}`, {
    skip: process.platform === 'win32' && 'it needs ulimit',
  }, async t => {
    const { sandbox, app, path, encryptionKey } = await start(t)
    const { baseUrl, apiKey } = sandbox
    const refreshToken = await refreshTokenOf(sandbox, new OAuthApp(app))
    const argument = { baseUrl, apiKey, app, path, encryptionKey, refreshToken, warm }
    const spent = sandbox.counters().exchanges.refresh_token?.attempts ?? 0
    const { code, stdout, stderr } = await runProgram('without-descriptors', argument, { before: 'ulimit -n 64' })
    assert.equal(code, 0, stderr)
    const { without, after } = JSON.parse(stdout)
    const refused = { name: 'SmartRecruitersError', code: 'INTERNAL' }
    const unsent = { name: 'NetworkError', code: 'NETWORK', sent: false, cause: 'EMFILE' }
    assert.deepEqual(without.call, warm ? unsent : refused)
    assert.deepEqual(without.grant, warm ? { name: 'TokenError', code: 'TOKEN_UNAVAILABLE' } : refused)
    assert.deepEqual(after, { call: 'ok', first: 'ok', grant: 'ok' })
    assert.equal(sandbox.counters().exchanges.refresh_token.attempts - spent, 1)
    t.diagnostic('figure: 2 of 2 uses are typed errors, 3 of 3 succeed when there are descriptors; 1 exchange')
  })
}

test('a process without memory', { skip: needs({ linux: true }) }, async t => {
  const { sandbox, app: options, path, encryptionKey } = await start(t)
  const open = () => new OAuthApp({ ...options, encryptionKey, store: new SqliteStore({ path }) })
  const app = open()
  await app.import({ id: 'customer', refreshToken: await refreshTokenOf(sandbox, app) })
  const counts = { completed: 0, aborted: 0 }
  for (let kilobytes = 1_000_000; kilobytes <= 3_000_000; kilobytes += 400_000) {
    const argument = { app: options, path, encryptionKey }
    sandbox.expireAccessTokens()
    const { code, signal, stdout } = await runProgram('without-memory', argument, {
      before: `ulimit -v ${kilobytes} && ulimit -c 0`,
    })
    assert.notEqual(signal, 'SIGKILL', `with ${kilobytes} KiB it hangs`)
    assert.ok([0, null, 133, 134].includes(code), `with ${kilobytes} KiB it ends with ${code}: ${stdout}`)
    counts[code === 0 ? 'completed' : 'aborted']++
  }
  assert.ok(counts.completed > 0, 'no process was large enough')
  assert.ok(counts.aborted > 0, 'no process was too small')
  const sr = new SmartRecruiters({ credential: open().grant('customer'), limits: false })
  await sr.get('/jobs')
  const presented = Object.values(sandbox.counters().refreshTokens)
  assert.ok(presented.every(times => times === 1))
  t.diagnostic(
    `figure: ${counts.completed} of ${counts.completed + counts.aborted} processes complete, the others abort as Node ` +
      'does without memory; 0 hang, 0 grants are lost',
  )
})

test('a disk without space', { skip: needs({ root: true }) }, async t => {
  const { sandbox, app, folder, encryptionKey } = await start(t)
  const { baseUrl } = sandbox
  const refreshToken = await refreshTokenOf(sandbox, new OAuthApp(app))
  const { code, stdout, stderr } = await runProgram(
    'without-space',
    { baseUrl, app, folder, encryptionKey, refreshToken },
    { wrapper: ['unshare', '--mount'], before: `mount -t tmpfs -o size=1m tmpfs ${folder}` },
  )
  assert.equal(code, 0, stderr)
  const { renewals, ...outcomes } = JSON.parse(stdout)
  assert.deepEqual(outcomes, {
    before: 'ok',
    valid: 'ok',
    full: 'AuthenticationError AUTHENTICATION',
    imported: 'StoreError STORE',
    after: 'ok',
  })
  const { attempts, successes } = sandbox.counters().exchanges.refresh_token
  // One at the beginning, those for which the log still had room, and one when there was space again.
  assert.deepEqual({ attempts, successes }, { attempts: renewals + 2, successes: renewals + 2 })
  assert.ok(Object.values(sandbox.counters().refreshTokens).every(times => times === 1))
  t.diagnostic('figure: a valid token is used, writes are a StoreError, 0 exchanges without a journal, 0 grants lost')
})
