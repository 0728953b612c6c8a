/** Certificates as options of clients, apps, stores and shared limits. */

import { copied } from './bytes.js'
import { configurationError } from './errors.js'
import { types } from './platform.js'
import { reading, string } from './validate.js'

/**
 * Certificates to trust: one or more certificates in PEM, as text or bytes; the word `'system'` for the certificates of
 * the operating system; or a list of these, such as Node's `tls.getCACertificates()` returns.
 *
 * A certificate may be that of an authority, which makes the servers that it has certified trusted, or that of a server
 * itself, such as `openssl req -x509` makes.
 */
export type CertificateAuthorities = string | Uint8Array | readonly (string | Uint8Array)[]

/** Checks the option `ca`. The addon takes one text, in which the line `system` means those of the operating system. */
export function certificateAuthorities(value: unknown): string | undefined {
  return reading('ca', () => {
    if (!Array.isArray(value)) return pem('ca', value)
    if (value.length === 0) throw configurationError('ca', 'must hold at least one certificate, or be left out')
    return value.map((entry, index) => pem(`ca[${index}]`, entry ?? null)).join('\n')
  })
}

/** Checks PEM, given as text or bytes; `undefined` if it is not given. */
export function pem(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  return string(field, types.isUint8Array(value) ? new TextDecoder().decode(copied(field, value)) : value)
}
