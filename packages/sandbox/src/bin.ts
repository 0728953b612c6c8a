#!/usr/bin/env node
import { parseArgs } from 'node:util'
import type { SandboxOptions } from './options.js'
import type { Sandbox } from './sandbox.js'
import { startSandbox } from './start.js'

const HELP = `Starts a local server that imitates the SmartRecruiters API for tests.

Usage: smartrecruiters-sandbox [options]

  --port N                     port of the API (default: a free one)
  --host ADDRESS               address to listen on (default: 127.0.0.1)
  --access-token-lifetime S    lifetime of an access token in seconds (default: 1800)
  --refresh-token-lifetime S   lifetime of a refresh token in seconds (default: 2419200)
  --code-lifetime S            lifetime of an authorization code in seconds (default: 600)
  --refresh-token-reuse MODE   reject, revokeFamily or grace (default: reject)
  --grace-period S             grace period in seconds (default: 10)
  --no-limits                  turn rate and concurrency limits off
  --window KIND                sliding or fixed second (default: sliding)
  --concurrency-scope SCOPE    credential or endpoint (default: credential)
  --retry-after S              send Retry-After with a 429 (default: none)
  --latency-before MS          maximum delay of a request in milliseconds (default: 0)
  --latency-after MS           maximum delay of an answer in milliseconds (default: 0)
  --jobs N                     number of jobs (default: 2000)
  --candidates N               number of candidates (default: 3000)
  --redirect-uri URI           one more redirect URI of the app; may be given several times
  --logger                     log requests
  --json                       print one line of JSON instead of text
  --help                       print this
`

const FLAGS = {
  port: { type: 'string' },
  host: { type: 'string' },
  'access-token-lifetime': { type: 'string' },
  'refresh-token-lifetime': { type: 'string' },
  'code-lifetime': { type: 'string' },
  'refresh-token-reuse': { type: 'string' },
  'grace-period': { type: 'string' },
  'no-limits': { type: 'boolean' },
  window: { type: 'string' },
  'concurrency-scope': { type: 'string' },
  'retry-after': { type: 'string' },
  'latency-before': { type: 'string' },
  'latency-after': { type: 'string' },
  jobs: { type: 'string' },
  candidates: { type: 'string' },
  'redirect-uri': { type: 'string', multiple: true },
  logger: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const TEXTS = ['host', 'refresh-token-reuse', 'window', 'concurrency-scope']

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS, strict: true, allowPositionals: false })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const { json = false, help: _, ...flags } = values
  const sandbox = await startSandbox(toOptions(flags))
  process.stdout.write(json ? `${JSON.stringify(summary(sandbox))}\n` : text(sandbox))

  const stop = () => void sandbox.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

/** Turns `--access-token-lifetime 60` into `{ accessTokenLifetime: 60 }`; `startSandbox` checks the values. */
function toOptions(flags: Record<string, string | string[] | boolean | undefined>): SandboxOptions {
  const options = Object.entries(flags).map(([flag, value]): [string, unknown] => {
    if (flag === 'no-limits') return ['limits', !value]
    if (flag === 'redirect-uri') return ['redirectUris', value]
    const name = flag.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase())
    return [name, typeof value === 'string' && !TEXTS.includes(flag) ? toNumber(flag, value) : value]
  })
  return Object.fromEntries(options)
}

function toNumber(flag: string, value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new TypeError(`--${flag} must be a number`)
  return Number(value)
}

function summary(sandbox: Sandbox) {
  const { baseUrl, authorizeUrl, tokenUrl, foreignUrl, apiKey, partnerApiKey, client, app, partner } = sandbox
  return { baseUrl, authorizeUrl, tokenUrl, foreignUrl, apiKey, partnerApiKey, client, app, partner }
}

function text(sandbox: Sandbox): string {
  const { client, app, partner } = sandbox
  const rows: [string, string][] = [
    ['Base URL', sandbox.baseUrl],
    ['Authorize URL', sandbox.authorizeUrl],
    ['Token URL', sandbox.tokenUrl],
    ['Storage origin', sandbox.foreignUrl],
    ['API key', sandbox.apiKey],
    ['Partner API key', sandbox.partnerApiKey],
    ['Client id (client credentials)', client.clientId],
    ['Client secret', client.clientSecret],
    ['App id (logins)', app.clientId],
    ['App secret', app.clientSecret],
    ['App redirect URIs', app.redirectUris.join('\n')],
    ['Partner id', partner.clientId],
    ['Partner secret', partner.clientSecret],
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const lines = rows.map(([name, value]) => name.padEnd(width) + value.replaceAll('\n', `\n${' '.repeat(width)}`))
  return `${lines.join('\n')}\n\nThese credentials work in this sandbox only. Press Ctrl+C to stop.\n`
}

main().catch((error: unknown) => {
  // Both `parseArgs` and `startSandbox` throw a TypeError for a wrong flag.
  const isUsage = error instanceof TypeError
  process.stderr.write(`smartrecruiters-sandbox: ${error instanceof Error ? error.message : String(error)}\n`)
  if (isUsage) process.stderr.write('Try --help.\n')
  process.exitCode = isUsage ? 2 : 1
})
