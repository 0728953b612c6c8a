// Every whole example of the README and of the docs runs, against the sandbox in place of the live API. A block without
// imports is a part of an example; `types-matrix.test.mjs` compiles it. `docs.test.mjs` runs those of docs/testing.md.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { transform } from 'esbuild'
import * as smartrecruiters from 'smartrecruiters'
import * as web from 'smartrecruiters/web'
import { startSandbox } from 'smartrecruiters-sandbox'

const root = new URL('../', import.meta.url)
// The example of docs/webhooks.md is examples/webhook-receiver.mjs, which examples.test.mjs runs.
const NOT_RUN = ['testing.md', 'webhooks.md']
const docs = (await readdir(new URL('docs', root), { recursive: true }))
  .filter(name => name.endsWith('.md') && !NOT_RUN.includes(name))
  .map(name => `docs/${name.replaceAll('\\', '/')}`)
const pages = await Promise.all(
  ['README.md', ...docs].map(async page => ({ page, text: await readFile(new URL(page, root), 'utf8') })),
)
const examples = pages.flatMap(({ page, text }) =>
  [...text.matchAll(/^```[jt]s\n(import .*?)^```$/gms)].map(({ 1: code, index }) => {
    return {
      page,
      heading: text
        .slice(0, index)
        .match(/^#+ .*$/gm)
        .at(-1),
      code,
    }
  }),
)
const AsyncFunction = (async () => {}).constructor
let sandbox

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
})
after(() => sandbox.close())

test('the README is a front page, with an example for each credential', () => {
  assert.ok(pages[0].text.split('\n').length <= 200)
  const code = examples.filter(({ page }) => page === 'README.md').map(example => example.code)
  for (const name of ['ApiKey', 'BearerToken', 'ClientCredentials', 'OAuthApp', 'PartnerApp']) {
    assert.ok(code.join('\n').includes(`new ${name}(`), name)
  }
})

test('the pages that moved out of the README have their examples', () => {
  const counts = Object.fromEntries(pages.map(({ page }) => [page, examples.filter(of => of.page === page).length]))
  assert.deepEqual(Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)), {
    'README.md': 5,
    'docs/calls.md': 3,
    'docs/credentials.md': 6,
    'docs/errors.md': 1,
    'docs/grants.md': 3,
    'docs/index.md': 1,
    'docs/limits.md': 1,
    'docs/lists.md': 3,
    'docs/login.md': 1,
    'docs/moving.md': 3,
    'docs/partners.md': 2,
    'docs/start.md': 1,
    'docs/stores.md': 2,
  })
})

test('docs/errors.md names every class, field, code, kind, phase and reason', async () => {
  const { text } = pages.find(({ page }) => page === 'docs/errors.md')
  const native = await readFile(new URL('index.d.ts', root), 'utf8')
  const unions = ['ErrorCode', 'NetworkKind', 'Phase', 'ReauthorizationReason', 'WebhookRefusal'].flatMap(name => {
    const [, members] = new RegExp(`^export type Native${name} = (.*)$`, 'm').exec(native)
    return members.split(' | ').map(member => member.slice(1, -1))
  })
  const declarations = await readFile(new URL('dist/errors.d.ts', root), 'utf8')
  const classes = [...declarations.matchAll(/^export declare class (\w+)/gm)].map(([, name]) => name)
  const fields = [...declarations.matchAll(/^ {4}readonly (\w+)\??:/gm)].map(([, name]) => name)
  assert.ok(unions.length > 35 && classes.length > 15 && fields.length > 20, 'the search itself is broken')
  const unnamed = [...unions, ...classes, ...fields].filter(name => !text.includes(`\`${name}\``))
  assert.deepEqual(unnamed, [])
})

for (const { page, heading, code } of examples) {
  test(`the example under "${heading}" of ${page} runs`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
    t.after(() => rm(folder, { recursive: true }))
    const saved = { ...process.env }
    t.after(() => {
      process.env = saved
    })
    // Several examples connect the same customer, whose credentials are issued once.
    if (code.includes("connect('acme')")) t.after(() => sandbox.resetIntegration('acme'))
    const client = { OAuthApp: sandbox.app, PartnerApp: sandbox.partner }[/OAuthApp|PartnerApp/.exec(code)]
    const { clientId, clientSecret } = client ?? sandbox.client
    const machine = new smartrecruiters.ClientCredentials({
      clientId: sandbox.client.clientId,
      clientSecret: sandbox.client.clientSecret,
    })
    const { accessToken } = await new smartrecruiters.SmartRecruiters({
      credential: machine,
      baseUrl: sandbox.baseUrl,
    }).token()
    const fromEnv = code.includes('fromEnv')
    process.env = {
      ...saved,
      SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
      SMARTRECRUITERS_API_KEY: sandbox.apiKey,
      GRANTS_FILE: join(folder, 'grants.sqlite'),
      GRANTS_KEY: '5a'.repeat(32),
      COOKIE_SECRET: 'a secret of at least 32 characters',
      DATABASE_URL: 'postgres://user:password@127.0.0.1/records',
      ...(!fromEnv && {
        SMARTRECRUITERS_CLIENT_ID: clientId,
        SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
        SMARTRECRUITERS_ACCESS_TOKEN: accessToken,
      }),
    }
    const local = code
      .replace(/^import \{(.*)\} from 'smartrecruiters'$/m, 'const {$1} = smartrecruiters')
      .replace(/^import \{(.*)\} from 'smartrecruiters\/web'$/m, 'const {$1} = web')
      .replace(/^import \{(.*)\} from 'node:(fs|http)'$/m, 'const {$1} = $2')
      .replaceAll('/var/lib/my-app', folder)
    const parameters = {
      fs,
      http: { createServer: listener => closing(t, createServer(listener)) },
      smartrecruiters,
      web,
      theUserComesBackFrom: url => sandbox.consentTo(url),
    }
    const before = sandbox.counters().requests
    const { code: plain } = await transform(local, { loader: 'ts', target: 'esnext' })
    await new AsyncFunction(...Object.keys(parameters), plain)(...Object.values(parameters))
    if (/\bsr\.(get|paginate)\b/.test(code))
      assert.notDeepEqual(sandbox.counters().requests, before, 'it called nothing')
  })
}

/** Has a server of an example listen on a free port, whatever the example says, and closes it after the test. */
function closing(t, server) {
  const { listen } = server
  server.listen = () => listen.call(server, 0, '127.0.0.1')
  t.after(() => server.close())
  return server
}
