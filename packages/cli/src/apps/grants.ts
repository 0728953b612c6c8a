/** The app whose grants the command line works on, and its errors in the words of the command line. */

import type { GrantInfo, OAuthApp } from 'smartrecruiters'
import type { Context } from '../context.js'
import { describe, EXIT, Failure } from '../failure.js'
import { smartrecruiters } from '../package.js'
import { keysOf, registrationOf, STORE_OPTIONS, storeOf } from './store.js'

/** The options of every command of `grants`. */
export const GRANT_OPTIONS = {
  ...STORE_OPTIONS,
} as const

/** No browser comes back to the command line, but an app has to have one. */
const REDIRECT_URI = 'http://localhost/'

/** Makes the app. */
export function appOf(context: Context, { made = false } = {}): OAuthApp {
  const { OAuthApp } = smartrecruiters()
  const app = new OAuthApp({
    ...context.api,
    ...registrationOf(context),
    redirectUri: REDIRECT_URI,
    store: storeOf(context, { made }),
    encryptionKey: keysOf(context),
  })
  app.on('storeWarning', ({ message }) => context.note(`smartrecruiters: warning: ${message}`))
  return app
}

/** Runs `work`, and says of a grant that is missing or has ended what to do about it here. */
export async function withGrant<T>(id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, message } = describe(error).report
    if (code === 'UNKNOWN_GRANT') throw unknownGrant(id)
    if (code !== 'REAUTHORIZATION_REQUIRED') throw error
    throw new Failure(code, message, {
      exit: EXIT.authentication,
      remedy: 'The customer has to authorize your app again: send the browser to `app.authorizationUrl()`.',
    })
  }
}

/** Finds what the list says of a grant. */
export async function findGrant(app: OAuthApp, id: string): Promise<GrantInfo> {
  for await (const grant of app.grants()) if (grant.id === id) return grant
  throw unknownGrant(id)
}

function unknownGrant(id: string): Failure {
  return new Failure('UNKNOWN_GRANT', `The store has no grant ${JSON.stringify(id)}.`, {
    remedy: 'Check the id, the store and its namespace: `smartrecruiters grants list` shows what is there.',
  })
}
