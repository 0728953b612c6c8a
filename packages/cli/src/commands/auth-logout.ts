/** `smartrecruiters auth logout`: removes a profile and what belongs to it. */

import { forgetGrant } from '../client.js'
import type { Context } from '../context.js'
import { UsageError } from '../failure.js'
import { type KeySource, removeKey } from '../profiles/key.js'
import { profileName, profileNames, readProfile, removeProfile } from '../profiles/profile.js'

export const usage = 'auth logout [OPTIONS]'

export const help = `
Remove a profile with its secret and its tokens. It is the profile of --profile, otherwise that of
the variable SMARTRECRUITERS_PROFILE, otherwise \`default\`.

Nothing is revoked at SmartRecruiters: an access token that was printed stays valid until it expires,
and an API key or a client secret until you withdraw it there.
`

export const options = {}

export async function run(context: Context): Promise<void> {
  if (context.positionals.length > 0)
    throw new UsageError('auth logout takes no arguments; name a profile with --profile')
  const { name } = profileName(context)
  const profile = await readProfile(context, name)
  if (profile !== undefined) {
    await forgetGrant(context, name, profile)
    await removeProfile(context, name)
    if (!(await isUsed(context, profile.key))) await removeKey(context, profile.key)
  }
  await context.show({ profile: name, removed: profile !== undefined }, () =>
    profile === undefined ? `There is no profile ${name}.\n` : `The profile ${name} was removed.\n`,
  )
}

/** Whether another profile has its key at the same place. */
async function isUsed(context: Context, source: KeySource): Promise<boolean> {
  for (const name of await profileNames(context)) {
    if ((await readProfile(context, name))?.key === source) return true
  }
  return false
}
