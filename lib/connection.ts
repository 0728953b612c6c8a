/** The options of connections, which clients and apps share, and their checks. */

import type { NativeConnection } from '../index.js'
import { type CertificateAuthorities, certificateAuthorities, pem } from './certificates.js'
import { networkVariables } from './environment.js'
import { configurationError } from './errors.js'
import { isA } from './platform.js'
import { bare, kind, milliseconds, reading, string } from './validate.js'

/** How a client or an app connects to the API. */
export interface ConnectionOptions {
  /** The maximum time for connecting to a host, TLS included, in milliseconds. Default: 10,000. */
  connectTimeout?: number | undefined
  /**
   * The proxy for all requests, such as `http://user:password@host:port`, or `false` for none. Default: the proxy that
   * the environment variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name, but none for loopback
   * addresses.
   */
  proxy?: string | URL | false | undefined
  /**
   * Certificates to trust in addition to the default ones: those of Mozilla, and those that `NODE_EXTRA_CA_CERTS`,
   * `SSL_CERT_FILE`, `SSL_CERT_DIR` and `NODE_USE_SYSTEM_CA=1` name. Default: none.
   */
  ca?: CertificateAuthorities | undefined
  /** The client certificate for mutual TLS, followed by the certificates of its issuers, in PEM. It requires `key`. */
  cert?: string | Uint8Array | undefined
  /** The private key of `cert` in PEM, not encrypted. It requires `cert`. */
  key?: string | Uint8Array | undefined
}

/** The names of the connection options. */
export const CONNECTION_OPTIONS = ['connectTimeout', 'proxy', 'ca', 'cert', 'key'] as const

const CONNECT_TIMEOUT = 10_000

/** The options as the addon takes them. Secrets are separate from the others. */
export interface Connection {
  options: NativeConnection
  proxyUrl: string | undefined
  key: string | undefined
}

/** Checks the connection options. */
export function connection(known: Record<(typeof CONNECTION_OPTIONS)[number], unknown>): Connection {
  const options: NativeConnection = bare({
    connectTimeout: milliseconds('connectTimeout', known.connectTimeout, CONNECT_TIMEOUT),
    proxy: known.proxy !== false,
    variables: networkVariables(),
  })
  const ca = certificateAuthorities(known.ca)
  const cert = pem('cert', known.cert)
  const key = pem('key', known.key)
  if ((cert === undefined) !== (key === undefined)) {
    const [missing, other] = cert === undefined ? ['cert', 'key'] : ['key', 'cert']
    throw configurationError(missing, `must be given together with ${other}`)
  }
  if (ca !== undefined) options.ca = ca
  if (cert !== undefined) options.cert = cert
  return { options, proxyUrl: proxyUrl(known.proxy), key }
}

function proxyUrl(value: unknown): string | undefined {
  if (value === undefined || value === false) return undefined
  if (isA('URL', value))
    return string(
      'proxy',
      reading('proxy', () => value.href),
    )
  if (typeof value !== 'string') throw configurationError('proxy', `must be a URL or false, but is ${kind(value)}`)
  return string('proxy', value)
}
