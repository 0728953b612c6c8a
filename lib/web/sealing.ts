/** Seals short texts for cookies with AES-256-GCM, by keys that are derived from the app's cookie secrets. */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { configurationError } from './options.js'

const LEAST_SECRET = 32
const NONCE = 12
const TAG = 16

/** A secret that protects cookies: any text of at least 32 characters, or at least 32 bytes. */
export type CookieSecret = string | Uint8Array

/** Seals texts with the first secret, and opens what any of the secrets has sealed. */
export class Sealing {
  readonly #keys: readonly Buffer[]

  constructor(field: string, secrets: unknown) {
    const list = Array.isArray(secrets) ? secrets : [secrets]
    if (list.length === 0) throw configurationError(field, 'must hold at least one secret')
    this.#keys = list.map((secret, index) => {
      const name = Array.isArray(secrets) ? `${field}[${index}]` : field
      return Buffer.from(hkdfSync('sha256', bytesOf(name, secret), '', 'smartrecruiters/web cookies', 32))
    })
  }

  /** Seals a text. It can be opened with the same `purpose` only. */
  seal(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0] as Buffer, nonce).setAAD(Buffer.from(purpose))
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64url',
    )
  }

  /** Opens a sealed text; `undefined` if none of the secrets has sealed it for this purpose. */
  open(sealed: string, purpose: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < NONCE + TAG) return undefined
    for (const key of this.#keys) {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG })
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG))
      try {
        return decipher.update(bytes.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8')
      } catch {
        // Another key may open it.
      }
    }
    return undefined
  }
}

function bytesOf(field: string, secret: unknown): Uint8Array {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret
  if (!(bytes instanceof Uint8Array)) {
    throw configurationError(field, 'must be text or bytes; check that its environment variable is set')
  }
  if (bytes.length < LEAST_SECRET || (typeof secret === 'string' && secret.length < LEAST_SECRET)) {
    throw configurationError(field, 'is shorter than 32 characters; `openssl rand -base64 32` makes a good one')
  }
  return bytes
}
