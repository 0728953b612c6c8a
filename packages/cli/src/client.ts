/** Which credential is in force, and the client for it. */

import type { ClientOptions, Credential, OAuthApp, SmartRecruiters } from 'smartrecruiters'
import type { Context } from './context.js'
import { EXIT, Failure, UsageError } from './failure.js'
import { smartrecruiters } from './package.js'
import {
  type GrantProfile,
  openSecret,
  type Profile,
  profileName,
  profileNames,
  readProfile,
  storePath,
} from './profiles/profile.js'

/** The id of a profile's grant in its namespace of the store. */
export const GRANT_ID = 'login'

const VARIABLES = [
  'SMARTRECRUITERS_API_KEY',
  'SMARTRECRUITERS_ACCESS_TOKEN',
  'SMARTRECRUITERS_CLIENT_ID',
  'SMARTRECRUITERS_CLIENT_SECRET',
] as const

/** The credential that is in force, without its secret, and why it is this one. */
export type InForce =
  | { readonly source: 'variables'; readonly variables: readonly string[] }
  | {
      readonly source: 'profile'
      readonly name: string
      readonly profile: Profile
      readonly chosenBy: '--profile' | 'SMARTRECRUITERS_PROFILE' | 'default'
    }

/** The variables that hold a credential, as far as they are set. */
export function credentialVariables(context: Context): string[] {
  return VARIABLES.filter(variable => context.variable(variable) !== undefined)
}

/**
 * Finds the credential: that of `--profile`, of the variables, or of the profile that is chosen otherwise, in this
 * order. Rejects with exit code 4 if there is none.
 */
export async function inForce(context: Context): Promise<InForce> {
  const { name, chosenBy } = profileName(context)
  const variables = credentialVariables(context)
  if (chosenBy !== '--profile' && variables.length > 0) return { source: 'variables', variables }
  const profile = await readProfile(context, name)
  if (profile !== undefined) return { source: 'profile', name, profile, chosenBy }
  const message = chosenBy === 'default' ? 'There is no credential.' : `There is no profile ${name}.`
  const others = await profileNames(context)
  const login = 'un `smartrecruiters auth login`, or set SMARTRECRUITERS_API_KEY.'
  throw new Failure('NOT_LOGGED_IN', message, {
    exit: EXIT.authentication,
    remedy: others.length === 0 ? `R${login}` : `Choose a profile with --profile (${others.join(', ')}), r${login}`,
  })
}

/** Makes a client with the credential that is in force. Rejects with exit code 4 if there is none. */
export async function clientOf(
  context: Context,
  options: Omit<ClientOptions, 'credential'> = {},
): Promise<SmartRecruiters> {
  const found = await inForce(context)
  if (found.source === 'variables') {
    const { SmartRecruiters } = smartrecruiters()
    return SmartRecruiters.fromEnv({ ...context.api, ...options })
  }
  return clientFor(context, found.name, found.profile, options)
}

/** Makes a client with the credential of a profile. */
export async function clientFor(
  context: Context,
  name: string,
  profile: Profile,
  options: Omit<ClientOptions, 'credential'> = {},
): Promise<SmartRecruiters> {
  checkApi(context, name, profile)
  const { secret, key } = await openSecret(context, name, profile)
  const { SmartRecruiters } = smartrecruiters()
  const credential = await credentialOf(context, profile, secret, key)
  return new SmartRecruiters({ ...profile.api, ...options, credential })
}

/** Makes the app of a profile whose credential is a grant. */
export async function appOf(context: Context, profile: GrantProfile, secret: string, key: Buffer): Promise<OAuthApp> {
  const { OAuthApp, SqliteStore } = smartrecruiters()
  const { clientId, redirectUri, namespace, scopes, authorizeUrl, tokenUrl, api } = profile
  return new OAuthApp({
    ...api,
    clientId,
    clientSecret: secret,
    redirectUri,
    scopes,
    authorizeUrl,
    tokenUrl,
    store: new SqliteStore({ path: storePath(context), create: true, namespace }),
    encryptionKey: key,
  })
}

/** Removes the tokens of a profile's grant from the store. Without their key, they stay there, and nobody can read them. */
export async function forgetGrant(context: Context, name: string, profile: Profile): Promise<void> {
  if (profile.kind !== 'grant') return
  try {
    const { secret, key } = await openSecret(context, name, profile)
    await (await appOf(context, profile, secret, key)).forget(GRANT_ID)
  } catch (error) {
    context.note(`The tokens stay in the store, encrypted: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function credentialOf(context: Context, profile: Profile, secret: string, key: Buffer): Promise<Credential> {
  const { ApiKey, ClientCredentials, SqliteStore } = smartrecruiters()
  switch (profile.kind) {
    case 'apiKey':
      return new ApiKey(secret)
    case 'grant':
      return (await appOf(context, profile, secret, key)).grant(GRANT_ID)
    case 'clientCredentials': {
      const { clientId, tokenUrl, namespace } = profile
      // Each run is a process of its own, and an access token is good for many of them.
      const store = new SqliteStore({ path: storePath(context), create: true, namespace })
      return new ClientCredentials({ clientId, clientSecret: secret, tokenUrl, store, encryptionKey: key })
    }
  }
}

/** Refuses to send a profile's credential to another API than the one that it was stored for. */
function checkApi(context: Context, name: string, { api }: Profile): void {
  const wanted = wantedApi(context)
  if (wanted === undefined || sameApi(wanted.api, api)) return
  const own = 'baseUrl' in api ? api.baseUrl : `the ${api.environment} environment`
  throw new UsageError(
    `the credential of the profile ${name} is for ${own}, and ${wanted.chosenBy} names another API`,
    'Choose another profile with --profile, or log in again: `smartrecruiters auth login`.',
  )
}

/** The API that the command line or the variables name, if they do. */
export function wantedApi(context: Context): { api: Profile['api']; chosenBy: string } | undefined {
  const { baseUrl, environment } = context.api
  if (baseUrl !== undefined) return { api: { baseUrl: String(baseUrl) }, chosenBy: '--base-url' }
  if (environment !== undefined) return { api: { environment }, chosenBy: '--environment' }
  const root = context.variable('SMARTRECRUITERS_BASE_URL')
  if (root !== undefined) return { api: { baseUrl: root }, chosenBy: 'SMARTRECRUITERS_BASE_URL' }
  const variable = context.variable('SMARTRECRUITERS_ENVIRONMENT')
  if (variable === undefined) return undefined
  if (variable !== 'production' && variable !== 'sandbox') {
    throw new UsageError('SMARTRECRUITERS_ENVIRONMENT must be production or sandbox')
  }
  return { api: { environment: variable }, chosenBy: 'SMARTRECRUITERS_ENVIRONMENT' }
}

/** Whether two settings name the same API. */
export function sameApi(a: Profile['api'], b: Profile['api']): boolean {
  if ('baseUrl' in a) return 'baseUrl' in b && a.baseUrl.replace(/\/+$/, '') === b.baseUrl.replace(/\/+$/, '')
  return 'environment' in b && a.environment === b.environment
}
