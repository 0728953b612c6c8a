// The doctor names what is wrong, and the command that mends it; limits says what is left of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSandbox } from 'smartrecruiters-sandbox'
import { authority, serverCertificate } from '../../../__test__/support/certificates.mjs'
import { run, sandboxVariables } from './support.mjs'

const KEY = { SMARTRECRUITERS_API_KEY: 'key-of-the-doctor' }

async function sandboxOf(t) {
  const sandbox = await startSandbox({ jobs: 1, candidates: 1 })
  t.after(() => sandbox.close())
  return sandbox
}

/** Runs the doctor: its exit code, and what it found of each check. */
async function examine(env, words = []) {
  const { code, stdout, stderr } = await run(['doctor', ...words], { env })
  assert.equal(stderr, '')
  return { code, stdout, ...Object.fromEntries(JSON.parse(stdout).map(finding => [finding.check, finding])) }
}

/** A server that answers everything with 200, and with what `answer` does. */
async function serve(t, server) {
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
}

test('nothing is wrong', async t => {
  const found = await examine(sandboxVariables(await sandboxOf(t)))
  assert.equal(found.code, 0)
  const statuses = JSON.parse(found.stdout).map(({ check, status }) => `${check} ${status}`)
  assert.deepEqual(statuses, [
    'package ok',
    'proxy ok',
    'DNS ok',
    'connection ok',
    'clock ok',
    'credential ok',
    'scopes skipped',
    'limits ok',
  ])
})

test('a credential that is refused, or missing, has exit code 4', async t => {
  const { SMARTRECRUITERS_BASE_URL } = sandboxVariables(await sandboxOf(t))
  const refused = await examine({ SMARTRECRUITERS_BASE_URL, ...KEY })
  assert.deepEqual([refused.code, refused.credential.status], [4, 'failed'])
  assert.match(refused.credential.message, /401/)
  assert.match(refused.credential.remedy, /auth login/)
  assert.equal(refused.connection.status, 'ok')
  const missing = await examine({ SMARTRECRUITERS_BASE_URL })
  assert.deepEqual([missing.code, missing.credential.status, missing.connection.status], [4, 'failed', 'ok'])
  const wrong = { SMARTRECRUITERS_CLIENT_ID: 'id', SMARTRECRUITERS_CLIENT_SECRET: 'secret-of-the-doctor' }
  const client = await examine({ SMARTRECRUITERS_BASE_URL, ...wrong })
  assert.deepEqual([client.code, client.credential.status, client.connection.status], [4, 'failed', 'ok'])
  for (const { stdout } of [refused, missing, client]) assert.doesNotMatch(stdout, /-of-the-doctor/)
})

test('the scopes of a token are compared with the table', async t => {
  const sandbox = await sandboxOf(t)
  const { clientId, clientSecret } = sandbox.addClient({ scopes: ['jobs_read'] })
  sandbox.fault({ kind: 'merge', path: '/identity', fields: { scope: 'jobs_read' } })
  const found = await examine({
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
    SMARTRECRUITERS_CLIENT_ID: clientId,
    SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
  })
  // It may not ask who it is, and that is no failure.
  assert.deepEqual([found.code, found.credential.status], [0, 'ok'])
  const [, allowed, all] = /^jobs_read: (\d+) of (\d+) operations\.$/.exec(found.scopes.message) ?? []
  assert.ok(Number(allowed) >= 5 && Number(allowed) < Number(all) && Number(all) > 150, found.scopes.message)
  assert.match(found.credential.message, /access token ends in (29|30) min/)
})

test('a clock that is wrong is noticed, in both directions', async t => {
  let offset = 0
  const port = await serve(
    t,
    createServer((_, response) => {
      response.sendDate = false
      response.setHeader('date', new Date(Date.now() + offset).toUTCString())
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }),
  )
  const env = { SMARTRECRUITERS_BASE_URL: `http://127.0.0.1:${port}`, ...KEY }
  const cases = [
    [600_000, 1, 'failed', /behind the server/],
    [-600_000, 1, 'failed', /ahead of the server/],
    [-30_000, 0, 'warning', /ahead of the server/],
    [0, 0, 'ok', /agrees/],
  ]
  for (const [milliseconds, code, status, message] of cases) {
    offset = milliseconds
    const found = await examine(env)
    assert.deepEqual([found.code, found.clock.status], [code, status], found.clock.message)
    assert.match(found.clock.message, message)
    if (status !== 'ok') assert.match(found.clock.remedy, /ntp|w32tm/)
  }
})

test('a certificate of an unknown authority is named, with the variable that mends it', async t => {
  const ca = await authority()
  const { cert, key } = await serverCertificate(ca)
  const port = await serve(
    t,
    createTlsServer({ cert, key }, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }),
  )
  const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-doctor-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'ca.pem'), ca.cert)
  const env = { SMARTRECRUITERS_BASE_URL: `https://localhost:${port}`, ...KEY }
  const unknown = await examine(env)
  assert.deepEqual([unknown.code, unknown.connection.status], [3, 'failed'])
  assert.match(unknown.connection.message, /issuer|authority/)
  assert.match(unknown.connection.remedy, /^export NODE_EXTRA_CA_CERTS=/)
  const known = await examine({ ...env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })
  assert.deepEqual([known.code, known.connection.status], [0, 'ok'])
})

test('a name without an address, and a proxy that is down, are told apart; passwords are not shown', async () => {
  const nowhere = await examine({ SMARTRECRUITERS_BASE_URL: 'https://nowhere.invalid', ...KEY })
  assert.deepEqual([nowhere.code, nowhere.DNS.status, nowhere.connection.status], [3, 'failed', 'failed'])
  assert.match(nowhere.DNS.remedy, /^nslookup nowhere\.invalid$/)
  const env = { SMARTRECRUITERS_BASE_URL: 'https://nowhere.invalid', HTTPS_PROXY: 'http://me:hunter2@127.0.0.1:9' }
  const down = await examine({ ...env, NO_PROXY: 'localhost', ...KEY })
  assert.deepEqual([down.code, down.DNS.status, down.connection.status], [3, 'skipped', 'failed'])
  assert.match(down.proxy.message, /^HTTPS_PROXY=http:\/\/127\.0\.0\.1:9, but not for localhost\.$/)
  assert.match(down.connection.remedy, /--proxy http:\/\/127\.0\.0\.1:9/)
  assert.doesNotMatch(down.stdout, /hunter2/)
})

test('a package that cannot be loaded is the only finding', async () => {
  const { code, package: found, stdout } = await examine({ ...KEY, NODE_OPTIONS: '--no-addons' })
  assert.deepEqual([code, found.status, JSON.parse(stdout).length], [1, 'failed', 1])
  assert.match(found.message, /--no-addons/)
})

test('other processes that use the credential are noticed', async t => {
  let remaining = 9
  const port = await serve(
    t,
    createServer((_, response) => {
      response.setHeader('x-ratelimit-limit', '10').setHeader('x-ratelimit-remaining', String(remaining))
      response.setHeader('x-ratelimit-concurrent-limit', '8')
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }),
  )
  const env = { SMARTRECRUITERS_BASE_URL: `http://127.0.0.1:${port}`, ...KEY }
  assert.equal((await examine(env)).limits.status, 'ok')
  remaining = 6
  const { code, limits } = await examine(env)
  assert.deepEqual([code, limits.status], [0, 'warning'])
  assert.match(limits.message, /have just sent 3/)
})

test('limits shows what answers say is left', async t => {
  const sandbox = await sandboxOf(t)
  const rows = async words => {
    const { code, stdout, stderr } = await run(['limits', ...words], { env: sandboxVariables(sandbox) })
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout)
  }
  assert.deepEqual(await rows([]), [
    { endpoint: 'GET /user-api/v201804/users/me', status: 200, perSecond: 10, left: 9, atOnce: 8, free: 7 },
  ])
  assert.deepEqual(await rows(['/jobs', '/candidates?limit=1']), [
    { endpoint: 'GET /jobs', status: 200, perSecond: 10, left: 9, atOnce: 8, free: 7 },
    { endpoint: 'GET /candidates', status: 200, perSecond: 10, left: 9, atOnce: 1, free: 0 },
  ])
})

test('wrong usage of doctor and limits sends nothing', async t => {
  const sandbox = await sandboxOf(t)
  const env = sandboxVariables(sandbox)
  for (const words of [
    ['doctor', 'x'],
    ['limits', 'jobs'],
    ['limits', '/jobs/{id}'],
  ]) {
    const { code, stdout } = await run(words, { env })
    assert.deepEqual([code, stdout], [2, ''])
  }
  assert.equal(sandbox.requests().length, 0)
})
