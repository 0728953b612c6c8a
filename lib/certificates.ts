/** Certificates as callers give them: the same form for clients, stores and shared limits. */

import { copied } from './bytes.js'
import { configurationError } from './errors.js'
import { types } from './platform.js'
import { reading, string } from './validate.js'

/**
 * Certificates to trust: PEM, as text or bytes, with one certificate or several; the word `'system'` for those of the
 * operating system; or a list of these, such as what Node's `tls.getCACertificates()` returns.
 *
 * They are those of authorities, whose servers are then trusted, or a server's own, such as `openssl req -x509` makes.
 */
export type CertificateAuthorities = string | Uint8Array | readonly (string | Uint8Array)[]

/** The option `ca` as the addon takes it: one text, in which the line `system` stands for the operating system's. */
export function certificateAuthorities(value: unknown): string | undefined {
  return reading('ca', () => {
    if (!Array.isArray(value)) return pem('ca', value)
    if (value.length === 0) throw configurationError('ca', 'must hold at least one certificate, or be left out')
    return value.map((entry, index) => pem(`ca[${index}]`, entry ?? null)).join('\n')
  })
}

/** PEM as text or bytes, or nothing. */
export function pem(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  return string(field, types.isUint8Array(value) ? new TextDecoder().decode(copied(field, value)) : value)
}
