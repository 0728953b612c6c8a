/** What the core needs of a store: the contract that every store keeps, and `checkStore` checks. */

/** A record as a store holds it. */
export interface StoredRecord {
  /** Its version, 1 or more. */
  version: number
  /** Its content, opaque to the store. */
  content: Uint8Array
}

/** A record's place in the order of what is due. */
export interface DueRecord {
  /** The record's id. */
  id: string
  /** When it next needs attention, as {@link Store.swap} was told. */
  due: number
}

/**
 * A store of your own: three methods, and a fourth if you like, over one versioned record for each id. It works until `process.exit()`: end a
 * process by letting its event loop run empty.
 *
 * A method that rejects or throws, or that has not settled after 20 seconds, fails what needs it with a
 * {@link StoreError}. So does an answer that is not as described here. Where no caller waits, an event tells: of
 * `renewalFailed`, `keepAliveFailed` or `rekeyFailed`. When the worker that the object belongs to ends, every method
 * fails at once, and tokens that are on their way to it are lost: await `app.settled()` before. A swap
 * that fails may or may not have happened: the record is loaded again and compared.
 */
export interface Store {
  /** The record of `id`, or nothing. */
  load(id: string): Promise<StoredRecord | null | undefined> | StoredRecord | null | undefined
  /**
   * Writes `content` as version `expected + 1`, if the record still has version `expected` (0: if there is none), and
   * says whether it did. Atomic, and durable once it has settled.
   *
   * `due` is when the record next needs attention, in milliseconds since the Unix epoch. One that never does has
   * 8640000000000000, the last instant of a `Date`.
   */
  swap(id: string, expected: number, content: Uint8Array, due: number): Promise<boolean> | boolean
  /**
   * Removes the record of `id` if it still has version `expected`, and returns whether it did. Atomic, and durable once
   * it has settled. The record is then absent from `load` and `due`, and a swap that expects 0 makes it anew.
   *
   * Optional: without it, a small record that says so stays in place of what would be removed.
   */
  remove?(id: string, expected: number): Promise<boolean> | boolean
  /**
   * The first `limit` records, or fewer, that are due before `before`, the most urgent first. Those that are due at
   * the same time are in the order of their ids, as JavaScript compares strings, or by the bytes of UTF-8 (in
   * PostgreSQL, `COLLATE "C"`).
   *
   * With `after`, only records that come after that place in this order, whether or not a record is there any more: it
   * is the last one of the page before. A store that ignores it is noticed.
   */
  due(before: number, limit: number, after?: DueRecord): Promise<readonly DueRecord[]> | readonly DueRecord[]
  /** Whether records outlive the process, and so need an `encryptionKey`. Default: true. */
  readonly durable?: boolean | undefined
  /** What keeps these records apart from others in the same place; they are sealed with it. Default: nothing. */
  readonly namespace?: string | undefined
}
