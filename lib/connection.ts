/** How connections are made: options that clients and apps share. */

import type { NativeConnection } from '../index.js'
import { type CertificateAuthorities, certificateAuthorities, pem } from './certificates.js'
import { networkVariables } from './environment.js'
import { configurationError } from './errors.js'
import { isA } from './platform.js'
import { bare, kind, milliseconds, reading, string } from './validate.js'

/** How connections are made. */
export interface ConnectionOptions {
  /** How long connecting may take, in milliseconds. Default: 10,000. */
  connectTimeout?: number | undefined
  /**
   * A proxy for everything, as `http://user:password@host:port`, or `false` for none. Default: `HTTPS_PROXY`,
   * `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment, but never for loopback.
   */
  proxy?: string | URL | false | undefined
  /**
   * Certificates to trust beside the default ones, which are Mozilla's and those that `NODE_EXTRA_CA_CERTS`,
   * `SSL_CERT_FILE`, `SSL_CERT_DIR` and `NODE_USE_SYSTEM_CA=1` name. Default: no others.
   */
  ca?: CertificateAuthorities | undefined
  /** The client's own certificate, with those that it was signed by, in PEM. Needs `key`. */
  cert?: string | Uint8Array | undefined
  /** The key of `cert`, in PEM, not encrypted. */
  key?: string | Uint8Array | undefined
}

/** The names of the options. */
export const CONNECTION_OPTIONS = ['connectTimeout', 'proxy', 'ca', 'cert', 'key'] as const

const CONNECT_TIMEOUT = 10_000

/** The options as the addon takes them; what is secret stands apart. */
export interface Connection {
  options: NativeConnection
  proxyUrl: string | undefined
  key: string | undefined
}

/** Checks the options. */
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
    throw configurationError(cert === undefined ? 'cert' : 'key', 'must be given with the other half')
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
