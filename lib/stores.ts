/** Where grants live. */

import type { NativeCustomStore, NativeQuestion, NativeStore } from '../index.js'
import { call } from './calls.js'
import { type CertificateAuthorities, certificateAuthorities } from './certificates.js'
import { describe, duePage, loadedRecord } from './custom-store.js'
import { networkVariables } from './environment.js'
import { configurationError, unwrap } from './errors.js'
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

/** A store of this package, or one of your own. */
export type AnyStore = MemoryStore | SqliteStore | RedisStore | PostgresStore | Store

const handles = new WeakMap<object, NativeStore>()

/** The native half of a store that the caller gave. */
export function storeOf(field: string, value: unknown): NativeStore {
  return reading(field, () => handleOf(field, value))
}

function handleOf(field: string, value: unknown): NativeStore {
  const remedy = 'must be a MemoryStore, SqliteStore, RedisStore or PostgresStore, or an object with load, swap and due'
  if (typeof value !== 'object' || value === null) throw configurationError(field, remedy)
  let handle = handles.get(value)
  if (handle === undefined) {
    const store = value as Store
    for (const method of ['load', 'swap', 'due'] as const) {
      if (typeof store[method] !== 'function')
        throw configurationError(`${field}.${method}`, `is no method; ${field} ${remedy}`)
    }
    if (store.remove !== undefined && typeof store.remove !== 'function') {
      throw configurationError(`${field}.remove`, 'must be a method, or be left out')
    }
    handle = customStore(field, store)
    handles.set(value, handle)
  }
  return handle
}

/** A store in memory, for tests and for trying things out: its grants are lost when the process ends. */
export class MemoryStore {
  declare private readonly brand: 'MemoryStore'

  /**
   * @example
   * const app = new OAuthApp({ clientId, clientSecret, redirectUri, store: new MemoryStore() })
   */
  constructor() {
    handles.set(this, native.memoryStore())
  }
}

/** Options of {@link SqliteStore}. */
export interface SqliteStoreOptions {
  /**
   * The file, on a local disk: SQLite's locks do not work over a network. A path, `~/…` for the home folder, or a URL
   * (`file:…`, `sqlite:…`). The file is created when first used, readable by its owner only, unless the URL says
   * `mode=rw`.
   */
  path: string
  /**
   * Whether folders of `path` that are missing are created, readable by their owner only. Without it they are an error,
   * so that a volume that is not mounted does not become an empty store. Default: false.
   */
  create?: boolean | undefined
  /** Keeps apart what shares a file: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`. */
  namespace?: string | undefined
}

/**
 * A store in an SQLite file, for any number of processes on one machine. What is stored is on the disk.
 *
 * When the file is deleted, moved or replaced while it is in use, every use fails with a {@link StoreError} until the
 * very same file is back or the process is restarted: nothing is written to a file that is gone.
 */
export class SqliteStore {
  declare private readonly brand: 'SqliteStore'

  /**
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

/** Options of {@link RedisStore}. */
export interface RedisStoreOptions {
  /**
   * `redis://user:password@host:6379/0`, `rediss://…` with TLS, or `unix:///run/redis/redis.sock`. It has to lead to the
   * primary.
   */
  url: string
  /** Keeps apart what shares a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`. */
  namespace?: string | undefined
  /** Certificates to trust beside the default ones, as the clients' `ca`, where `url` asks for TLS. Default: no others. */
  ca?: CertificateAuthorities | undefined
}

/**
 * A store in Redis or Valkey. What is stored is as safe as the server keeps it: ask {@link RedisStore.warnings}.
 */
export class RedisStore {
  declare private readonly brand: 'RedisStore'

  /**
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
   * How records could be lost there: by eviction, or by a server that does not write to its disk. Empty if nothing is
   * known to be wrong: managed servers keep some settings to themselves.
   * @throws {StoreError} if the server cannot be asked.
   */
  warnings(): Promise<string[]> {
    return warnings(this)
  }
}

/** Options of {@link PostgresStore}. */
export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:5432/database?sslmode=verify-full`, or the same as `host=… user=…`. Several hosts,
   * separated by commas, lead to the one that accepts writes. The parameters are libpq's, and have its meaning:
   * `sslmode` is `prefer` by default, which verifies no certificate, and `verify-full` where there is a `ca`.
   */
  url: string
  /** Keeps apart what shares a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`. */
  namespace?: string | undefined
  /**
   * Certificates to trust beside the default ones, or beside those of `sslrootcert` in the URL, as the clients' `ca`.
   * Default: no others.
   */
  ca?: CertificateAuthorities | undefined
  /** How many connections may be open, 1 to 1000. Default: `connection_limit` of the URL, or 4. */
  connections?: number | undefined
}

/** A store in PostgreSQL, directly or through a pooler in transaction mode. It makes its tables if it may. */
export class PostgresStore {
  declare private readonly brand: 'PostgresStore'

  /**
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
   * How grants could be lost there: by a server that does not write to its disk. Empty if all is well.
   * @throws {StoreError} if the server cannot be asked.
   */
  warnings(): Promise<string[]> {
    return warnings(this)
  }
}

async function warnings(store: object): Promise<string[]> {
  const handle = storeOf('store', store)
  const outcome = await call((completions, number) => handle.warnings(completions, number), {})
  return outcome.first as string[]
}

/** Lets the core ask a user's object. Its answers are checked before the addon sees them. */
function customStore(field: string, store: Store): NativeStore {
  const durable = boolean(`${field}.durable`, store.durable, true)
  const namespace = store.namespace === undefined ? '' : string(`${field}.namespace`, store.namespace)
  const bridge: NativeCustomStore = new native.NativeCustomStore(
    asked => {
      const question = bare(asked)
      void answer(store, question, bridge).catch((error: unknown) => {
        bridge.failed(question.number, `the store's ${question.method}() failed: ${describe(error)}`)
      })
    },
    durable,
    namespace,
  )
  return bridge.store()
}

async function answer(store: Store, question: NativeQuestion, bridge: NativeCustomStore): Promise<void> {
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
      if (store.remove === undefined) return bridge.removed(number)
      const removed: unknown = await store.remove(id, expected)
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
  return new TypeError(`it must give ${wanted}, but gave ${kind(value)}`)
}
