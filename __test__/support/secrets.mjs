/** The search for secrets in whatever gets printed. */

import assert from 'node:assert/strict'
import { inspect } from 'node:util'

/** Every way in which a value gets printed. */
export function printed(value) {
  const ways = [
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: false }),
    inspect({ wrapped: [value] }, { depth: Number.POSITIVE_INFINITY, showHidden: true, showProxy: true }),
    JSON.stringify(value) ?? '',
    JSON.stringify({ wrapped: value }) ?? '',
    String(value),
    `${Object.getOwnPropertyNames(value).map(name => String(value[name]))}`,
  ]
  for (let cause = value; cause instanceof Error; cause = cause.cause) ways.push(cause.message, cause.stack)
  return ways.join('\n')
}

/** Asserts that none of the secrets is in any print of the values, in any usual encoding. */
export function assertSilent(secrets, ...values) {
  for (const secret of secrets) {
    assert.ok(typeof secret === 'string' && secret.length >= 6, 'a secret worth looking for')
    for (const value of values) {
      const text = printed(value)
      for (const encoding of encodings(secret)) assert.ok(!text.includes(encoding), `a secret shows in ${text}`)
    }
  }
}

/** A text in every usual encoding. */
export function encodings(text) {
  return [
    text,
    encodeURIComponent(text),
    new URLSearchParams({ s: text }).toString().slice(2),
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
    Buffer.from(text).toString('base64url'),
    Buffer.from(text).toString('hex'),
  ]
}
