/** `smartrecruiters auth status`: which credential is in force, and why. It sends nothing. */

import type { GrantInfo } from 'smartrecruiters'
import { appOf, GRANT_ID, type InForce, inForce, wantedApi } from '../client.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import { describeSource } from '../profiles/key.js'
import { fileOf, type GrantProfile, openSecret, profileNames, storePath } from '../profiles/profile.js'

export const usage = 'auth status [OPTIONS]'

export const help = `
Say which credential is in force and why, where it is stored, when it ends, and its scopes. Secrets
are never shown, and nothing is sent. The exit code is 4 if there is no credential.

The credential is the first of these that exists:
  1  the profile that --profile names
  2  the variable SMARTRECRUITERS_API_KEY or SMARTRECRUITERS_ACCESS_TOKEN, or the two variables
     SMARTRECRUITERS_CLIENT_ID and SMARTRECRUITERS_CLIENT_SECRET
  3  the profile that the variable SMARTRECRUITERS_PROFILE names
  4  the profile \`default\`
`

export const options = {}

/** What is known of the credential in force. */
interface Status {
  credential: string
  source: string
  profile: string | null
  api: string
  storage: string | null
  key: string | null
  clientId?: string
  state?: GrantInfo['state']
  scopes?: readonly string[]
  accessTokenExpiresAt?: string
  refreshTokenExpiresAt?: string
  profiles: string[]
}

export async function run(context: Context): Promise<void> {
  if (context.positionals.length > 0) throw new UsageError('auth status takes no arguments')
  const found = await inForce(context)
  const profiles = await profileNames(context)
  const status =
    found.source === 'variables' ? ofVariables(context, found, profiles) : await ofProfile(context, found, profiles)
  await context.show(status, () => text(status))
}

function ofVariables(
  context: Context,
  { variables }: Extract<InForce, { source: 'variables' }>,
  profiles: string[],
): Status {
  const api = wantedApi(context)?.api ?? { environment: 'production' }
  const kind = variables.includes('SMARTRECRUITERS_API_KEY')
    ? 'apiKey'
    : variables.includes('SMARTRECRUITERS_ACCESS_TOKEN')
      ? 'accessToken'
      : 'clientCredentials'
  return {
    credential: kind,
    source: variables.length > 1 ? `the variables ${variables.join(' and ')}` : `the variable ${variables[0]}`,
    profile: null,
    api: Object.values(api)[0] ?? '',
    storage: null,
    key: null,
    profiles,
  }
}

async function ofProfile(
  context: Context,
  { name, profile, chosenBy }: Extract<InForce, { source: 'profile' }>,
  profiles: string[],
): Promise<Status> {
  const status: Status = {
    credential: profile.kind,
    source: chosenBy === 'default' ? 'the default profile' : chosenBy,
    profile: name,
    api: Object.values(profile.api)[0] ?? '',
    storage: fileOf(context, name),
    key: describeSource(context, profile.key),
    profiles,
  }
  if (profile.kind === 'apiKey') return status
  status.clientId = profile.clientId
  if (profile.kind === 'clientCredentials') return status
  const grant = await grantOf(context, name, profile)
  if (grant === undefined) return { ...status, state: 'ended' }
  status.storage = storePath(context)
  status.state = grant.state
  if (grant.scopes !== undefined) status.scopes = grant.scopes
  if (grant.accessTokenExpiresAt !== undefined) status.accessTokenExpiresAt = grant.accessTokenExpiresAt.toISOString()
  status.refreshTokenExpiresAt = grant.refreshTokenExpiresAt.toISOString()
  return status
}

async function grantOf(context: Context, name: string, profile: GrantProfile): Promise<GrantInfo | undefined> {
  const { secret, key } = await openSecret(context, name, profile)
  const app = await appOf(context, profile, secret, key)
  for await (const grant of app.grants()) if (grant.id === GRANT_ID) return grant
  return undefined
}

const NAMES: Readonly<Record<string, string>> = {
  apiKey: 'an API key',
  accessToken: 'an access token',
  clientCredentials: 'the id and secret of an OAuth client',
  grant: 'a login in the browser',
}

function text(status: Status): string {
  const rows: [string, string | undefined][] = [
    ['Credential', NAMES[status.credential]],
    ['Chosen by', status.source],
    ['Profile', status.profile ?? undefined],
    ['API', status.api],
    ['Client id', status.clientId],
    ['Stored in', status.storage ?? undefined],
    ['Key', status.key ?? undefined],
    ['State', status.state === 'ended' ? 'ended: run `smartrecruiters auth login` again' : status.state],
    ['Access token', until(status.accessTokenExpiresAt)],
    ['Login', until(status.refreshTokenExpiresAt, ', unless it is used before')],
    ['Scopes', status.scopes?.join(' ')],
    ['All profiles', status.profiles.join(', ') || undefined],
  ]
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(14)}${value}\n`)
    .join('')
}

function until(time: string | undefined, condition = ''): string | undefined {
  return time === undefined ? undefined : `until ${time.slice(0, 16).replace('T', ' ')} UTC${condition}`
}
