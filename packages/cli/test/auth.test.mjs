// Profiles: which credential is in force, where its secret is, and that it is seen nowhere.

import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { startSandbox } from 'smartrecruiters-sandbox'
import { configFolder, encryptionKey, main, run } from './support.mjs'

let sandbox
let api

before(async () => {
  sandbox = await startSandbox({ jobs: 3, candidates: 3 })
  api = { SMARTRECRUITERS_BASE_URL: sandbox.baseUrl }
})
after(() => sandbox.close())

/** Runs the command, which has to succeed, and parses what it prints. */
async function json(words, options) {
  const { code, stdout, stderr } = await run(words, options)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

/** The variables of a folder of its own, in which `name` is a profile with the API key of the sandbox. */
async function withKey(t, name = 'default') {
  const env = { ...api, ...(await configFolder(t)), ...encryptionKey() }
  await json(['auth', 'login', '--api-key', '--profile', name], { env, input: `${sandbox.apiKey}\n` })
  return env
}

test('an API key and an OAuth client become profiles, and requests use them', async t => {
  const env = await withKey(t)
  const { clientId, clientSecret } = sandbox.client
  const words = ['auth', 'login', '--client-id', clientId, '--profile', 'service']
  assert.equal((await json(words, { env, input: clientSecret })).credential, 'clientCredentials')
  sandbox.resetCounters()
  assert.equal((await json(['api', '/jobs'], { env })).content.length, 3)
  assert.equal((await json(['api', '/jobs', '--profile', 'service'], { env })).content.length, 3)
  const variables = { ...env, SMARTRECRUITERS_PROFILE: 'service' }
  assert.equal((await json(['api', '/jobs'], { env: variables })).content.length, 3)
  assert.deepEqual(
    sandbox.requests().map(({ credential }) => credential),
    ['apiKey', 'client', 'client'],
  )
  // The token of the login is used by every later run.
  assert.equal(sandbox.exchanges().length, 0)
})

test('a secret that is not accepted is not stored', async t => {
  const env = { ...api, ...(await configFolder(t)), ...encryptionKey() }
  for (const words of [['--api-key'], ['--client-id', sandbox.client.clientId]]) {
    const { code, stdout, stderr } = await run(['auth', 'login', ...words], { env, input: 'canary-wrong-secret\n' })
    assert.deepEqual([code, stdout], [4, ''], stderr)
    assert.doesNotMatch(stderr, /canary/)
  }
  assert.equal((await run(['auth', 'status'], { env })).code, 4)
})

test('without a credential, the profiles that exist are named', async t => {
  const env = await withKey(t, 'sand')
  for (const [words, message] of [
    [['auth', 'status'], 'There is no credential.'],
    [['api', '/jobs', '--profile', 'other'], 'There is no profile other.'],
  ]) {
    const { code, stdout, stderr } = await run(words, { env })
    assert.deepEqual([code, stdout], [4, ''])
    assert.ok(stderr.includes(message), stderr)
    assert.match(stderr, /Choose a profile with --profile \(sand\), run `smartrecruiters auth login`/)
  }
})

test('status says which credential is in force, and why', async t => {
  const env = await withKey(t)
  const status = async (variables = {}, ...words) => {
    const { source, profile, credential } = await json(['auth', 'status', ...words], { env: { ...env, ...variables } })
    return { source, profile, credential }
  }
  const variable = { SMARTRECRUITERS_API_KEY: 'canary-key' }
  assert.deepEqual(await status(), { source: 'the default profile', profile: 'default', credential: 'apiKey' })
  assert.deepEqual(await status(variable), {
    source: 'the variable SMARTRECRUITERS_API_KEY',
    profile: null,
    credential: 'apiKey',
  })
  assert.deepEqual(await status(variable, '--profile', 'default'), {
    source: '--profile',
    profile: 'default',
    credential: 'apiKey',
  })
  assert.deepEqual(await status({ SMARTRECRUITERS_PROFILE: 'default' }), {
    source: 'SMARTRECRUITERS_PROFILE',
    profile: 'default',
    credential: 'apiKey',
  })
  const { code, stderr } = await run(['auth', 'status', '--profile', 'none'], { env })
  assert.equal(code, 4)
  assert.match(stderr, /There is no profile none/)
})

test('a credential is not sent to another API than its own', async t => {
  const env = await withKey(t)
  const other = await startSandbox({ jobs: 1, candidates: 1 })
  t.after(() => other.close())
  for (const [words, variables] of [
    [['--base-url', other.baseUrl], {}],
    [['--environment', 'production'], {}],
    [[], { SMARTRECRUITERS_BASE_URL: other.baseUrl }],
    [[], { SMARTRECRUITERS_BASE_URL: '', SMARTRECRUITERS_ENVIRONMENT: 'sandbox' }],
  ]) {
    const { code, stderr } = await run(['api', '/jobs', ...words], { env: { ...env, ...variables } })
    assert.equal(code, 2, stderr)
    assert.match(stderr, /names another API/)
  }
  assert.deepEqual(other.requests(), [])
  // The profile knows its API by itself.
  assert.equal((await json(['api', '/jobs'], { env: { ...env, SMARTRECRUITERS_BASE_URL: '' } })).content.length, 3)
})

test('auth token prints the token of a client, and there is none of an API key', async t => {
  const env = await withKey(t)
  const { clientId, clientSecret } = sandbox.client
  await json(['auth', 'login', '--client-id', clientId, '--profile', 'service'], { env, input: clientSecret })
  const { stdout, code } = await run(['auth', 'token', '--profile', 'service'], { env })
  assert.equal(code, 0)
  const answer = await fetch(`${sandbox.baseUrl}/jobs`, { headers: { authorization: `Bearer ${stdout.trimEnd()}` } })
  assert.equal(answer.status, 200)
  const { accessToken } = await json(['auth', 'token', '--profile', 'service', '--json'], { env })
  assert.equal(accessToken, stdout.trimEnd())
  const none = await run(['auth', 'token'], { env })
  assert.deepEqual([none.code, none.stdout], [1, ''])
})

test('logout removes the profile, and the key with the last of them', async t => {
  const env = { ...api, ...(await configFolder(t)) }
  const folder = env.SMARTRECRUITERS_CONFIG_DIR
  for (const name of ['one', 'two']) {
    const words = ['auth', 'login', '--api-key', '--insecure-storage', '--profile', name]
    await json(words, { env, input: sandbox.apiKey })
  }
  assert.deepEqual(await json(['auth', 'logout', '--profile', 'one'], { env }), { profile: 'one', removed: true })
  assert.equal((await run(['api', '/jobs', '--profile', 'one'], { env })).code, 4)
  assert.equal((await run(['api', '/jobs', '--profile', 'two'], { env })).code, 0)
  await json(['auth', 'logout', '--profile', 'two'], { env })
  assert.deepEqual(await readdir(folder), ['profiles'])
  assert.deepEqual(await json(['auth', 'logout', '--profile', 'two'], { env }), { profile: 'two', removed: false })
})

test('only their owner can read the files, and none has the secret', {
  skip: process.platform === 'win32',
}, async t => {
  const env = await withKey(t)
  const folder = env.SMARTRECRUITERS_CONFIG_DIR
  const { clientId, clientSecret } = sandbox.client
  await json(['auth', 'login', '--client-id', clientId, '--profile', 'service'], { env, input: clientSecret })
  const { accessToken } = await json(['auth', 'token', '--profile', 'service', '--json'], { env })
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  assert.ok(files.length >= 4)
  for (const file of files) {
    const path = join(file.parentPath, file.name)
    const { mode } = await stat(path)
    assert.equal(mode & 0o077, 0, path)
    if (!file.isFile()) continue
    const bytes = await readFile(path)
    for (const secret of [sandbox.apiKey, clientSecret, accessToken]) assert.ok(!bytes.includes(secret), path)
  }
})

test('without its key, or with another, a profile says what to do', async t => {
  const env = await withKey(t)
  const file = join(env.SMARTRECRUITERS_CONFIG_DIR, 'profiles', 'default.json')
  for (const [variables, code, message] of [
    [{ SMARTRECRUITERS_ENCRYPTION_KEY: '' }, 4, /is not in the variable SMARTRECRUITERS_ENCRYPTION_KEY.\nSet /],
    [encryptionKey(), 4, /encrypted with another key, or its file was changed.\n.*auth login/],
    [{ SMARTRECRUITERS_ENCRYPTION_KEY: 'canary-short' }, 2, /does not hold a key/],
  ]) {
    const failed = await run(['api', '/jobs'], { env: { ...env, ...variables } })
    assert.equal(failed.code, code, failed.stderr)
    assert.match(failed.stderr, message)
    assert.doesNotMatch(failed.stderr, /canary/)
  }
  // A secret that was moved to another profile, or is to be sent elsewhere, does not open.
  const text = await readFile(file, 'utf8')
  sandbox.resetCounters()
  await writeFile(file, text.replace('127.0.0.1', 'localhost'))
  assert.equal((await run(['api', '/jobs'], { env: { ...env, SMARTRECRUITERS_BASE_URL: '' } })).code, 4)
  assert.deepEqual(sandbox.requests(), [])
  await writeFile(file.replace('default', 'other'), text)
  assert.equal((await run(['api', '/jobs', '--profile', 'other'], { env })).code, 4)
  await writeFile(file, text.slice(0, 20))
  const damaged = await run(['api', '/jobs'], { env })
  assert.equal(damaged.code, 1)
  assert.match(damaged.stderr, /is damaged.\nRemove it/)
})

test('off a terminal, a login says what it needs instead of asking', async t => {
  const env = { ...api, ...(await configFolder(t)), ...encryptionKey() }
  for (const [words, message] of [
    [[], /--api-key, --client-id ID, or/],
    [['--api-key'], /the API key is missing: give it on stdin/],
    [['--client-id', 'x'], /the client secret is missing/],
    [['--api-key', '--client-id', 'x'], /exclude each other/],
    [['--redirect-uri', 'http://127.0.0.1:1/'], /needs --client-id/],
    [['--client-id', 'x', '--redirect-uri', 'nothing'], /not a URI/],
    [['--client-id', 'x', '--no-browser'], /needs --redirect-uri/],
    [['--api-key', '--profile', '../x'], /the name of a profile/],
    [['canary-secret'], /takes no arguments/],
  ]) {
    const { code, stdout, stderr } = await run(['auth', 'login', ...words], { env })
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /canary/)
  }
})

test('a run with many secrets prints none of them', async t => {
  const secrets = {
    SMARTRECRUITERS_API_KEY: 'canary-api-key-0123456789',
    ...encryptionKey(),
  }
  const env = { ...api, ...(await configFolder(t)), ...secrets }
  for (const words of [
    ['api', '/jobs', '--include'],
    ['api', '/jobs', '--json'],
    ['api', '/jobs', '--paginate', '--csv'],
    ['api', '/jobs', '-H', 'x-smarttoken: canary-header'],
    ['api', 'https://canary:canary@elsewhere.example/jobs'],
    ['auth', 'status'],
    ['auth', 'status', '--json'],
    ['auth', 'token'],
    ['auth', 'logout'],
  ]) {
    const { stdout, stderr } = await run(words, { env })
    for (const secret of Object.values(secrets)) {
      assert.ok(!stdout.includes(secret) && !stderr.includes(secret), words.join(' '))
    }
    assert.doesNotMatch(`${stdout}${stderr}`, /canary/, words.join(' '))
  }
})

const noTerminal = spawnSync('script', ['--version']).error !== undefined && 'script is not installed'

test('on a terminal, what is typed for a secret is not shown, and results are text', { skip: noTerminal }, async t => {
  const env = { PATH: process.env.PATH, ...api, ...(await configFolder(t)), ...encryptionKey() }
  // `script` runs a command on a terminal of its own.
  const child = spawn('script', ['-qec', `"${process.execPath}" "${main}" auth login`, '/dev/null'], { env })
  let screen = ''
  const typed = { 'Number: ': '1', 'The API key: ': sandbox.apiKey }
  child.stdout.on('data', chunk => {
    screen += chunk
    for (const [question, answer] of Object.entries(typed)) {
      if (!screen.includes(question)) continue
      delete typed[question]
      child.stdin.write(`${answer}\r`)
    }
  })
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.match(screen, /How do you want to log in\?\r\n {2}1 {2}with an API key\r\n/)
  assert.match(screen, /Number: 1\r+\n.*The API key: \r+\nYou are logged in as the profile default\.\r\n/s)
  assert.ok(!screen.includes(sandbox.apiKey.slice(0, 8)))
})

const bus = spawnSync('dbus-run-session', ['--version']).error === undefined
const keyring = spawnSync('gnome-keyring-daemon', ['--version']).error === undefined
const skip = !(bus && keyring) && 'dbus-run-session and gnome-keyring are not installed'

test('with a keyring, its key encrypts the profile, and goes with the last profile', { skip }, async t => {
  const folder = await configFolder(t)
  const script = `
set -e
printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
run() { "${process.execPath}" "${main}" "$@"; }
echo "${sandbox.apiKey}" | run auth login --api-key
run auth status
run api /jobs
run auth logout
`
  // A home of its own: the keyring is a file there.
  const env = {
    PATH: process.env.PATH,
    HOME: folder.SMARTRECRUITERS_CONFIG_DIR,
    XDG_RUNTIME_DIR: folder.SMARTRECRUITERS_CONFIG_DIR,
    ...folder,
    ...api,
  }
  const { stdout } = await promisify(execFile)('dbus-run-session', ['--', 'sh', '-c', script], { env })
  const [login, state, jobs, logout] = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(login.key, 'keyring')
  assert.equal(state.key, 'the keyring of the operating system')
  assert.equal(jobs.content.length, 3)
  assert.equal(logout.removed, true)
})
