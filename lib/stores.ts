/** The stores of this package, and how the core uses a store of the user's own. */

import type { NativeCustomStore, NativeQuestion, NativeStore } from '../index.js'
import { call } from './calls.js'
import { type CertificateAuthorities, certificateAuthorities } from './certificates.js'
import { describe, duePage, loadedRecord } from './custom-store.js'
import { unawaited } from './defects.js'
import { networkVariables } from './environment.js'
import { configurationError, unwrap } from './errors.js'
import { members } from './members.js'
import { native } from './native.js'
import type { Store } from './store-contract.js'
import {
  bare,
  boolean,
  FROM_ENVIRONMENT,
  integer,
  kind,
  optionalString,
  optionsObject,
  reading,
  string,
} from './validate.js'

/** A store of this package, or an object of your own that implements {@link Store}. */
export type AnyStore = MemoryStore | SqliteStore | RedisStore | PostgresStore | Store

const handles = new WeakMap<object, NativeStore>()

/** Returns the native half of a store that the caller gave. */
export function storeOf(field: string, value: unknown): NativeStore {
  return reading(field, () => handleOf(field, value))
}

function handleOf(field: string, value: unknown): NativeStore {
  const remedy =
    'must be a MemoryStore, SqliteStore, RedisStore or PostgresStore, or an object with the methods load, swap and due'
  if (typeof value !== 'object' || value === null) throw configurationError(field, remedy)
  let handle = handles.get(value)
  if (handle === undefined) {
    const known = members(value, ['load', 'swap', 'due', 'remove', 'durable', 'namespace'])
    for (const method of ['load', 'swap', 'due'] as const) {
      if (typeof known[method] !== 'function')
        throw configurationError(`${field}.${method}`, `is not a method; ${field} ${remedy}`)
    }
    if (known.remove !== undefined && typeof known.remove !== 'function') {
      throw configurationError(`${field}.remove`, 'must be a method, or be left out')
    }
    handle = customStore(field, value as Store, known)
    handles.set(value, handle)
  }
  return handle
}

/**
 * A store in memory, for tests and first steps. Everything in it is lost when the process ends.
 *
 * @example
 * const app = new OAuthApp({ clientId, clientSecret, redirectUri, store: new MemoryStore() })
 */
export class MemoryStore {
  declare private readonly brand: 'MemoryStore'

  /**
   * Makes an empty store.
   * @example
   * const app = new OAuthApp({ clientId, clientSecret, redirectUri, store: new MemoryStore() })
   */
  constructor() {
    handles.set(this, native.memoryStore())
  }
}

/** Options of the {@link SqliteStore} constructor. */
export interface SqliteStoreOptions {
  /**
   * The database file, as a path, `~/…` in the home folder, or a URL (`file:…` or `sqlite:…`). It must be on a local
   * disk, because the locks of SQLite do not work over a network. The file is created when it is first used, readable
   * by its owner only, unless the URL has `mode=rw`.
   */
  path: string
  /**
   * Whether to create missing folders of `path`, readable by their owner only. Otherwise a missing folder is an error,
   * so that a volume that is not mounted does not become an empty store. Default: false.
   */
  create?: boolean | undefined
  /**
   * The name that separates this store's records from others in the same file: 1 to 64 letters, digits, `.`, `_` or
   * `-`. Default: `default`.
   */
  namespace?: string | undefined
}

/**
 * A store in an SQLite file, for any number of processes on one machine. A record is on the disk before it is used.
 *
 * If the file is deleted, moved or replaced while it is in use, every use fails with a {@link StoreError} until the
 * same file is back or the process is restarted: nothing is written to a file that no longer exists.
 *
 * @example
 * const store = new SqliteStore({ path: '/var/lib/app/grants.sqlite', create: true })
 */
export class SqliteStore {
  declare private readonly brand: 'SqliteStore'

  /**
   * Makes a store. The file is not opened before it is needed.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const store = new SqliteStore({ path: '/var/lib/app/grants.sqlite', create: true })
   */
  constructor(options: SqliteStoreOptions) {
    const known = optionsObject('SqliteStore', options, ['path', 'create', 'namespace'])
    const namespace = optionalString('namespace', known.namespace)
    const create = boolean('create', known.create, false)
    handles.set(this, unwrap(native.sqliteStore(string('path', known.path), create, namespace)))
  }
}

/** Options of the {@link RedisStore} constructor. */
export interface RedisStoreOptions {
  /**
   * The URL of the primary server: `redis://user:password@host:6379/0`, `rediss://…` for TLS, or
   * `unix:///run/redis/redis.sock`; of Sentinels: `redis-sentinel://user:password@host:26379,host:26379/service`; or of a
   * cluster: `redis-cluster://user:password@host:6379,host:6379`.
   */
  url: string
  /**
   * The name that separates this store's records from others in the same database: 1 to 64 letters, digits, `.`, `_` or
   * `-`. Default: `default`.
   */
  namespace?: string | undefined
  /**
   * Certificates to trust in addition to the default ones of {@link ConnectionOptions.ca}, where `url` uses TLS.
   * Default: none.
   */
  ca?: CertificateAuthorities | undefined
}

/**
 * A store in Redis or Valkey. Records are only as durable as the server's settings make them: {@link RedisStore.warnings} checks
 * these.
 *
 * @example
 * const store = new RedisStore({ url: 'rediss://redis.internal', namespace: 'app' })
 */
export class RedisStore {
  declare private readonly brand: 'RedisStore'

  /**
   * Makes a store. The server is not contacted before it is needed.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const store = new RedisStore({ url: 'rediss://redis.internal', namespace: 'app' })
   */
  constructor(options: RedisStoreOptions) {
    const known = optionsObject('RedisStore', options, ['url', 'namespace', 'ca'])
    const namespace = optionalString('namespace', known.namespace)
    const ca = certificateAuthorities(known.ca)
    handles.set(
      this,
      unwrap(native.redisStore(string('url', known.url, FROM_ENVIRONMENT), networkVariables(), namespace, ca)),
    )
  }

  /**
   * Checks the server's settings, and resolves with a sentence for each that can lose records: eviction, or no writing
   * to disk. The list is empty if no problem is known; managed servers do not reveal all settings.
   * @throws {StoreError} if the server does not answer.
   * @example
   * for (const warning of await store.warnings()) console.warn(warning)
   */
  warnings(): Promise<string[]> {
    return warnings(this)
  }
}

/** Options of the {@link PostgresStore} constructor. */
export interface PostgresStoreOptions {
  /**
   * The connection string, as a URL (`postgres://user:password@host:5432/database?sslmode=verify-full`) or as
   * `host=… user=…`. With several hosts, separated by commas, the store uses the one that accepts writes.
   *
   * The parameters have the names and the meaning of libpq. The default of `sslmode` is `prefer`, which verifies no
   * certificate; with `ca` it is `verify-full`.
   */
  url: string
  /**
   * The name that separates this store's records from others in the same database: 1 to 64 letters, digits, `.`, `_` or
   * `-`. Default: `default`.
   */
  namespace?: string | undefined
  /**
   * Certificates to trust in addition to those of `sslrootcert` in `url`, or else to the default ones of
   * {@link ConnectionOptions.ca}. Default: none.
   */
  ca?: CertificateAuthorities | undefined
  /** The maximum number of open connections, 1 to 1000. Default: `connection_limit` in `url`, or 4. */
  connections?: number | undefined
}

/**
 * A store in PostgreSQL, reached directly or through a pooler in transaction mode. It creates its tables if its user
 * may do so.
 *
 * @example
 * const store = new PostgresStore({ url: 'postgres://app@db.internal/app?sslmode=verify-full' })
 */
export class PostgresStore {
  declare private readonly brand: 'PostgresStore'

  /**
   * Makes a store. The server is not contacted before it is needed.
   * @throws {ConfigurationError} if an option is missing, unknown or malformed.
   * @example
   * const store = new PostgresStore({ url: 'postgres://app@db.internal/app?sslmode=verify-full' })
   */
  constructor(options: PostgresStoreOptions) {
    const known = optionsObject('PostgresStore', options, ['url', 'namespace', 'ca', 'connections'])
    const namespace = optionalString('namespace', known.namespace)
    const ca = certificateAuthorities(known.ca)
    const connections =
      known.connections === undefined ? undefined : integer('connections', known.connections, 1, 1000, 4)
    const url = string('url', known.url, FROM_ENVIRONMENT)
    handles.set(this, unwrap(native.postgresStore(url, networkVariables(), namespace, ca, connections)))
  }

  /**
   * Checks the server's settings, and resolves with a sentence for each that can lose records, such as a server that
   * does not wait for its disk. The list is empty if no problem is found.
   * @throws {StoreError} if the server does not answer.
   */
  warnings(): Promise<string[]> {
    return warnings(this)
  }
}

async function warnings(store: object): Promise<string[]> {
  const handle = storeOf('store', store)
  return call<string[]>((completions, callId) => handle.warnings(completions, callId), {})
}

/** Makes a store of the user's object. What its methods return is checked before the addon receives it. */
function customStore(
  field: string,
  store: Store,
  known: Record<'remove' | 'durable' | 'namespace', unknown>,
): NativeStore {
  const durable = boolean(`${field}.durable`, known.durable, true)
  const namespace = known.namespace === undefined ? '' : string(`${field}.namespace`, known.namespace)
  const removes = known.remove !== undefined
  const bridge: NativeCustomStore = new native.NativeCustomStore(
    asked => {
      const question = bare(asked)
      const failed = (error: unknown) =>
        bridge.failed(question.number, `the store's ${question.method}() failed: ${describe(error)}`)
      unawaited('Passing on the answer of a store', answer(store, removes, question, bridge).catch(failed))
    },
    durable,
    namespace,
  )
  return bridge.store()
}

async function answer(
  store: Store,
  removes: boolean,
  question: NativeQuestion,
  bridge: NativeCustomStore,
): Promise<void> {
  const { number, method, id = '', expected = 0, content = new Uint8Array(), due = 0 } = question
  switch (method) {
    case 'load': {
      const found = loadedRecord(await store.load(id))
      return bridge.loaded(number, found?.version, found?.content)
    }
    case 'swap': {
      const won: unknown = await store.swap(id, expected, content, due)
      if (typeof won !== 'boolean') throw wrong('true or false', won)
      return bridge.swapped(number, won)
    }
    case 'remove': {
      if (!removes) return bridge.removed(number)
      const removed: unknown = await store.remove?.(id, expected)
      if (typeof removed !== 'boolean') throw wrong('true or false', removed)
      return bridge.removed(number, removed)
    }
    default: {
      const { before = 0, limit = 0, after } = question
      const page: unknown = await store.due(before, limit, after)
      return bridge.due(number, duePage(page, { before, limit, after }))
    }
  }
}

function wrong(wanted: string, value: unknown): TypeError {
  return new TypeError(`it must return ${wanted}, but returned ${kind(value)}`)
}
