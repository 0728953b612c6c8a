/** The store of an app: whether it can be read with this key, and whether its settings can lose records. */

import { stat } from 'node:fs/promises'
import type { OAuthApp } from 'smartrecruiters'
import { appOf } from '../apps/grants.js'
import { keysOf, namesStore, placeOf, storeOf } from '../apps/store.js'
import type { Context } from '../context.js'
import { describe } from '../failure.js'
import { smartrecruiters } from '../package.js'
import { profileName, readProfile, storePath } from '../profiles/profile.js'
import { duration } from '../time.js'
import { type Finding, failed, ok, warning } from './finding.js'

/** How many grants are looked at: enough to know the key, and soon done. */
const MOST_GRANTS = 1000
/** When a refresh token is about to expire, in seconds. */
const SOON = 7 * 86_400

/** Examines the store that is named, or that of the profile. There is nothing to find if there is neither. */
export async function checkStore(context: Context): Promise<Finding[]> {
  const named = namesStore(context)
  const profile = named ? undefined : await readProfile(context, profileName(context).name)
  if (!named && profile?.kind !== 'grant') return []
  try {
    const path = named ? placeOf(context) : storePath(context)
    const settings = named ? await checkSettings(context) : []
    return [...settings, ...(await checkFile(path)), await checkRecords(context, named)]
  } catch (error) {
    const { message, remedy } = describe(error).report
    return [failed('store', message, remedy)]
  }
}

/** The settings of a server that can lose records. */
async function checkSettings(context: Context): Promise<Finding[]> {
  const store = storeOf(context)
  const warnings = 'warnings' in store ? await store.warnings() : []
  return warnings.map(text => warning('store', text, 'Change this setting of the server, and run the doctor again.'))
}

/** Whether other users of the machine can read the file. */
async function checkFile(path: string | undefined): Promise<Finding[]> {
  if (path === undefined || process.platform === 'win32') return []
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || (found.mode & 0o077) === 0) return []
  return [warning('store', `Other users of this machine can read or write ${path}.`, `chmod 600 ${quoted(path)}`)]
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

/** Whether the records can be read. Without the client of an app, the store may hold the inbox of webhooks alone. */
async function checkRecords(context: Context, named: boolean): Promise<Finding> {
  if (!named || context.variable('SMARTRECRUITERS_CLIENT_ID') !== undefined) return checkGrants(await appOf(context))
  const { Webhooks } = smartrecruiters()
  const inbox = new Webhooks({ store: storeOf(context), encryptionKey: keysOf(context) })
  let dead = 0
  for await (const _letter of inbox.deadLetters()) dead++
  if (dead === 0) return ok('store', 'It can be read.')
  return warning(
    'store',
    `It can be read, and has ${dead} events that failed too often.`,
    'smartrecruiters webhooks dead',
  )
}

async function checkGrants(app: OAuthApp): Promise<Finding> {
  const counts = new Map<string, number>()
  let all = 0
  let soon: number | undefined
  for await (const { state, refreshTokenExpiresAt } of app.grants()) {
    counts.set(state, (counts.get(state) ?? 0) + 1)
    if (state !== 'ended') soon ??= (refreshTokenExpiresAt.getTime() - Date.now()) / 1000
    if (++all === MOST_GRANTS) break
  }
  const states = [...counts].map(([state, count]) => `${count} ${state}`).join(', ')
  const message = `It can be read with this key, and has ${all === MOST_GRANTS ? 'many' : all} grants${states && `: ${states}`}.`
  if (soon === undefined || soon > SOON) return ok('store', message)
  return warning('store', `${message} The first one ends in ${duration(soon)}.`, 'smartrecruiters grants keep-alive')
}
