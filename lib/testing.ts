/// <reference types="node" preserve="true" />
/**
 * Tools for tests. {@link checkStore} checks a store of your own against the contract of {@link Store}. It only calls
 * the store's methods, and works with any test framework. {@link startBridge} lets mocks of `fetch` answer a client.
 *
 * @packageDocumentation
 */

import { isOrdered } from './due-order.js'
import { members } from './members.js'
import type { DueRecord, Store, StoredRecord } from './store-contract.js'

export {
  type Bridge,
  type BridgeFailure,
  type BridgeFetch,
  type BridgeOptions,
  type BridgeRequest,
  type BridgeResponse,
  startBridge,
} from './bridge.js'
export type { DueRecord, Store, StoredRecord } from './store-contract.js'

/** Options of {@link checkStore}. */
export interface CheckStoreOptions {
  /** The maximum duration of each call of the store, in milliseconds. Default: 10,000. */
  timeout?: number | undefined
}

/** The `due` of a record that never needs attention: the last instant of a `Date`. */
const NEVER = 8_640_000_000_000_000
const INSTANCES = 4
const WRITERS = 8
const ROUNDS = 20

/**
 * Checks that a store keeps grants safe, and rejects with an `Error` that names the broken rule, the call, and the
 * expected result.
 *
 * `openStore` is called several times. Each time it must open the same place, which must be empty at first, as another
 * process would: a new instance that shares with the others only what processes can share. The check writes about 60
 * records and leaves them there. The optional method `remove` is checked if the store has it.
 *
 * The check cannot simulate a process or machine that stops in the middle of a swap.
 * @example
 * test('the store keeps its contract', () => checkStore(() => new MyStore(url)))
 */
export async function checkStore(
  openStore: () => Store | Promise<Store>,
  options: CheckStoreOptions = {},
): Promise<void> {
  const { timeout = 10_000 } = members(options, ['timeout']) as CheckStoreOptions
  if (!Number.isInteger(timeout) || timeout < 1 || timeout >= 2 ** 31) {
    throw new RangeError('timeout: must be a whole number of milliseconds above 0')
  }
  const stores: Checked[] = []
  for (let number = 0; number < INSTANCES; number++) stores.push(new Checked(await openStore(), timeout))
  const [store, other] = stores as [Checked, Checked]
  await rule('openStore() opens an empty place', async () => {
    same('due(NEVER + 1, 10)', await store.due(NEVER + 1, 10), [])
  })
  await rule('a record that was not written is not there', async () => {
    for (const each of stores) await holds(each, 'nobody', 0)
  })
  await rule('a record is created once', async () => {
    await refuses(store, 'a', 1, 'early')
    await takes(store, 'a', 0, 'one')
    await refuses(store, 'a', 0, 'two')
    await holds(store, 'a', 1, 'one')
  })
  await rule('a swap needs the current version, and increases it by one', async () => {
    await takes(store, 'a', 1, 'two')
    for (const stale of [0, 1, 3, 1000]) await refuses(store, 'a', stale, 'bad')
    await holds(store, 'a', 2, 'two')
    await holds(store, 'b', 0)
  })
  await rule('a record is there for all instances', async () => {
    await holds(other, 'a', 2, 'two')
    await takes(other, 'a', 2, 'three')
    await refuses(store, 'a', 2, 'bad')
    await holds(store, 'a', 3, 'three')
  })
  await rule('content is kept byte for byte', () => keepsContent(store, other))
  await rule('each id is a record of its own', () => keepsIdsApart(store, other))
  await rule('no update is lost among writers', () => losesNoUpdate(stores))
  await rule('due() lists due records, the most urgent first', () => listsWhatIsDue(store, other))
  await rule('due() continues after a place', () => continuesAfterAPlace(store))
  if (store.removes) {
    await rule('a removal needs the current version, and leaves nothing', () => removes(store, other))
    await rule('exactly one of many swaps and removals wins', () => removesAtomically(stores))
  }
}

async function keepsContent(store: Checked, other: Checked): Promise<void> {
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const long = Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7) % 251)
  // The last one is a view of a part of a longer buffer.
  const contents = [new Uint8Array(), every, long, every.subarray(100, 120)]
  for (const [version, content] of contents.entries()) {
    await takes(store, 'content', version, content)
    await holds(other, 'content', version + 1, content)
  }
}

async function keepsIdsApart(store: Checked, other: Checked): Promise<void> {
  const x = 'x'.repeat(99)
  const ids = [
    ...['A', 'a ', ' a', 'a b', 'a\n', 'a:b', 'a/b', '../a', "'; --", '%', '*', '{a}', '1', '01', '__proto__'],
    // The first two look the same; the last two have the maximum length of an id.
    ...['\u00e9', 'e\u0301', '\u{1f511}', `${x}y`, `${x}z`],
  ]
  for (const id of ids) await takes(store, id, 0, id)
  for (const id of ids) await holds(other, id, 1, id)
  await holds(other, 'a', 3, 'three')
}

/** When several writers replace the same version at once, exactly one of them succeeds. */
async function losesNoUpdate(stores: readonly Checked[]): Promise<void> {
  for (let version = 0; version < ROUNDS; version++) {
    const writers = Array.from({ length: WRITERS }, (_, writer) => `${version} by ${writer}`)
    const swaps = writers.map((content, writer) => {
      const store = stores[writer % stores.length] as Checked
      return store.swap('contested', version, bytes(content), NEVER)
    })
    const won = await Promise.all(swaps)
    const winners = writers.filter((_, writer) => won[writer])
    const asked = `${WRITERS} swaps at once of version ${version}`
    if (winners.length !== 1) throw broken(asked, 'true for one of them', `true for ${winners.length}`)
    for (const store of stores) await holds(store, 'contested', version + 1, winners[0])
  }
}

async function listsWhatIsDue(store: Checked, other: Checked): Promise<void> {
  const now = 1_800_000_000_000
  const all: DueRecord[] = [
    { id: 'due-c', due: now + 30 },
    { id: 'due-b', due: now + 20 },
    { id: 'due-e', due: now + 1_000_000 },
    { id: 'due-a', due: now + 10 },
    { id: 'due-d', due: now + 40 },
  ]
  for (const { id, due } of all) await takes(store, id, 0, id, due)
  const sorted = all.toSorted((one, two) => one.due - two.due)
  same(`due(${NEVER}, 100)`, await other.due(NEVER, 100), sorted)
  same('due(before, 100) of what is due at `before` and earlier', await store.due(now + 30, 100), sorted.slice(0, 2))
  same('due(before, 2)', await store.due(NEVER, 2), sorted.slice(0, 2))
  same('due(0, 100)', await store.due(0, 100), [])
  await refuses(store, 'due-b', 0, 'lost', 0)
  same('due(…) after a swap that lost', await store.due(NEVER, 100), sorted)
  await takes(store, 'due-b', 1, 'won', now + 50)
  await takes(store, 'due-e', 1, 'won', NEVER)
  const [a, , c, d] = sorted as [DueRecord, DueRecord, DueRecord, DueRecord]
  same('due(…) after swaps that won', await other.due(NEVER, 100), [a, c, d, { id: 'due-b', due: now + 50 }])
}

async function continuesAfterAPlace(store: Checked): Promise<void> {
  const due = 1_900_000_000_000
  for (let number = 0; number < 25; number++) await takes(store, `same-${number}`, 0, 'x', due)
  // These include the records that the rules before have written.
  const all = await pages(store, 10_000)
  const listed = new Set(all.map(({ id }) => id))
  for (const id of ['a', 'content', 'due-e', 'same-24']) {
    if (!listed.has(id)) throw broken(`due(${NEVER + 1}, …)`, `${shown(id)} among all records`, 'a list without it')
  }
  if (!isOrdered(all)) {
    const wanted =
      'records by `due`, and those of one `due` by `id`, as JavaScript compares strings or by the bytes of UTF-8'
    throw broken(`due(${NEVER + 1}, …)`, wanted, 'another order')
  }
  if (listed.size !== all.length) throw broken(`due(${NEVER + 1}, …)`, 'each record once', 'some of them twice')
  for (const limit of [1, 10, 1000]) {
    same(`all pages of due(${NEVER + 1}, ${limit}, after)`, await pages(store, limit), all)
  }
  // `after` is a place: it stays valid when its record has moved to another place.
  const equal = all.filter(place => place.due === due)
  const [cursor] = equal.splice(0, 10).slice(-1) as [DueRecord]
  await takes(store, cursor.id, 1, 'x', due + 1)
  same(`due(before, 100, after) of a record that is elsewhere since`, await store.due(due + 1, 100, cursor), equal)
}

async function removes(store: Checked, other: Checked): Promise<void> {
  const due = 2_000_000_000_000
  const places = () => store.due(due + 1, 100, { id: '', due: due - 1 })
  await keeps(store, 'removed', 0)
  await keeps(store, 'removed', 1)
  await takes(store, 'removed', 0, 'one', due)
  await takes(store, 'removed', 1, 'two', due)
  for (const stale of [0, 1, 3, 1000]) await keeps(store, 'removed', stale)
  await holds(other, 'removed', 2, 'two')
  same('due(…) after removals that lost', await places(), [{ id: 'removed', due }])
  if (!(await store.remove('removed', 2))) throw broken('remove("removed", 2) of version 2', 'true', 'false')
  await holds(store, 'removed', 0)
  await holds(other, 'removed', 0)
  same('due(…) after a removal', await places(), [])
  await keeps(store, 'removed', 2)
  await refuses(store, 'removed', 2, 'bad')
  await takes(other, 'removed', 0, 'new')
  await holds(store, 'removed', 1, 'new')
}

/** Half of the writers swap the version that the others remove at the same time. */
async function removesAtomically(stores: readonly Checked[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const id = `removed-${round}`
    await takes(stores[0] as Checked, id, 0, 'first')
    const won = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) => {
        const store = stores[writer % stores.length] as Checked
        // Each instance does both: writers 0 to 3 remove.
        return writer < WRITERS / 2 ? store.remove(id, 1) : store.swap(id, 1, bytes(`by ${writer}`), NEVER)
      }),
    )
    const winners = won.flatMap((one, writer) => (one ? [writer] : []))
    const asked = `${WRITERS} swaps and removals at once of version 1`
    if (winners.length !== 1) throw broken(asked, 'true for one of them', `true for ${winners.length}`)
    const [winner] = winners as [number]
    const removed = winner < WRITERS / 2
    for (const store of stores) await holds(store, id, removed ? 0 : 2, `by ${winner}`)
  }
}

/** Lists all records page by page, and gives up after 1,000, since a broken store may have no last page. */
async function pages(store: Checked, limit: number): Promise<DueRecord[]> {
  const all: DueRecord[] = []
  let page: DueRecord[]
  do {
    page = await store.due(NEVER + 1, limit, all.at(-1))
    all.push(...page)
  } while (page.length > 0 && all.length < 1000)
  return all
}

/** A store each of whose answers is awaited with a timeout and checked for its type. */
class Checked {
  constructor(
    readonly store: Store,
    readonly timeout: number,
  ) {}

  /** Whether the store has the optional method. */
  get removes(): boolean {
    return members(this.store, ['remove']).remove !== undefined
  }

  async load(id: string): Promise<StoredRecord | undefined> {
    const asked = `load(${shown(id)})`
    const found = await this.#ask(asked, () => this.store.load(id))
    if (found === undefined || found === null) return undefined
    const { version, content } = members(Object(found), ['version', 'content'])
    if (!Number.isSafeInteger(version) || (version as number) < 1) {
      throw broken(asked, 'a `version` that is a whole number of 1 or more', shown(version))
    }
    if (Object.prototype.toString.call(content) !== '[object Uint8Array]') {
      throw broken(asked, 'a `content` that is a Uint8Array', shown(content))
    }
    return { version: version as number, content: content as Uint8Array }
  }

  async swap(id: string, expected: number, content: Uint8Array, due: number): Promise<boolean> {
    const asked = `swap(${shown(id)}, ${expected}, content, ${due})`
    const won = await this.#ask(asked, () => this.store.swap(id, expected, content, due))
    if (typeof won !== 'boolean') throw broken(asked, 'true or false', shown(won))
    return won
  }

  /** Removes a record; call it only for a store that has the method. */
  async remove(id: string, expected: number): Promise<boolean> {
    const asked = `remove(${shown(id)}, ${expected})`
    const removed = await this.#ask(asked, () => this.store.remove?.(id, expected) ?? false)
    if (typeof removed !== 'boolean') throw broken(asked, 'true or false', shown(removed))
    return removed
  }

  async due(before: number, limit: number, after?: DueRecord): Promise<DueRecord[]> {
    const asked = `due(${[before, limit, ...(after === undefined ? [] : [shown(after)])].join(', ')})`
    const page = await this.#ask(asked, () => this.store.due(before, limit, after))
    if (!Array.isArray(page)) throw broken(asked, 'a list', shown(page))
    if (page.length > limit) throw broken(asked, `${limit} records at most`, `${page.length}`)
    return page.map((entry: unknown) => {
      const { id, due } = members(Object(entry), ['id', 'due'])
      if (typeof id !== 'string' || !Number.isSafeInteger(due)) {
        throw broken(asked, 'entries of an `id` and a whole number `due`', shown(entry))
      }
      return { id, due: due as number }
    })
  }

  async #ask<T>(asked: string, ask: () => T | Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      const error = broken(asked, `an answer within ${this.timeout} ms`, 'none')
      timer = setTimeout(() => reject(error), this.timeout)
    })
    let answer: T | Promise<T>
    try {
      answer = ask()
    } catch (error) {
      clearTimeout(timer)
      throw broken(asked, 'an answer', `an exception: ${message(error)}`, error)
    }
    try {
      return await Promise.race([answer, late])
    } catch (error) {
      throw error instanceof Broken ? error : broken(asked, 'an answer', `a rejection: ${message(error)}`, error)
    } finally {
      clearTimeout(timer)
    }
  }
}

async function takes(store: Checked, id: string, expected: number, content: string | Uint8Array, due = NEVER) {
  if (!(await store.swap(id, expected, bytes(content), due))) {
    throw broken(`swap(${shown(id)}, ${expected}, …) of version ${expected}`, 'true', 'false')
  }
}

async function refuses(store: Checked, id: string, expected: number, content: string, due = NEVER) {
  if (await store.swap(id, expected, bytes(content), due)) {
    throw broken(`swap(${shown(id)}, ${expected}, …) of another version`, 'false', 'true')
  }
}

async function keeps(store: Checked, id: string, expected: number) {
  if (await store.remove(id, expected)) {
    throw broken(`remove(${shown(id)}, ${expected}) of another version`, 'false', 'true')
  }
}

/** Checks which version of a record the store holds, and its content. Version 0 means that there must be no record. */
async function holds(store: Checked, id: string, version: number, content: string | Uint8Array = '') {
  const asked = `load(${shown(id)})`
  const found = await store.load(id)
  if (version === 0) {
    if (found !== undefined) throw broken(asked, 'nothing', `version ${found.version}`)
    return
  }
  if (found === undefined) throw broken(asked, `version ${version}`, 'nothing')
  if (found.version !== version) throw broken(asked, `version ${version}`, `version ${found.version}`)
  const wanted = bytes(content)
  const same = found.content.length === wanted.length && found.content.every((byte, index) => byte === wanted[index])
  if (!same) {
    const got = `${found.content.length} bytes: ${shown(new TextDecoder().decode(found.content))}`
    throw broken(asked, `the ${wanted.length} bytes of version ${version} as they were written`, got)
  }
}

function same(asked: string, got: readonly DueRecord[], wanted: readonly DueRecord[]): void {
  const text = (places: readonly DueRecord[]) => JSON.stringify(places.map(({ id, due }) => ({ id, due })))
  if (text(got) !== text(wanted)) throw broken(asked, brief(text(wanted)), brief(text(got)))
}

/** A call returned something other than the rule expects. */
class Broken extends Error {}

function broken(asked: string, wanted: string, got: string, cause?: unknown): Broken {
  return new Broken(`${asked}: expected ${wanted}, got ${got}`, cause === undefined ? {} : { cause })
}

async function rule(name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    throw new Error(`the store breaks the rule "${name}": ${error.message}`, error.cause ? { cause: error.cause } : {})
  }
}

function bytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content
}

function message(error: unknown): string {
  return String((Object(error) as Partial<Error>).message ?? error)
}

function shown(value: unknown): string {
  return brief(JSON.stringify(value) ?? String(value))
}

function brief(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
