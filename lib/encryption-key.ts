/** The keys that encrypt the records of stores. */

import { copied } from './bytes.js'
import { configurationError } from './errors.js'
import { types } from './platform.js'
import { isList, reading, string } from './validate.js'

/**
 * A key that encrypts records: 32 random bytes, or their text in Base64 or hex, as `openssl rand -base64 32` prints it.
 */
export type EncryptionKey = string | Uint8Array

const KEY_LENGTH = 32

/** Checks the option `encryptionKey`: `undefined` if it is not given, and an empty list for `false`. */
export function encryptionKeys(value: unknown): string[] | undefined {
  if (value === undefined) return undefined
  if (value === false) return []
  if (!isList(value)) return [encryptionKey('encryptionKey', value)]
  const keys = reading('encryptionKey', () =>
    Array.from(value, (key, index) => encryptionKey(`encryptionKey[${index}]`, key)),
  )
  if (keys.length === 0) throw configurationError('encryptionKey', 'must hold at least one key, or be false')
  return keys
}

function encryptionKey(field: string, value: unknown): string {
  if (!types.isUint8Array(value)) return string(field, value)
  const bytes = copied(field, value)
  if (bytes.length !== KEY_LENGTH) {
    throw configurationError(
      field,
      `is ${bytes.length} bytes, where a key has ${KEY_LENGTH}: if they are the text of a key, such as from a file, ` +
        "give the text: `.toString('utf8').trim()`",
    )
  }
  return Buffer.from(bytes).toString('base64')
}
