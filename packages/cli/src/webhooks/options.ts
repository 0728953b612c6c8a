/** The option of every command that works on the inbox of a receiver. */

import type { Options } from '../options.js'

export const RECEIVER = {
  receiver: { type: 'string', value: 'NAME', help: 'the `name` of the receiver in the store (default: default)' },
} as const satisfies Options
