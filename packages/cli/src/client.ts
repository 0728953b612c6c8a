/** Which credential is in force, and the client for it. */

import type { ClientOptions, SmartRecruiters } from 'smartrecruiters'
import type { Context } from './context.js'
import { EXIT, Failure } from './failure.js'
import { smartrecruiters } from './package.js'

const VARIABLES = ['SMARTRECRUITERS_API_KEY', 'SMARTRECRUITERS_ACCESS_TOKEN', 'SMARTRECRUITERS_CLIENT_ID']

/** Makes a client with the credential that is in force. Rejects with exit code 4 if there is none. */
export async function clientOf(
  context: Context,
  options: Omit<ClientOptions, 'credential'> = {},
): Promise<SmartRecruiters> {
  if (!VARIABLES.some(name => context.variable(name) !== undefined)) {
    throw new Failure('NOT_LOGGED_IN', 'There is no credential.', {
      exit: EXIT.authentication,
      remedy: 'Run `smartrecruiters auth login`, or set SMARTRECRUITERS_API_KEY.',
    })
  }
  const { SmartRecruiters } = smartrecruiters()
  return SmartRecruiters.fromEnv({ ...context.api, ...options })
}
