// Every example of the README runs, against the sandbox in place of the live API.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { transform } from 'esbuild'
import * as smartrecruiters from 'smartrecruiters'
import { startSandbox } from 'smartrecruiters-sandbox'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const examples = [...readme.matchAll(/^```[jt]s\n(.*?)^```$/gms)].map(([, code]) => code)
const AsyncFunction = (async () => {}).constructor
let sandbox

before(async () => {
  sandbox = await startSandbox({ limits: false, jobs: 20, candidates: 20 })
})
after(() => sandbox.close())

test('the README has an example for each credential', () => {
  const text = examples.join('\n')
  for (const name of ['ApiKey', 'BearerToken', 'ClientCredentials', 'OAuthApp', 'PartnerApp', 'fromEnv'])
    assert.ok(text.includes(name))
})

for (const code of examples) {
  const heading = readme
    .slice(0, readme.indexOf(code))
    .match(/^#+ .*$/gm)
    .at(-1)
  test(`the example under "${heading}" runs`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrecruiters-'))
    t.after(() => rm(folder, { recursive: true }))
    const saved = { ...process.env }
    t.after(() => {
      process.env = saved
    })
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
      ...(!fromEnv && {
        SMARTRECRUITERS_CLIENT_ID: clientId,
        SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
        SMARTRECRUITERS_ACCESS_TOKEN: accessToken,
      }),
    }
    const local = code
      .replace(/^import \{(.*)\} from 'smartrecruiters'$/m, 'const {$1} = smartrecruiters')
      .replace(/^import \{(.*)\} from 'node:fs'$/m, 'const {$1} = fs')
      .replaceAll(/new (SmartRecruiters|OAuthApp|PartnerApp)\(\{/g, 'new $1({ baseUrl,')
    const parameters = {
      fs,
      smartrecruiters,
      baseUrl: sandbox.baseUrl,
      theUserComesBackFrom: url => sandbox.consentTo(url),
    }
    const before = sandbox.counters().requests
    const { code: plain } = await transform(local, { loader: 'ts', target: 'esnext' })
    await new AsyncFunction(...Object.keys(parameters), plain)(...Object.values(parameters))
    if (/\bsr\.(get|paginate)\b/.test(code))
      assert.notDeepEqual(sandbox.counters().requests, before, 'it called nothing')
  })
}
