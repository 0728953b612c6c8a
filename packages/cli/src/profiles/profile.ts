/** Profiles: a credential under a name, with the API that it is for. Each is a file, and its secret is sealed. */

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.js'
import { EXIT, Failure, UsageError } from '../failure.js'
import { folderOf, read, write } from './folder.js'
import { type KeySource, readKey } from './key.js'
import { open, seal } from './sealing.js'

/** What every profile has. */
interface Common {
  /** The API that the credential is for. It is sent nowhere else. */
  readonly api: { readonly environment: 'production' | 'sandbox' } | { readonly baseUrl: string }
  /** Where the key is that opens the secret. */
  readonly key: KeySource
  /** The API key or the client secret, sealed. */
  readonly secret: string
}

/** An app that the user has authorized in a browser. Its grant is in the store. */
export interface GrantProfile extends Common {
  readonly kind: 'grant'
  readonly clientId: string
  readonly redirectUri: string
  /** The namespace of the store. Each login has its own, so that no record there has another key. */
  readonly namespace: string
  readonly scopes?: readonly string[]
  readonly authorizeUrl?: string
  readonly tokenUrl?: string
}

/** An OAuth client for the client credentials grant. Its access tokens are in the store. */
export interface ClientProfile extends Common {
  readonly kind: 'clientCredentials'
  readonly clientId: string
  readonly namespace: string
  readonly tokenUrl?: string
}

/** An API key. */
export interface KeyProfile extends Common {
  readonly kind: 'apiKey'
}

export type Profile = GrantProfile | ClientProfile | KeyProfile

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/

/** The profile that the command line or the environment names, and which of them does. */
export function profileName(context: Context): {
  name: string
  chosenBy: '--profile' | 'SMARTRECRUITERS_PROFILE' | 'default'
} {
  const { profile } = context.with({}).values
  const variable = context.variable('SMARTRECRUITERS_PROFILE')
  const name = profile ?? variable ?? 'default'
  if (!NAME.test(name)) {
    throw new UsageError('the name of a profile has 1 to 64 letters, digits, dots, hyphens and underscores')
  }
  const chosenBy = profile !== undefined ? '--profile' : variable !== undefined ? 'SMARTRECRUITERS_PROFILE' : 'default'
  return { name, chosenBy }
}

/** Returns a profile, or `undefined` if there is none of this name. */
export async function readProfile(context: Context, name: string): Promise<Profile | undefined> {
  const path = fileOf(context, name)
  const text = await read(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Profile
  } catch {
    throw new Failure('PROFILE', `The file ${path} is damaged.`, {
      remedy: 'Remove it, and run `smartrecruiters auth login` again.',
    })
  }
}

/** Stores a profile under a name. */
export async function writeProfile(context: Context, name: string, profile: Profile): Promise<void> {
  await write(fileOf(context, name), `${JSON.stringify(profile, undefined, 2)}\n`)
}

/** Removes a profile. Its grant stays in the store. */
export async function removeProfile(context: Context, name: string): Promise<void> {
  await rm(fileOf(context, name), { force: true })
}

/** The names of all profiles, sorted. */
export async function profileNames(context: Context): Promise<string[]> {
  const files = await readdir(join(folderOf(context), 'profiles')).catch(() => [])
  return files
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort()
}

/** The file that the grants of all profiles are in. */
export function storePath(context: Context): string {
  return join(folderOf(context), 'grants.sqlite')
}

/** The file of a profile. */
export function fileOf(context: Context, name: string): string {
  return join(folderOf(context), 'profiles', `${name}.json`)
}

/**
 * Adds the secret to a profile, sealed. It opens only as long as the rest of the profile is as it is now: a changed file
 * must not send it elsewhere.
 */
export function withSecret<Details extends Omit<Profile, 'secret'>>(
  details: Details,
  name: string,
  secret: string,
  key: Buffer,
): Details & Pick<Profile, 'secret'> {
  return { ...details, secret: seal(secret, key, binding(name, details)) }
}

/** Opens the secret of a profile. Rejects if its key is not there, or is another one. */
export async function openSecret(
  context: Context,
  name: string,
  profile: Profile,
): Promise<{ secret: string; key: Buffer }> {
  const key = await readKey(context, profile.key)
  const { secret: sealed, ...details } = profile
  const secret = open(sealed, key, binding(name, details))
  if (secret === undefined) {
    throw new Failure(
      'KEY_WRONG',
      `The secret of the profile ${name} was encrypted with another key, or its file was changed.`,
      {
        exit: EXIT.authentication,
        remedy: 'Use the key that was in force at the login, or run `smartrecruiters auth login` again.',
      },
    )
  }
  return { secret, key }
}

function binding(name: string, details: Omit<Profile, 'secret'>): string {
  return JSON.stringify([name, Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1))])
}
