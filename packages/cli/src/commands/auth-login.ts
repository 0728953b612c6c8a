/** `smartrecruiters auth login`: stores a credential as a profile. */

import { randomUUID } from 'node:crypto'
import type { SmartRecruiters } from 'smartrecruiters'
import { appOf, clientFor, credentialVariables, forgetGrant, sameApi, wantedApi } from '../client.js'
import type { Context } from '../context.js'
import { describe, EXIT, Failure, UsageError } from '../failure.js'
import { authorize } from '../login/authorize.js'
import { Questions } from '../login/questions.js'
import type { Options } from '../options.js'
import { describeSource, establishKey } from '../profiles/key.js'
import {
  type GrantProfile,
  openSecret,
  type Profile,
  profileName,
  readProfile,
  withSecret,
  writeProfile,
} from '../profiles/profile.js'

export const usage = 'auth login [OPTIONS]'

export const help = `
Store a credential as a profile, which other commands then use. The secret is asked for, or read from
stdin, and is stored encrypted. The key that encrypts it is kept in the keyring of your system, or in
the variable SMARTRECRUITERS_ENCRYPTION_KEY.

With an API key:
  smartrecruiters auth login --api-key

With the client id and secret of an OAuth client, for scripts:
  smartrecruiters auth login --client-id ID < file-with-the-secret

As yourself, in the browser, with an OAuth app that is registered with this redirect URI:
  smartrecruiters auth login --client-id ID --redirect-uri http://127.0.0.1:8765/callback

If the redirect URI is not on this machine, or with --no-browser, you open the page yourself and paste
the URL that the browser ends at. Later, \`smartrecruiters auth login\` alone repeats such a login, if it
has ended.
`

export const options = {
  'api-key': { type: 'boolean', help: 'log in with an API key' },
  'client-id': { type: 'string', value: 'ID', help: 'log in with this OAuth client' },
  'redirect-uri': {
    type: 'string',
    value: 'URI',
    help: 'log in in the browser; a redirect URI of the client, exactly as registered',
  },
  scope: {
    type: 'string',
    multiple: true,
    value: 'SCOPE',
    help: 'ask for this scope; otherwise for all that the app is registered with',
  },
  'authorize-url': {
    type: 'string',
    value: 'URL',
    help: 'the page that asks the user, if it is not that of the environment',
  },
  'token-url': { type: 'string', value: 'URL', help: 'the token endpoint, if it is not that of the API' },
  'no-browser': { type: 'boolean', help: 'open no browser; paste the URL of the callback' },
  'insecure-storage': {
    type: 'boolean',
    help: 'store the encryption key in a file, which is like storing the secrets as plain text',
  },
  force: { type: 'boolean', help: 'log in again although the profile works' },
} as const satisfies Options

/** The request with which an API key is tried out. Every credential may send it. */
const PROBE = '/user-api/v201804/users/me'

export async function run(context: Context): Promise<void> {
  if (context.positionals.length > 0) {
    throw new UsageError('auth login takes no arguments; secrets are asked for, or read from stdin')
  }
  const { name } = profileName(context)
  const existing = await readProfile(context, name)
  const questions = new Questions(context)
  try {
    const wanted = await wantedProfile(context, existing, questions)
    if (
      'profile' in wanted &&
      !context.with(options).values.force &&
      (await stillWorks(context, name, wanted.profile))
    ) {
      context.note('The profile works already: nothing was changed. Add --force to log in again.')
      return await report(context, name, wanted.profile)
    }
    const profile = await logIn(context, name, wanted, questions)
    if (existing !== undefined) await forgetGrant(context, name, existing)
    await report(context, name, profile)
  } finally {
    questions.close()
  }
}

/** What to log in with: everything about the new profile but its secret and key; or an existing profile as it is. */
type Wanted = { readonly profile: GrantProfile } | { readonly details: Details }

type Details =
  | Omit<Extract<Profile, { kind: 'apiKey' }>, 'key' | 'secret'>
  | Omit<Extract<Profile, { kind: 'clientCredentials' }>, 'key' | 'secret'>
  | Omit<Extract<Profile, { kind: 'grant' }>, 'key' | 'secret'>

async function wantedProfile(context: Context, existing: Profile | undefined, questions: Questions): Promise<Wanted> {
  const { values } = context.with(options)
  const { 'api-key': apiKey, 'client-id': clientId, 'redirect-uri': redirectUri, scope } = values
  const { 'authorize-url': authorizeUrl, 'token-url': tokenUrl } = values
  const api = wantedApi(context)?.api ?? { environment: 'production' }
  if (apiKey) {
    const other = (['client-id', 'redirect-uri', 'scope', 'authorize-url', 'token-url'] as const).find(
      option => values[option] !== undefined,
    )
    if (other !== undefined) throw new UsageError(`--api-key and --${other} exclude each other`)
    return { details: { kind: 'apiKey', api } }
  }
  if (redirectUri !== undefined) {
    if (clientId === undefined) throw new UsageError('--redirect-uri needs --client-id')
    if (!URL.canParse(redirectUri)) throw new UsageError('--redirect-uri is not a URI')
    return {
      details: {
        kind: 'grant',
        api,
        clientId,
        redirectUri,
        namespace: randomUUID(),
        ...(scope !== undefined && { scopes: scope }),
        ...(authorizeUrl !== undefined && { authorizeUrl }),
        ...(tokenUrl !== undefined && { tokenUrl }),
      },
    }
  }
  const lone = (['scope', 'authorize-url', 'no-browser'] as const).find(option => values[option] !== undefined)
  if (clientId !== undefined) {
    if (lone !== undefined) throw new UsageError(`--${lone} needs --redirect-uri`)
    const details = { kind: 'clientCredentials', api, clientId, namespace: randomUUID() } as const
    return { details: tokenUrl === undefined ? details : { ...details, tokenUrl } }
  }
  if (existing?.kind === 'grant') {
    const changed = (['scope', 'authorize-url', 'token-url'] as const).find(option => values[option] !== undefined)
    if (changed !== undefined) throw new UsageError(`--${changed} needs --client-id and --redirect-uri`)
    const wanted = wantedApi(context)
    if (wanted !== undefined && !sameApi(wanted.api, existing.api)) {
      throw new UsageError(`${wanted.chosenBy} names another API than the profile: add --client-id and --redirect-uri`)
    }
    return { profile: existing }
  }
  if (lone !== undefined) throw new UsageError(`--${lone} needs --client-id and --redirect-uri`)
  return { details: await chosenDetails(context, api, questions) }
}

/** Asks how to log in. Off a terminal, nothing is asked, and the ways are named. */
async function chosenDetails(context: Context, api: Profile['api'], questions: Questions): Promise<Details> {
  if (!context.interactive) {
    throw new UsageError(
      'say how to log in: --api-key, --client-id ID, or --client-id ID --redirect-uri URI',
      'See `smartrecruiters auth login --help`.',
    )
  }
  context.note(
    'How do you want to log in?\n  1  with an API key\n  2  with the id and secret of an OAuth client\n  3  as yourself, in the browser, with an OAuth app',
  )
  const choice = await questions.ask('Number: ', 'the number')
  if (choice === '1') return { kind: 'apiKey', api }
  if (choice !== '2' && choice !== '3') throw new UsageError('the number must be 1, 2 or 3')
  const clientId = await questions.ask('Client id: ', 'the client id')
  if (choice === '2') return { kind: 'clientCredentials', api, clientId, namespace: randomUUID() }
  const redirectUri = await questions.ask('Redirect URI, exactly as registered: ', 'the redirect URI')
  if (!URL.canParse(redirectUri)) throw new UsageError('this is not a URI')
  return { kind: 'grant', api, clientId, redirectUri, namespace: randomUUID() }
}

/** Whether the grant of a profile can be used, renewing it if necessary. */
async function stillWorks(context: Context, name: string, profile: GrantProfile): Promise<boolean> {
  try {
    await (await clientFor(context, name, profile)).token({ signal: context.signal })
    return true
  } catch (error) {
    if (describe(error).exit === EXIT.authentication) return false
    throw error
  }
}

/** Logs in, and stores the profile when the credential has proved to be right. */
async function logIn(context: Context, name: string, wanted: Wanted, questions: Questions): Promise<Profile> {
  const insecure = context.with(options).values['insecure-storage'] === true
  // First of all: what follows is lost if it cannot be stored.
  const { source, key } = await establishKey(context, { insecure })
  const known = 'profile' in wanted ? await knownSecret(context, name, wanted.profile) : undefined
  const details = 'profile' in wanted ? detailsOf(wanted.profile) : wanted.details
  const what = details.kind === 'apiKey' ? 'API key' : 'client secret'
  const secret = known ?? (await questions.ask(`The ${what}: `, `the ${what}`, { secret: true }))
  const profile: Profile = withSecret({ ...details, key: source }, name, secret, key)
  if (profile.kind === 'grant') {
    const browser = context.with(options).values['no-browser'] !== true
    await authorize(context, await appOf(context, profile, secret, key), questions, { browser })
  } else {
    await tryOut(context, await clientFor(context, name, profile), profile)
  }
  await writeProfile(context, name, profile)
  return profile
}

/** The details with which a login in the browser is repeated. */
function detailsOf({ secret: _secret, key: _key, ...details }: GrantProfile): Details {
  return { ...details, namespace: randomUUID() }
}

/** The secret of a profile, or `undefined` if its key is lost: it then has to be given again. */
async function knownSecret(context: Context, name: string, profile: Profile): Promise<string | undefined> {
  try {
    return (await openSecret(context, name, profile)).secret
  } catch (error) {
    if (describe(error).exit === EXIT.authentication) return undefined
    throw error
  }
}

async function tryOut(context: Context, sr: SmartRecruiters, profile: Profile): Promise<void> {
  try {
    if (profile.kind === 'clientCredentials') await sr.token({ signal: context.signal })
    else await sr.get<unknown>(PROBE, { signal: context.signal })
  } catch (error) {
    const { exit, report } = describe(error)
    // A key that may not read its own user is a key nonetheless.
    if (exit === EXIT.permission || report.code === 'NOT_FOUND') return
    if (exit !== EXIT.authentication) throw error
    throw new Failure(report.code, report.message, {
      exit,
      remedy: 'Nothing was stored. Check the secret, and for which API it is.',
    })
  }
}

async function report(context: Context, name: string, profile: Profile): Promise<void> {
  const { kind, api } = profile
  const result = { profile: name, credential: kind, ...api, key: profile.key }
  await context.show(
    result,
    () =>
      `You are logged in as the profile ${name}.\nThe key that encrypts its secret is in ${describeSource(context, profile.key)}.\n`,
  )
  const [variable] = credentialVariables(context)
  if (variable !== undefined) {
    context.note(`The variable ${variable} is set, and is used instead of the profile unless --profile names it.`)
  }
}
