/** The app whose grants the command line works on, and its errors in the words of the command line. */

import type { GrantInfo, OAuthApp } from 'smartrecruiters'
import { appOf as loginApp } from '../client.js'
import type { Context } from '../context.js'
import { describe, EXIT, Failure, UsageError } from '../failure.js'
import { smartrecruiters } from '../package.js'
import { openSecret, profileName, readProfile } from '../profiles/profile.js'
import { keysOf, namesStore, registrationOf, STORE_HELP, STORE_OPTIONS, storeOf } from './store.js'

/** The options of every command of `grants`. */
export const GRANT_OPTIONS = {
  ...STORE_OPTIONS,
} as const

/** What the help of these commands says of the store. */
export const GRANTS_HELP = `${STORE_HELP}
Without a store, the command works on the login of the profile: see \`auth login\`.`

/** No browser comes back to the command line, but an app has to have one. */
const REDIRECT_URI = 'http://localhost/'

/** Makes the app: that of the store, or else that of the profile in force. */
export async function appOf(context: Context, { made = false } = {}): Promise<OAuthApp> {
  const app = namesStore(context) ? ownApp(context, made) : await profilesApp(context)
  app.on('storeWarning', ({ message }) => context.note(`smartrecruiters: warning: ${message}`))
  return app
}

function ownApp(context: Context, made: boolean): OAuthApp {
  const { OAuthApp } = smartrecruiters()
  return new OAuthApp({
    ...context.api,
    ...registrationOf(context),
    redirectUri: REDIRECT_URI,
    store: storeOf(context, { made }),
    encryptionKey: keysOf(context),
  })
}

async function profilesApp(context: Context): Promise<OAuthApp> {
  const { name } = profileName(context)
  const profile = await readProfile(context, name)
  if (profile?.kind === 'grant') {
    const { secret, key } = await openSecret(context, name, profile)
    return loginApp(context, profile, secret, key)
  }
  throw new UsageError(
    'no store is named, and the profile is not a login in the browser',
    'Set SMARTRECRUITERS_STORE to the store of your app, or add --store.',
  )
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
