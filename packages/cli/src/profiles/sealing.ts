/** Secrets of profiles, sealed: AES-256-GCM with a key derived from the encryption key. */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const PREFIX = 'v1.'
const NONCE = 12
const TAG = 16

/** Seals a secret. `context` is not in the result; it must be the same when the secret is opened. */
export function seal(secret: string, key: Buffer, context: string): string {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', derived(key), nonce).setAAD(Buffer.from(context))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')
}

/** Opens a secret, or returns `undefined` if it was sealed with another key or context, or changed. */
export function open(sealed: string, key: Buffer, context: string): string | undefined {
  if (!sealed.startsWith(PREFIX)) return undefined
  const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url')
  if (bytes.length < NONCE + TAG) return undefined
  const decipher = createDecipheriv('aes-256-gcm', derived(key), bytes.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(NONCE, NONCE + TAG))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** The encryption key is also used for the records of the store, which seal in their own way: each use has its own key. */
function derived(key: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'smartrecruiters-cli profile secret', 32))
}
