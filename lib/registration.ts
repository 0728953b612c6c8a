/** The options that all kinds of app share, as the addon takes them. */

import type { NativeRegistration } from '../index.js'
import { CONNECTION_OPTIONS, connection } from './connection.js'
import { encryptionKeys } from './encryption-key.js'
import { api } from './environment.js'
import { bare, FROM_ENVIRONMENT, given, milliseconds, optionalChoice, optionalUrl, string } from './validate.js'

/** The names of the options. */
export const REGISTRATION_OPTIONS = [
  'clientId',
  'clientSecret',
  'encryptionKey',
  'exitTimeout',
  'environment',
  'baseUrl',
  'tokenUrl',
  'clientAuth',
  ...CONNECTION_OPTIONS,
] as const

/** How long the process waits at its end for an exchange in flight by default, in milliseconds. */
const EXIT_TIMEOUT = 5000

/** The options as the addon takes them. What is secret is separate. */
export interface Registration {
  options: NativeRegistration
  clientSecret: string
  encryptionKeys: string[] | undefined
  proxyUrl: string | undefined
  key: string | undefined
  exitTimeout: number
}

/** Checks the options. */
export function registration(known: Record<(typeof REGISTRATION_OPTIONS)[number], unknown>): Registration {
  const clientId = string('clientId', known.clientId, FROM_ENVIRONMENT)
  const { options: wire, proxyUrl, key } = connection(known)
  const exitTimeout = milliseconds('exitTimeout', known.exitTimeout, EXIT_TIMEOUT)
  const options: NativeRegistration = bare({
    clientId,
    connection: wire,
    ...api(known),
    ...given({
      tokenUrl: optionalUrl('tokenUrl', known.tokenUrl),
      clientAuth: optionalChoice('clientAuth', known.clientAuth, ['body', 'basic']),
    }),
  })
  const clientSecret = string('clientSecret', known.clientSecret, FROM_ENVIRONMENT)
  return { options, clientSecret, encryptionKeys: encryptionKeys(known.encryptionKey), proxyUrl, key, exitTimeout }
}
