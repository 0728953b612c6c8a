// The grants and customers of an app, from the command line: in the store that the app uses, and without secrets.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OAuthApp, SqliteStore } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { startPlace } from '../../../__test__/support/stores.mjs'
import { configFolder, encryptionKey, run, start } from './support.mjs'

const newKey = () => randomBytes(32).toString('base64')

/** A sandbox, an app of it with a store of its own, and the command with both in its environment. */
async function appOf(t, { kind = 'app' } = {}) {
  const sandbox = await startSandbox({ jobs: 1, candidates: 1 })
  t.after(() => sandbox.close())
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-apps-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { clientId, clientSecret } = sandbox[kind]
  const key = newKey()
  const env = {
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
    SMARTRECRUITERS_CLIENT_ID: clientId,
    SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
    SMARTRECRUITERS_PARTNER_CLIENT_ID: clientId,
    SMARTRECRUITERS_PARTNER_CLIENT_SECRET: clientSecret,
    SMARTRECRUITERS_STORE: join(folder, 'records.sqlite'),
    SMARTRECRUITERS_ENCRYPTION_KEY: key,
  }
  const secrets = [clientSecret, key]
  /** Runs a command, and checks that neither stream has a secret. */
  const command = async (words, { input, ...more } = {}) => {
    const done = await run(words, { env: { ...env, ...more }, input })
    for (const secret of secrets) assert.ok(!`${done.stdout}${done.stderr}`.includes(secret), 'a secret was printed')
    return done
  }
  /** Runs a command that succeeds, and parses what it prints. */
  const result = async (words, more) => {
    const { code, stdout, stderr } = await command(words, more)
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }
  return { sandbox, env, key, secrets, command, result, path: name => join(folder, name) }
}

/** Imports so many grants, `grant-1` and so on. */
async function withGrants(app, count) {
  for (const [index, { refreshToken }] of app.sandbox.issueGrants(count).entries()) {
    app.secrets.push(refreshToken)
    const id = `grant-${index + 1}`
    const imported = await app.result(['grants', 'import', id, '--notes', `company=${id}`], { input: refreshToken })
    assert.deepEqual(imported, { imported: id })
  }
}

test('a grant is imported from stdin, listed, shown, used by the app, and forgotten', async t => {
  const app = await appOf(t)
  await withGrants(app, 3)
  const listed = await app.result(['grants', 'list', '--fields', 'id,state,metadata.company'])
  assert.deepEqual(listed, [
    { id: 'grant-1', state: 'active', metadata: { company: 'grant-1' } },
    { id: 'grant-2', state: 'active', metadata: { company: 'grant-2' } },
    { id: 'grant-3', state: 'active', metadata: { company: 'grant-3' } },
  ])
  const lines = await app.command(['grants', 'list', '--ndjson'])
  assert.equal(lines.stdout.trim().split('\n').map(JSON.parse).length, 3)
  assert.deepEqual(await app.result(['grants', 'list', '--expires-in', '27d']), [])
  assert.equal((await app.result(['grants', 'list', '--expires-in', '29d', '--state', 'active'])).length, 3)
  assert.equal((await app.result(['grants', 'show', 'grant-2'])).metadata.company, 'grant-2')

  const refused = await app.command(['grants', 'forget', 'grant-2'])
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /cannot be brought back.*\n.*--yes/)
  assert.deepEqual(await app.result(['grants', 'forget', 'grant-2', '--yes']), { forgotten: 'grant-2' })
  for (const words of [
    ['show', 'grant-2'],
    ['forget', 'grant-2', '--yes'],
    ['export', 'nobody'],
  ]) {
    const unknown = await app.command(['grants', ...words, '--json'])
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''], unknown.stderr)
    const { code, remedy } = JSON.parse(unknown.stderr)
    assert.equal(code, 'UNKNOWN_GRANT')
    assert.match(remedy, /grants list/)
  }
})

test('keep-alive renews what is due, names what fails, and its exit code says what came of it', async t => {
  const app = await appOf(t)
  await withGrants(app, 3)
  assert.deepEqual(await app.result(['grants', 'keep-alive']), { renewed: 0, skipped: 0, failed: 0, remaining: 0 })
  const all = ['grants', 'keep-alive', '--idle', '0s', '--per-second', '100']
  assert.deepEqual(await app.result(all), { renewed: 3, skipped: 0, failed: 0, remaining: 0 })

  // One customer has revoked the app.
  app.sandbox.fault({
    kind: 'status',
    status: 400,
    path: '/identity',
    body: { error: 'invalid_grant' },
    times: 1,
  })
  const some = await app.command(all)
  assert.equal(some.code, 1)
  assert.deepEqual(JSON.parse(some.stdout), { renewed: 2, skipped: 0, failed: 1, remaining: 0 })
  assert.match(some.stderr, /^grant-\d: ended \(revokedOrExpired\)$/m)

  app.sandbox.fault({ kind: 'status', status: 503, path: '/identity', times: Infinity })
  const down = await app.command(all)
  assert.equal(down.code, 1, down.stderr)
  assert.equal(JSON.parse(down.stdout).failed, 2)
})

test('an exported grant is in one store at a time, and works where it was imported', async t => {
  const app = await appOf(t)
  await withGrants(app, 1)
  const { code, stdout: sealed } = await app.command(['grants', 'export', 'grant-1'])
  assert.equal(code, 0)
  assert.deepEqual(
    (await app.result(['grants', 'list'])).map(({ state, reason }) => [state, reason]),
    [['ended', 'exported']],
  )
  const other = { SMARTRECRUITERS_STORE: app.path('other.sqlite') }
  assert.deepEqual(await app.result(['grants', 'import'], { ...other, input: sealed }), { imported: 'grant-1' })
  const renewed = await app.result(['grants', 'keep-alive', '--idle', '0s'], other)
  assert.equal(renewed.renewed, 1)
  const wrongKey = { ...other, SMARTRECRUITERS_ENCRYPTION_KEY: newKey(), input: sealed }
  const refused = await app.command(['grants', 'import'], wrongKey)
  assert.equal(refused.code, 2)
  assert.equal(refused.stdout, '')
})

test('a key is replaced', async t => {
  const app = await appOf(t)
  await withGrants(app, 2)
  const next = newKey()
  app.secrets.push(next)
  const both = { SMARTRECRUITERS_ENCRYPTION_KEY: `${next}, ${app.key}` }
  const { resealed, failed } = await app.result(['grants', 'rekey'], both)
  assert.deepEqual([resealed >= 2, failed], [true, 0])
  assert.equal((await app.result(['grants', 'list'], { SMARTRECRUITERS_ENCRYPTION_KEY: next })).length, 2)
  const old = await app.command(['grants', 'list'])
  assert.notEqual(old.code, 0)
  assert.equal(old.stdout, '')
})

test('a store that is not there is not made, and what is missing is named', async t => {
  const app = await appOf(t)
  const missing = await app.command(['grants', 'list'])
  assert.equal(missing.code, 1, missing.stderr)
  await assert.rejects(access(app.env.SMARTRECRUITERS_STORE))
  const cases = [
    [{ SMARTRECRUITERS_STORE: '' }, 2, /SMARTRECRUITERS_STORE/],
    [{ SMARTRECRUITERS_ENCRYPTION_KEY: '' }, 4, /SMARTRECRUITERS_ENCRYPTION_KEY/],
    [
      { SMARTRECRUITERS_CLIENT_SECRET: '', SMARTRECRUITERS_PARTNER_CLIENT_SECRET: '' },
      4,
      /SMARTRECRUITERS_(PARTNER_)?CLIENT_SECRET/,
    ],
    [{ SMARTRECRUITERS_STORE: 'redis://127.0.0.1:9' }, 1, /127\.0\.0\.1/],
    [{ SMARTRECRUITERS_STORE: 'redis-sentinel://127.0.0.1:9/primary' }, 1, /127\.0\.0\.1/],
    [{ SMARTRECRUITERS_STORE: 'redis-cluster://127.0.0.1:9' }, 1, /127\.0\.0\.1/],
    [{ SMARTRECRUITERS_STORE: 'postgres://127.0.0.1:9/x' }, 1, /127\.0\.0\.1/],
  ]
  for (const [env, code, message] of cases) {
    for (const command of ['grants', 'customers']) {
      const refused = await app.command([command, 'list'], env)
      assert.deepEqual([refused.code, refused.stdout], [code, ''], refused.stderr)
      assert.match(refused.stderr, message)
    }
  }
  const empty = await app.command(['grants', 'import', 'acme'])
  assert.deepEqual([empty.code, empty.stdout], [2, ''])
  assert.match(empty.stderr, /refresh token is missing/)
})

test('the doctor examines the store: its key, who can read it, and what is in it', async t => {
  const app = await appOf(t)
  const store = async (env = {}) => {
    const done = await app.command(['doctor'], env)
    return { code: done.code, found: JSON.parse(done.stdout).filter(({ check }) => check === 'store') }
  }
  const missing = await store()
  assert.deepEqual([missing.code, missing.found[0].status], [1, 'failed'])
  await withGrants(app, 2)
  const { code, found } = await store()
  assert.deepEqual([code, found.map(({ status }) => status)], [0, ['ok']])
  assert.match(found[0].message, /2 grants: 2 active/)
  const wrong = await store({ SMARTRECRUITERS_ENCRYPTION_KEY: newKey() })
  assert.deepEqual([wrong.code, wrong.found.at(-1).status], [1, 'failed'])
  if (process.platform !== 'win32') {
    await chmod(app.env.SMARTRECRUITERS_STORE, 0o644)
    const [open] = (await store()).found
    assert.deepEqual([open.status, open.remedy], ['warning', `chmod 600 ${app.env.SMARTRECRUITERS_STORE}`])
  }
  const nowhere = await store({ SMARTRECRUITERS_STORE: 'redis://user:hunter2@127.0.0.1:9' })
  assert.deepEqual([nowhere.code, nowhere.found[0].status], [1, 'failed'])
  assert.doesNotMatch(JSON.stringify(nowhere.found), /hunter2/)
})

test('grants are moved to Redis and to PostgreSQL, and the doctor reads their settings', async t => {
  const app = await appOf(t)
  await withGrants(app, 1)
  let from = {}
  for (const kind of ['redis', 'postgres']) {
    const { options, server } = await startPlace(t, kind)
    t.after(() => server.stop())
    const to = { SMARTRECRUITERS_STORE: options.url }
    const { stdout: sealed } = await app.command(['grants', 'export', 'grant-1'], from)
    assert.deepEqual(await app.result(['grants', 'import'], { ...to, input: sealed }), { imported: 'grant-1' })
    assert.equal((await app.result(['grants', 'keep-alive', '--idle', '0s'], to)).renewed, 1)
    const checks = await app.result(['doctor'], to)
    assert.deepEqual(
      checks.filter(({ check }) => check === 'store').map(({ status }) => status),
      ['ok'],
    )
    from = to
  }
  const { options, server } = await startPlace(t, 'redis', ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'])
  t.after(() => server.stop())
  const careless = await app.result(['doctor'], { SMARTRECRUITERS_STORE: options.url })
  const [first] = careless.filter(({ check }) => check === 'store')
  assert.equal(first.status, 'warning')
  assert.match(first.message, /append|evict|disk|snapshot/i)
})

test('without a store, the commands work on the login of the profile', async t => {
  const { sandbox } = await appOf(t)
  const { clientId, clientSecret, redirectUris } = sandbox.app
  const env = {
    ...(await configFolder(t)),
    ...encryptionKey(),
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
  }
  const none = await run(['grants', 'list'], { env })
  assert.deepEqual([none.code, none.stdout], [2, ''])
  assert.match(none.stderr, /no store is named/)

  const words = ['--client-id', clientId, '--redirect-uri', redirectUris[0], '--authorize-url', sandbox.authorizeUrl]
  const login = start(['auth', 'login', '--no-browser', ...words], { env, stdin: 'pipe' })
  const ended = once(login, 'close')
  login.stdin.write(`${clientSecret}\n`)
  let said = ''
  for await (const text of login.stderr.setEncoding('utf8')) {
    said += text
    const [, url] = /^ {2}(http\S+)$/m.exec(said) ?? []
    if (url === undefined) continue
    login.stdin.end(`${await sandbox.consentTo(url)}\n`)
    break
  }
  login.stderr.resume()
  assert.deepEqual(await ended, [0, null], said)

  const json = async (...command) => {
    const { code, stdout, stderr } = await run(command, { env })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }
  const [{ id, state }] = await json('grants', 'list')
  assert.equal(state, 'active')
  assert.equal((await json('grants', 'show', id)).id, id)
  assert.equal((await json('grants', 'keep-alive', '--idle', '0s')).renewed, 1)
  const checks = await json('doctor')
  assert.deepEqual(
    checks.filter(({ status }) => status !== 'ok').map(({ check, message }) => `${check}: ${message}`),
    ['scopes: The server does not name them.'],
  )
  assert.match(checks.find(({ check }) => check === 'store').message, /1 active/)
})

test('unencrypted records are read when that is what the app has', async t => {
  const app = await appOf(t)
  const { clientId, clientSecret } = app.sandbox.app
  const own = new OAuthApp({
    clientId,
    clientSecret,
    baseUrl: app.sandbox.baseUrl,
    redirectUri: 'http://localhost:3000/callback',
    store: new SqliteStore({ path: app.env.SMARTRECRUITERS_STORE }),
    encryptionKey: false,
  })
  await own.import({ id: 'acme', refreshToken: app.sandbox.issueGrants(1)[0].refreshToken })
  const plain = { SMARTRECRUITERS_ENCRYPTION_KEY: '' }
  assert.equal((await app.result(['grants', 'list', '--unencrypted'], plain))[0].id, 'acme')
  assert.equal((await app.command(['grants', 'list', '--unencrypted'])).code, 2)
})

test('a customer is connected once, listed, and disconnected', async t => {
  const app = await appOf(t, { kind: 'partner' })
  const nowhere = await app.command(['customers', 'connect', 'acme'])
  assert.equal(nowhere.code, 1, nowhere.stderr)
  assert.equal(app.sandbox.requests().length, 0, 'credentials were requested without a store to keep them in')
  await makeStore(app)
  assert.deepEqual(await app.result(['customers', 'connect', 'acme']), { connected: 'acme' })
  const sent = app.sandbox.requests().length
  assert.deepEqual(await app.result(['customers', 'connect', 'acme']), { connected: 'acme' })
  assert.equal(app.sandbox.requests().length, sent, 'a connected customer was requested again')
  const [customer] = await app.result(['customers', 'list'])
  assert.deepEqual([customer.companyId, customer.state], ['acme', 'connected'])

  const inactive = await app.command(['customers', 'connect', 'inactive-x'])
  assert.deepEqual([inactive.code, inactive.stdout], [5, ''])
  assert.equal((await app.command(['customers', 'disconnect', 'acme'])).code, 2)
  assert.equal((await app.command(['customers', 'disconnect', 'nobody', '--yes'])).code, 1)
  assert.deepEqual(await app.result(['customers', 'disconnect', 'acme', '--yes']), { disconnected: 'acme' })
  assert.deepEqual(await app.result(['customers', 'list']), [])
  const again = await app.command(['customers', 'connect', 'acme'])
  assert.equal(again.code, 1)
  assert.match(again.stderr, /reset the integration/)
})

/** Has the app make its store, as it does at its first use. */
async function makeStore({ env, key, sandbox }) {
  const { clientId, clientSecret } = sandbox.app
  const app = new OAuthApp({
    clientId,
    clientSecret,
    baseUrl: sandbox.baseUrl,
    redirectUri: 'http://localhost:3000/callback',
    store: new SqliteStore({ path: env.SMARTRECRUITERS_STORE }),
    encryptionKey: key,
  })
  assert.equal((await app.grants().next()).done, true)
}
