/** Between this machine and the API: names, proxies, connections, TLS, and the two clocks. */

import { lookup } from 'node:dns/promises'
import type { NetworkError, TimeoutError } from 'smartrecruiters'
import type { Context } from '../context.js'
import { duration } from '../time.js'
import { type Finding, failed, ok, skipped, warning } from './finding.js'

/** The variables that name proxies. The package reads them in both spellings. */
const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'] as const

/** How many seconds the clocks may differ: webhooks are refused when they seem to come from five minutes ahead. */
const CLOCK = { warning: 10, failed: 60 }

/** The proxies that the environment names, as `NAME=value` without user and password. */
function proxies(context: Context): string[] {
  return PROXIES.flatMap(name => [name, name.toLowerCase()]).flatMap(name => {
    const value = context.variable(name)
    return value === undefined ? [] : [`${name}=${withoutUser(value)}`]
  })
}

function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1')
}

export function checkProxy(context: Context): Finding {
  const named = proxies(context)
  if (named.length === 0) return ok('proxy', 'The environment names no proxy.')
  const except = context.variable('NO_PROXY') ?? context.variable('no_proxy')
  return ok('proxy', `${named.join(', ')}${except === undefined ? '' : `, but not for ${except}`}.`)
}

export async function checkDns(context: Context, baseUrl: string): Promise<Finding> {
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '')
  if (proxies(context).length > 0) return skipped('DNS', 'The proxy looks names up.')
  try {
    const addresses = await lookup(host, { all: true })
    return ok('DNS', `${host} is ${addresses.map(({ address }) => address).join(', ')}.`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return failed('DNS', `${host} has no address (${code}).`, `nslookup ${host}`)
  }
}

/** What an error of the network says, and what to do. */
export function connectionFailure(error: NetworkError | TimeoutError): Finding {
  const { host = 'the server', port, proxy } = error
  const cause = (error.cause as { code?: string } | undefined)?.code ?? ''
  return failed('connection', error.message, remedy())

  function remedy(): string {
    if (cause === 'CERT_NOT_YET_VALID' || cause === 'CERT_HAS_EXPIRED') return 'date --utc'
    if (/ISSUER|SELF_SIGNED|VERIFY_LEAF/.test(cause)) return 'export NODE_EXTRA_CA_CERTS=/path/to/company-ca.pem'
    if ('kind' in error && error.kind === 'tls')
      return `openssl s_client -connect ${host}:${port ?? 443} -servername ${host}`
    if (proxy !== undefined) return `curl --verbose --proxy ${proxy} https://${host}/`
    return 'export HTTPS_PROXY=http://your-proxy:3128'
  }
}

/** Compares this machine's clock with the server's. `date` is the header of an answer. */
export function checkClock(date: string | null | undefined, sent: number, received: number): Finding {
  const theirs = Date.parse(date ?? '')
  if (Number.isNaN(theirs)) return skipped('clock', 'The server does not say what time it is.')
  // The header has whole seconds, rounded down, and the answer took a while: neither is a difference of the clocks.
  const ahead = sent - (theirs + 1000)
  const behind = theirs - received
  const seconds = Math.max(ahead, behind, 0) / 1000
  if (seconds < CLOCK.warning) return ok('clock', 'The clock of this machine agrees with the server.')
  const message = `The clock of this machine is ${duration(seconds)} ${ahead > 0 ? 'ahead of' : 'behind'} the server.`
  return seconds < CLOCK.failed ? warning('clock', message, setClock()) : failed('clock', message, setClock())
}

function setClock(): string {
  if (process.platform === 'win32') return 'w32tm /resync'
  return process.platform === 'darwin' ? 'sudo sntp -sS time.apple.com' : 'sudo timedatectl set-ntp true'
}
