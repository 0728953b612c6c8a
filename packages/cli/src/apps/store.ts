/** The store of an app whose records the command line works on, and the keys that open them. */

import { pathToFileURL } from 'node:url'
import type { PostgresStore, RedisStore, SqliteStore } from 'smartrecruiters'
import type { Context } from '../context.js'
import { EXIT, Failure, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { smartrecruiters } from '../package.js'

/** The options of every command that works on a store. */
export const STORE_OPTIONS = {
  store: {
    type: 'string',
    value: 'PLACE',
    help: 'use this store, a file of SQLite or a URL of Redis or PostgreSQL; otherwise SMARTRECRUITERS_STORE',
  },
  namespace: { type: 'string', value: 'NAME', help: 'use this namespace of the store; otherwise `default`' },
  unencrypted: { type: 'boolean', help: 'use a store whose records are not encrypted' },
} as const satisfies Options

/** What the help of these commands says of the store. */
export const STORE_HELP = `The store is the one that your app uses. SMARTRECRUITERS_ENCRYPTION_KEY holds its key, or several that are
separated by commas: the first one encrypts, and each of them decrypts. A URL with a password belongs in
SMARTRECRUITERS_STORE, since other users of the machine can see the arguments of a command.`

export type AppStore = SqliteStore | RedisStore | PostgresStore

/** Whether the command line or the environment names a store. */
export function namesStore(context: Context): boolean {
  return placeOf(context) !== undefined
}

/** Returns the place of the store as it was named. It may hold a password. */
export function placeOf(context: Context): string | undefined {
  return context.with(STORE_OPTIONS).values.store ?? context.variable('SMARTRECRUITERS_STORE')
}

/** Makes the store. A file of SQLite has to be there, unless it may be `made`. */
export function storeOf(context: Context, { made = false } = {}): AppStore {
  const { PostgresStore, RedisStore, SqliteStore } = smartrecruiters()
  const place = placeOf(context)
  if (place === undefined) {
    throw new UsageError('no store is named', 'Set SMARTRECRUITERS_STORE, or add --store: see --help.')
  }
  const { namespace } = context.with(STORE_OPTIONS).values
  if (/^(redis|valkey|unix)[a-z+-]*:/i.test(place)) return new RedisStore({ url: place, namespace })
  if (/^postgres(ql)?:/i.test(place)) return new PostgresStore({ url: place, namespace })
  // An empty store in the place of a file whose name was misspelt would look as if all grants were lost.
  const path = made || /^(file|sqlite):/i.test(place) ? place : `${pathToFileURL(place)}?mode=rw`
  return new SqliteStore({ path, namespace })
}

/** Returns the keys of the store, for the option `encryptionKey`. */
export function keysOf(context: Context): string[] | false {
  const text = context.variable('SMARTRECRUITERS_ENCRYPTION_KEY')
  const { unencrypted } = context.with(STORE_OPTIONS).values
  if (unencrypted) {
    if (text === undefined) return false
    throw new UsageError('--unencrypted and SMARTRECRUITERS_ENCRYPTION_KEY exclude each other')
  }
  if (text !== undefined) return text.split(/[\s,]+/).filter(key => key !== '')
  throw new Failure('NO_KEY', 'The key of the store is missing.', {
    exit: EXIT.authentication,
    remedy: 'Set SMARTRECRUITERS_ENCRYPTION_KEY to the key of your app, or add --unencrypted if it has none.',
  })
}

/** Returns the client id and secret of an app. Those of a partner are in variables that begin otherwise. */
export function registrationOf(
  context: Context,
  variables: 'SMARTRECRUITERS' | 'SMARTRECRUITERS_PARTNER' = 'SMARTRECRUITERS',
): { clientId: string; clientSecret: string } {
  const clientId = context.variable(`${variables}_CLIENT_ID`)
  const clientSecret = context.variable(`${variables}_CLIENT_SECRET`)
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret }
  throw new Failure('NO_APP', 'The client id and secret of the app are missing.', {
    exit: EXIT.authentication,
    remedy: `Set ${variables}_CLIENT_ID and ${variables}_CLIENT_SECRET to those of your app.`,
  })
}
