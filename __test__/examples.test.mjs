// The examples for web backends run as they are, against the sandbox. `npm start` runs examples/main-job.mjs.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PartnerApp, SqliteStore } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { freePort } from './support/programs.mjs'
import { Browser } from './support/web.mjs'

const folder = fileURLToPath(new URL('../examples', import.meta.url))

/** Starts a sandbox, and the settings of an example for it. */
async function prepare(t) {
  const sandbox = await startSandbox({ limits: false, jobs: 3, candidates: 1 })
  t.after(() => sandbox.close())
  const files = await mkdtemp(join(tmpdir(), 'smartrecruiters-examples-'))
  t.after(() => rm(files, { recursive: true }))
  const env = {
    ...process.env,
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
    GRANTS_FILE: join(files, 'grants.sqlite'),
    GRANTS_KEY: '5a'.repeat(32),
    COOKIE_SECRET: 'a secret of at least 32 characters',
    PORT: String(await freePort()),
  }
  return { sandbox, env }
}

/** Starts an example. `line()` resolves with the next line that it prints; what it prints as an error is kept. */
function start(t, name, env) {
  const child = spawn(process.execPath, [join(folder, name)], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const errors = []
  child.stderr.on('data', part => errors.push(String(part)))
  const ended = once(child, 'exit')
  const stop = async signal => {
    child.kill(signal)
    await ended
  }
  t.after(() => stop())
  const line = async () => (await lines.next()).value ?? assert.fail(`${name} ended: ${errors.join('')}`)
  return { line, stop, errors, ended }
}

const visit = new Browser(request => fetch(request, { redirect: 'manual' }))

test('examples of web backends have at most 30 lines', async () => {
  const names = (await readdir(folder)).filter(name => name !== 'main-job.mjs')
  assert.deepEqual(names.sort(), [
    'express-login.mjs',
    'partner-export.mjs',
    'partner-sync.mjs',
    'webhook-receiver.mjs',
  ])
  for (const name of names) {
    const lines = (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n')
    assert.ok(lines.length <= 30, `${name} has ${lines.length} lines`)
    assert.ok(lines.every(line => line.length <= 120))
  }
})

test('express-login.mjs shows a customer their jobs', async t => {
  const { sandbox, env } = await prepare(t)
  const origin = `http://localhost:${env.PORT}`
  const redirectUri = `${origin}/auth/callback`
  const { clientId, clientSecret } = sandbox.addClient({ redirectUris: [redirectUri] })
  const { line, errors } = start(t, 'express-login.mjs', {
    ...env,
    REDIRECT_URI: redirectUri,
    SMARTRECRUITERS_CLIENT_ID: clientId,
    SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
  })
  assert.equal(await line(), `open ${origin}/jobs`)
  const login = await visit.visit(`${origin}/jobs`)
  assert.equal(login.headers.get('location'), '/auth/login?returnTo=/jobs')
  const begun = await visit.visit(new URL(login.headers.get('location'), origin))
  const done = await visit.visit(await sandbox.consentTo(begun.headers.get('location')))
  assert.deepEqual([done.status, done.headers.get('location')], [303, '/jobs'])
  const jobs = await visit.visit(`${origin}/jobs`)
  assert.equal((await jobs.json()).content.length, 3)
  assert.deepEqual(errors, [])
})

test('partner-sync.mjs reads the jobs of a customer at once, and at its next start', async t => {
  const { sandbox, env } = await prepare(t)
  const { clientId, clientSecret } = sandbox.partner
  const settings = {
    ...env,
    SMARTRECRUITERS_PARTNER_CLIENT_ID: clientId,
    SMARTRECRUITERS_PARTNER_CLIENT_SECRET: clientSecret,
  }
  const first = start(t, 'partner-sync.mjs', settings)
  assert.equal(await first.line(), 'listening')
  const back = await visit.visit(
    `http://localhost:${env.PORT}/activate?companyId=acme&redirect=https://www.smartrecruiters.com/`,
  )
  assert.deepEqual([back.status, back.headers.get('location')], [303, 'https://www.smartrecruiters.com/'])
  assert.equal(await first.line(), 'acme: 3 jobs')
  await first.stop()
  const second = start(t, 'partner-sync.mjs', settings)
  const lines = [await second.line(), await second.line()]
  assert.deepEqual(lines.sort(), ['acme: 3 jobs', 'listening'])
  assert.deepEqual([...first.errors, ...second.errors], [])
})

test('partner-export.mjs writes each candidate of each customer once, although it is killed', async t => {
  const { env } = await prepare(t)
  const sandbox = await startSandbox({ limits: false, jobs: 3, candidates: 1000 })
  t.after(() => sandbox.close())
  const { clientId, clientSecret } = sandbox.partner
  const { GRANTS_FILE, GRANTS_KEY: encryptionKey } = env
  const folder = dirname(GRANTS_FILE)
  const settings = {
    ...env,
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
    SMARTRECRUITERS_PARTNER_CLIENT_ID: clientId,
    SMARTRECRUITERS_PARTNER_CLIENT_SECRET: clientSecret,
    EXPORT_FOLDER: folder,
  }
  const store = new SqliteStore({ path: GRANTS_FILE })
  const partner = new PartnerApp({ clientId, clientSecret, store, encryptionKey, baseUrl: sandbox.baseUrl })
  const companies = ['acme', 'globex', 'a/b']
  for (const company of companies) await partner.connect(company)

  // From the fifteenth on, no page is answered until the process is dead.
  const held = sandbox.fault({ kind: 'hold', endpoint: 'GET /candidates', after: 14, times: Number.POSITIVE_INFINITY })
  const first = start(t, 'partner-export.mjs', settings)
  const ended = first.ended.then(() => assert.fail(first.errors.join('')))
  while (held.hits === 0) await Promise.race([sandbox.nextRequest(), ended])
  await first.stop('SIGKILL')
  held.clear()
  const outputs = companies.map(company => join(folder, `${encodeURIComponent(company)}.ndjson`))
  // As if the kill had come between the two writes.
  await appendFile(outputs[0], '{"id":"a part of a candi')

  const requests = []
  for (let run = 0; run < 2; run++) {
    const again = start(t, 'partner-export.mjs', settings)
    assert.deepEqual(await again.ended, [0, null])
    assert.deepEqual(again.errors, [])
    for (const output of outputs) {
      const lines = (await readFile(output, 'utf8')).trimEnd().split('\n')
      assert.deepEqual([lines.length, new Set(lines.map(line => JSON.parse(line).id)).size], [1000, 1000])
    }
    requests.push(sandbox.counters().requests['GET /candidates'])
  }
  assert.equal(requests[1], requests[0], 'a finished export reads nothing again')
})

test('webhook-receiver.mjs prints each application, and those that it missed', async t => {
  const { sandbox, env } = await prepare(t)
  const settings = {
    ...env,
    SMARTRECRUITERS_API_KEY: sandbox.apiKey,
    PUBLIC_URL: `http://127.0.0.1:${env.PORT}/`,
    ENCRYPTION_KEY: '5a'.repeat(32),
    STORE: join(env.GRANTS_FILE, '..', 'webhooks.sqlite'),
  }
  const { content } = await (
    await fetch(`${sandbox.baseUrl}/jobs`, { headers: { 'x-smarttoken': sandbox.apiKey } })
  ).json()
  const link = `${sandbox.baseUrl}/jobs/${content[0].id}`
  const emit = id => sandbox.emit('application.created', { candidate_id: id }, { id, link })
  const first = start(t, 'webhook-receiver.mjs', settings)
  assert.match(await first.line(), /^subscription .* is active; 0 events were missed$/)
  assert.equal((await emit('one'))[0].status, 202)
  assert.match(await first.line(), /^one \{/)
  await first.stop()
  assert.equal((await emit('two'))[0].delivered, false)
  const second = start(t, 'webhook-receiver.mjs', settings)
  const printed = []
  while (printed.filter(line => /^two \{|1 events were missed$/.test(line)).length < 2)
    printed.push(await second.line())
  assert.ok(!printed.some(line => line.startsWith('one ')), printed.join('\n'))
  assert.deepEqual([...first.errors, ...second.errors], [])
})
