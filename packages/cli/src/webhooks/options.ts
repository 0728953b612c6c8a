/** The option of every command that works on the inbox of a receiver. */

import type { Options } from '../options.js'

export const RECEIVER = {
  receiver: {
    type: 'string',
    value: 'NAME',
    help: 'use the receiver with this `name` in the store; otherwise `default`',
  },
} as const satisfies Options
