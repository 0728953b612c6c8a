// Every example of the README and of the docs runs as it stands, in a process of its own that ends by itself, against the
// sandbox in place of the live API. What cannot run has a comment before it that says why: `<!-- not run: … -->`.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ClientCredentials, SmartRecruiters } from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'
import { EXAMPLES, run } from './support/examples.mjs'

let sandbox
let accessToken

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
  const { clientId, clientSecret } = sandbox.client
  const credential = new ClientCredentials({ clientId, clientSecret })
  accessToken = (await new SmartRecruiters({ credential, baseUrl: sandbox.baseUrl }).token()).accessToken
})
after(() => sandbox.close())

/** The environment of an example: of the credentials, what it names, since `fromEnv()` takes exactly one. */
function environment(code, folder) {
  const { clientId, clientSecret } =
    { OAuthApp: sandbox.app, PartnerApp: sandbox.partner }[/OAuthApp|PartnerApp/.exec(code)] ?? sandbox.client
  const all = {
    SMARTRECRUITERS_API_KEY: sandbox.apiKey,
    SMARTRECRUITERS_CLIENT_ID: clientId,
    SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
    SMARTRECRUITERS_ACCESS_TOKEN: accessToken,
  }
  const named = Object.entries(all).filter(([name]) =>
    code.includes('fromEnv') ? name === 'SMARTRECRUITERS_API_KEY' : code.includes(name),
  )
  return {
    ...Object.fromEntries(named),
    // `fromEnv()` does not read the master credential of a partner.
    SMARTRECRUITERS_PARTNER_CLIENT_ID: sandbox.partner.clientId,
    SMARTRECRUITERS_PARTNER_CLIENT_SECRET: sandbox.partner.clientSecret,
    SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
    GRANTS_FILE: join(folder, 'grants.sqlite'),
    GRANTS_KEY: '5a'.repeat(32),
    COOKIE_SECRET: 'a secret of at least 32 characters',
    DATABASE_URL: 'postgres://user:password@127.0.0.1/records',
    EXPORT_FOLDER: folder,
  }
}

test('there are examples on most pages, and few of them do not run', () => {
  const run = EXAMPLES.filter(({ reason }) => reason === undefined)
  assert.ok(run.length >= 80, `${run.length}`)
  assert.ok(new Set(run.map(({ page }) => page)).size >= 45)
  assert.ok(EXAMPLES.length - run.length <= 8)
  const testing = EXAMPLES.filter(({ page }) => page === 'docs/testing.md').map(({ code }) => code)
  for (const name of ['startSandbox', 'startBridge', 'msw', 'nock', 'undici']) {
    assert.ok(
      testing.some(code => code.includes(name)),
      name,
    )
  }
})

// Two at once: each is a process of its own.
describe('examples run', { concurrency: 2 }, () => {
  for (const { page, line, heading, reason, output, ...example } of EXAMPLES) {
    if (reason !== undefined) continue
    test(`${page}, line ${line}, under "${heading}"`, async t => {
      const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
      t.after(() => rm(folder, { recursive: true }))
      const { code } = example
      const { stdout, stderr } = await run(example, environment(code, folder), folder)
      // Several examples connect the same customer, whose credentials are issued once.
      if (code.includes("connect('acme')")) sandbox.resetIntegration('acme')
      if (output !== undefined) assert.equal(stdout + stderr, output)
      else if (!code.includes('console.error')) assert.equal(stderr, '')
      const [said] = /(?<=^console\.log\(.*\) \/\/ ).*/m.exec(code) ?? []
      if (said !== undefined && page === 'docs/testing.md') assert.equal(stdout, `${said}\n`)
      assert.doesNotMatch(stdout, /^not ok/m)
    })
  }
})
