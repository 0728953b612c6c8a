/** `smartrecruiters sandbox`: a local API, for a person or around one command. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Sandbox, SandboxOptions } from 'smartrecruiters-sandbox'
import type { Context } from '../context.js'
import { Failure, UsageError } from '../failure.js'
import type { Options } from '../options.js'

export const usage = 'sandbox [OPTIONS] [-- COMMAND…]'

export const help = `
With a command, the sandbox is its API: the command finds the URL and an API key in its environment, and the sandbox
ends with it, with the same exit code. Without one, the URLs and credentials are printed, and the sandbox runs until
it is interrupted. The credentials work in this sandbox only.

  smartrecruiters sandbox -- npm test
  smartrecruiters sandbox --jobs 20000 -- smartrecruiters export jobs --output jobs.ndjson`

export const options = {
  port: { type: 'string', value: 'N', help: 'use this port for the API; otherwise a free one' },
  host: { type: 'string', value: 'ADDRESS', help: 'listen on this address; otherwise on 127.0.0.1' },
  jobs: { type: 'string', value: 'N', help: 'make this number of jobs; otherwise 2000' },
  candidates: { type: 'string', value: 'N', help: 'make this number of candidates; otherwise 3000' },
  'access-token-lifetime': {
    type: 'string',
    value: 'S',
    help: 'let access tokens live for this time, in seconds; otherwise 1800',
  },
  'redirect-uri': { type: 'string', value: 'URI', multiple: true, help: 'register one more redirect URI of the app' },
  'no-limits': { type: 'boolean', help: 'turn the rate limits off' },
} as const satisfies Options

export async function run(context: Context): Promise<void> {
  const { startSandbox } = await import('smartrecruiters-sandbox')
  const sandbox = await startSandbox(optionsOf(context)).catch((error: unknown) => {
    // It throws a TypeError for a wrong option.
    throw error instanceof TypeError ? new UsageError(error.message) : error
  })
  try {
    const [command, ...words] = context.positionals
    if (command === undefined) {
      await context.show(factsOf(sandbox), () => textOf(sandbox))
      if (!context.signal.aborted) await once(context.signal, 'abort')
    } else {
      context.exit = await runWith(sandbox, command, words, context)
    }
  } finally {
    await sandbox.close()
  }
}

function optionsOf(context: Context): SandboxOptions {
  const { values } = context.with(options)
  const number = (name: 'port' | 'jobs' | 'candidates' | 'access-token-lifetime') => {
    const value = values[name]
    if (value !== undefined && !/^\d+(\.\d+)?$/.test(value)) throw new UsageError(`--${name} must be a number`)
    return value === undefined ? undefined : Number(value)
  }
  return {
    host: values.host,
    port: number('port'),
    jobs: number('jobs'),
    candidates: number('candidates'),
    accessTokenLifetime: number('access-token-lifetime'),
    redirectUris: values['redirect-uri'],
    limits: values['no-limits'] === undefined ? undefined : false,
  }
}

/** Runs a command whose API is the sandbox. Returns its exit code. */
async function runWith(sandbox: Sandbox, command: string, words: string[], context: Context): Promise<number> {
  const others = Object.entries(context.terminal.env).filter(([name]) => !name.startsWith('SMARTRECRUITERS_'))
  const child = spawn(command, words, {
    stdio: 'inherit',
    env: {
      ...Object.fromEntries(others),
      SMARTRECRUITERS_BASE_URL: sandbox.baseUrl,
      SMARTRECRUITERS_API_KEY: sandbox.apiKey,
    },
  })
  // A terminal interrupts both. A signal to this process alone is for the command, too.
  const end = () => child.kill('SIGTERM')
  context.signal.addEventListener('abort', end)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') throw error
    throw new Failure('COMMAND_NOT_FOUND', `${command}: there is no such command.`, { exit: 127 })
  } finally {
    context.signal.removeEventListener('abort', end)
  }
}

/** The URLs and credentials of a sandbox. */
function factsOf({ baseUrl, authorizeUrl, tokenUrl, apiKey, partnerApiKey, client, app, partner }: Sandbox) {
  return {
    baseUrl,
    authorizeUrl,
    tokenUrl,
    apiKey,
    partnerApiKey,
    client: { clientId: client.clientId, clientSecret: client.clientSecret },
    app: { clientId: app.clientId, clientSecret: app.clientSecret, redirectUris: app.redirectUris },
    partner: { clientId: partner.clientId, clientSecret: partner.clientSecret },
  }
}

function textOf(sandbox: Sandbox): string {
  const { client, app, partner, ...urls } = factsOf(sandbox)
  const rows: [string, string][] = [
    ['Base URL', urls.baseUrl],
    ['Authorize URL', urls.authorizeUrl],
    ['Token URL', urls.tokenUrl],
    ['API key', urls.apiKey],
    ['Partner API key', urls.partnerApiKey],
    ['Client credentials', `${client.clientId}  ${client.clientSecret}`],
    ['App for logins', `${app.clientId}  ${app.clientSecret}`],
    ...app.redirectUris.map((uri): [string, string] => ['Redirect URI', uri]),
    ['Partner', `${partner.clientId}  ${partner.clientSecret}`],
  ]
  const lines = rows.map(([name, value]) => `${name.padEnd(20)}${value}`)
  const variables = `SMARTRECRUITERS_BASE_URL=${urls.baseUrl} SMARTRECRUITERS_API_KEY='${urls.apiKey}'`
  return `${lines.join('\n')}\n\nFor another terminal:\n  export ${variables}\n\nPress Ctrl+C to stop.\n`
}
