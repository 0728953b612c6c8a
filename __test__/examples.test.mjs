// The examples for web backends run as they are, against the sandbox. `npm start` runs examples/main-job.mjs.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
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
  const stop = async () => {
    child.kill()
    await ended
  }
  t.after(stop)
  const line = async () => (await lines.next()).value ?? assert.fail(`${name} ended: ${errors.join('')}`)
  return { line, stop, errors }
}

const visit = new Browser(request => fetch(request, { redirect: 'manual' }))

test('examples of web backends have at most 30 lines', async () => {
  const names = (await readdir(folder)).filter(name => name !== 'main-job.mjs')
  assert.deepEqual(names.sort(), ['express-login.mjs', 'partner-sync.mjs', 'webhook-receiver.mjs'])
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
