/** The blocks of shell commands of what users read, and a machine on which they run. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OAuthApp, SqliteStore } from 'smartrecruiters'
import { PAGES, placeOf } from './examples.mjs'
import { freePort } from './programs.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The blocks: `reason` if a comment before it says why it is not run. */
export const SHELL_BLOCKS = PAGES.flatMap(({ page, text }) =>
  [...text.matchAll(/^( *)```(?:sh|bash|console)\n(.*?)^\1```$/gms)].map(({ 2: code, index }) => {
    return { ...placeOf(page, text, index), code }
  }),
)

/** What the blocks use of the package, in place of what npm installs. */
const PROGRAMS = {
  smartrecruiters: `exec node ${root}/packages/cli/dist/main.js "$@"`,
  'smartrecruiters-sandbox': `exec node ${root}/packages/sandbox/dist/bin.js "$@"`,
  npx: 'exec "$@"',
  'until-it-speaks': `exec node ${root}/__test__/support/until-it-speaks.mjs "$@"`,
  // A user who permits what the page asks for.
  browser: `location=$(curl -X POST "$SMARTRECRUITERS_BASE_URL/_sandbox/consent" -H 'content-type: application/json' \\
  -d "{\\"authorizationUrl\\": \\"$1\\"}" | node -p 'JSON.parse(fs.readFileSync(0)).location')
curl --output /dev/null "$location"`,
}
/** Lines that run until they are interrupted. */
const SERVERS = /^(?=npx smartrecruiters-sandbox |smartrecruiters sandbox(?!.* -- )|node examples\/)/gm
/** The blocks that work on the store of an app. */
const OF_A_STORE = /^smartrecruiters (grants|customers) /m

/** A machine with a folder, on which the blocks of a page run one after the other. */
export async function machine(folder, sandbox) {
  const [callback, other] = [await freePort(), await freePort()]
  const redirectUris = [callback, other].map(port => `http://127.0.0.1:${port}/callback`)
  const grantTypes = ['client_credentials', 'authorization_code', 'refresh_token']
  const app = sandbox.addClient({ redirectUris, grantTypes })
  // What begins like another one is before it.
  const replacements = new Map([
    ['--port 4010', '--port 0'],
    ['4010', new URL(sandbox.baseUrl).port],
    ['3000', callback],
    ['8765', other],
    ['the-key-that-it-prints', sandbox.apiKey],
    ['the-key', sandbox.apiKey],
    ['the-app-id', app.clientId],
    ['the-app-secret', app.clientSecret],
    ['4f2c', app.clientId],
  ])
  const placeholders = new RegExp([...replacements.keys()].join('|'), 'g')
  const [refreshToken, another] = sandbox.issueGrants(2).map(grant => grant.refreshToken)
  const key = '5a'.repeat(32)
  const { clientId, clientSecret } = sandbox.app
  const path = join(folder, 'grants.sqlite')
  const store = new SqliteStore({ path })
  const { baseUrl } = sandbox
  const redirectUri = 'http://localhost:3000/callback'
  const owner = new OAuthApp({ clientId, clientSecret, redirectUri, store, encryptionKey: key, baseUrl })
  await owner.import({ id: 'acme', refreshToken })
  const files = {
    'key.txt': sandbox.apiKey,
    'secret.txt': app.clientSecret,
    'refresh-token.txt': another,
    'candidate.json': JSON.stringify({ firstName: 'Ada', lastName: 'King', email: 'ada@example.com' }),
    'cv.pdf': '%PDF-1.7',
    'package.json': JSON.stringify({ scripts: { test: 'node -e "process.env.SMARTRECRUITERS_BASE_URL.at(-1)"' } }),
    '.curlrc': '--fail\n--silent\n--show-error\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), `${text}\n`)
  await symlink(join(root, 'examples'), join(folder, 'examples'))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const [name, script] of Object.entries(PROGRAMS)) {
    await writeFile(join(bin, name), `#!/bin/bash\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
  const ofStore = {
    SMARTRECRUITERS_STORE: path,
    SMARTRECRUITERS_ENCRYPTION_KEY: key,
    SMARTRECRUITERS_CLIENT_ID: clientId,
    SMARTRECRUITERS_CLIENT_SECRET: clientSecret,
    SMARTRECRUITERS_PARTNER_CLIENT_ID: sandbox.partner.clientId,
    SMARTRECRUITERS_PARTNER_CLIENT_SECRET: sandbox.partner.clientSecret,
  }
  let env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    BROWSER: 'browser',
    SMARTRECRUITERS_BASE_URL: baseUrl,
    SMARTRECRUITERS_API_KEY: sandbox.apiKey,
    SMARTRECRUITERS_ENCRYPTION_KEY: key,
  }

  /** Runs a block; resolves with what it prints. A line that fails ends it, and is an error. */
  return async function run(code) {
    const script = code
      .replace(/^npm install .*\n/gm, '')
      .replace(placeholders, text => replacements.get(text))
      .replace(SERVERS, 'until-it-speaks ')
    // What a block exports is there for the next one, as in the reader's terminal.
    const child = spawn('bash', ['-euo', 'pipefail', '-c', `${script}\nenv -0 > ~/.environment`], {
      cwd: folder,
      env: { ...env, ...(OF_A_STORE.test(code) && ofStore) },
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    // What a reader types where a secret is asked for.
    child.stdin.on('error', () => {}).end(`${/--api-key$/m.test(code) ? sandbox.apiKey : app.clientSecret}\n`)
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', text => {
        said[name] += text
      })
    }
    const [status, signal] = await once(child, 'close')
    if (status !== 0)
      throw new Error(`the block ended with ${status ?? signal}:\n${script}\n${said.stdout}${said.stderr}`)
    if (!OF_A_STORE.test(code)) {
      const variables = (await readFile(join(folder, '.environment'), 'utf8')).split('\0').filter(Boolean)
      env = Object.fromEntries(variables.map(variable => /^([^=]*)=(.*)$/s.exec(variable).slice(1)))
    }
    return said
  }
}
