/** `smartrecruiters doctor`: what is wrong between this machine and the API, and the command that mends it. */

import type { ApiError, SmartRecruiters, TokenError } from 'smartrecruiters'
import { namesStore, STORE_OPTIONS } from '../apps/store.js'
import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { checkAccepted, checkLimits, checkScopes, tokenFailure } from '../doctor/credential.js'
import { type Finding, failed, ok } from '../doctor/finding.js'
import { checkClock, checkDns, checkProxy, connectionFailure } from '../doctor/network.js'
import { checkStore } from '../doctor/store.js'
import { describe, EXIT } from '../failure.js'
import type { Options } from '../options.js'
import { printable } from '../output/table.js'
import { smartrecruiters } from '../package.js'
import { noArguments } from '../positionals.js'

export const usage = 'doctor [OPTIONS]'

export const help = `Examine the package, proxies, names, TLS, the clock, the credential, its scopes, the limits and the store, and say
what to do about each problem. One request is sent, for your own user; nothing is changed. The store is that of the
profile, or the one that --store or SMARTRECRUITERS_STORE names.

The exit code is 0 if nothing is wrong, 3 if the API cannot be reached, 4 if the credential is refused, otherwise 1.`

export const options = { ...STORE_OPTIONS } as const satisfies Options

/** The path of the one request: every credential may ask who it is, or is told that it may not. */
const SELF = '/user-api/v201804/users/me'
/** Long enough for a slow network, and short enough to wait for. */
const TIMEOUT = 30_000

export async function run(context: Context): Promise<void> {
  noArguments(context)
  const findings = await examine(context)
  await context.show(findings, () => textOf(findings))
  const first = findings.find(({ status }) => status === 'failed')
  if (first !== undefined) context.exit = EXITS[first.check] ?? EXIT.failure
}

/** The exit codes of failed checks, other than 1. */
const EXITS: Readonly<Record<string, number>> = {
  DNS: EXIT.repeat,
  connection: EXIT.repeat,
  credential: EXIT.authentication,
}

async function examine(context: Context): Promise<Finding[]> {
  try {
    smartrecruiters()
  } catch (error) {
    // It says what is wrong and what to do: nothing else can be examined.
    return [failed('package', (error as Error).message)]
  }
  const { version } = require('smartrecruiters/package.json') as { version: string }
  const { platform, arch, version: node } = process
  return [
    ok('package', `smartrecruiters ${version}, Node ${node}, ${platform} ${arch}.`),
    checkProxy(context),
    ...(await examineApi(context)),
    ...(await checkStore(context)),
  ]
}

async function examineApi(context: Context): Promise<Finding[]> {
  const { sr, missing } = await clientFor(context)
  try {
    const dns = await checkDns(context, sr.baseUrl)
    const [sent, answer, received] = [Date.now(), await ask(sr, context.signal), Date.now()]
    const connection = answer.unreachable ?? ok('connection', `${sr.baseUrl} answers.`)
    const clock = checkClock(answer.headers.get('date'), sent, received)
    if (connection.status === 'failed') return [dns, connection, clock]
    const credential = missing ?? (await credentialOf(sr, answer, namesStore(context)))
    const scopes = credential.status === 'ok' ? [await checkScopes(sr)] : []
    return [dns, connection, clock, credential, ...scopes, checkLimits(answer.headers)]
  } finally {
    await sr.close()
  }
}

/** The client for the credential in force, or for none: the connection is examined all the same. */
async function clientFor(context: Context): Promise<{ sr: SmartRecruiters; missing?: Finding }> {
  const options = { timeout: TIMEOUT, retries: 0 }
  try {
    return { sr: await clientOf(context, options) }
  } catch (error) {
    const { report } = describe(error)
    const { BearerToken, SmartRecruiters } = smartrecruiters()
    const credential = new BearerToken('none')
    const sr = new SmartRecruiters({ ...context.api, ...options, credential })
    return { sr, missing: failed('credential', report.message, report.remedy) }
  }
}

/** What came of the request. */
interface Answer {
  headers: Headers
  error?: ApiError | TokenError
  /** That there was no answer, or none that says anything. */
  unreachable?: Finding
}

async function ask(sr: SmartRecruiters, signal: AbortSignal): Promise<Answer> {
  const { ApiError, NetworkError, TimeoutError, TokenError } = smartrecruiters()
  try {
    const { response } = await sr.get<unknown>(SELF, { signal }).withResponse()
    return { headers: response.headers }
  } catch (error) {
    if (error instanceof NetworkError || error instanceof TimeoutError) {
      return { headers: new Headers(), unreachable: connectionFailure(error) }
    }
    if (!(error instanceof ApiError || error instanceof TokenError)) throw error
    const headers = new Headers(error.headers)
    if ((error.status ?? 0) < 500) return { headers, error }
    return { headers, unreachable: failed('connection', error.message, 'Wait: the server has a problem of its own.') }
  }
}

async function credentialOf(sr: SmartRecruiters, { error }: Answer, isOfApp: boolean): Promise<Finding> {
  const { TokenError } = smartrecruiters()
  if (error instanceof TokenError) return tokenFailure(error, isOfApp)
  return checkAccepted(error, await sr.token())
}

const MARKS = { ok: '✓', warning: '!', failed: '✗', skipped: '-' } as const

function textOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, status, message, remedy }) => [
    `${MARKS[status]} ${check.padEnd(width)}  ${printable(message)}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(width + 4)}→ ${remedy}`]),
  ])
  return `${lines.join('\n')}\n`
}
