/** The contract of a store: what the core relies on, and what `checkStore` checks. */

/** A record as {@link Store.load} returns it. */
export interface StoredRecord {
  /** The version of the record: 1 or more, and one more with every swap. */
  version: number
  /** The content of the record, exactly as it was stored. Its format is internal. */
  content: Uint8Array
}

/** An entry of the list that {@link Store.due} returns: a record's place in the order of due records. */
export interface DueRecord {
  /** The id of the record. */
  id: string
  /** When the record next needs attention, as {@link Store.swap} set it: in milliseconds since the Unix epoch. */
  due: number
}

/**
 * A store of your own: an object with three methods, and an optional fourth, over one versioned record for each id.
 * `checkStore` of `smartrecruiters/testing` checks an implementation.
 *
 * If a method throws, rejects, returns something other than described here, or has not settled after 20 seconds, the
 * operation that needs it fails with a {@link StoreError}. In the background, where no caller waits, the app emits
 * `renewalFailed`, `keepAliveFailed` or `rekeyFailed` instead. A swap that fails may still have been written: the
 * record is then loaded and compared.
 *
 * The store works until `process.exit()`, so end a process by letting its event loop become empty. When the worker
 * thread that the object belongs to ends, every method fails at once, and tokens that were about to be stored are lost:
 * await `app.settled()` before the thread ends.
 *
 * @example
 * const store: Store = {
 *   async load(id) {
 *     return records.findOne({ id })
 *   },
 *   async swap(id, expected, content, due) {
 *     return records.replaceIfVersion(id, expected, { version: expected + 1, content, due })
 *   },
 *   async due(before, limit, after) {
 *     return records.listDue(before, limit, after)
 *   },
 * }
 */
export interface Store {
  /** Returns the record with this id, or `undefined` or `null` if there is none. */
  load(id: string): Promise<StoredRecord | null | undefined> | StoredRecord | null | undefined
  /**
   * Writes `content` as version `expected + 1` if the record still has version `expected`, and returns whether it did.
   * An `expected` of 0 means that there must be no record yet. The swap must be atomic, and durable when it has
   * settled.
   *
   * `due` is the time at which the record next needs attention, in milliseconds since the Unix epoch. For a record that
   * never needs attention it is 8640000000000000, the last instant of a `Date`.
   */
  swap(id: string, expected: number, content: Uint8Array, due: number): Promise<boolean> | boolean
  /**
   * Removes the record with this id if it still has version `expected`, and returns whether it did. The removal must be
   * atomic, and durable when it has settled. The record is then absent from `load` and `due`, and a swap that expects
   * version 0 creates it again.
   *
   * This method is optional. Without it, a small record that is marked as removed stays in the store.
   */
  remove?(id: string, expected: number): Promise<boolean> | boolean
  /**
   * Returns the first `limit` records, or fewer, whose `due` is before `before`, in ascending order of `due`. Records
   * with the same `due` are in ascending order of their ids, compared as JavaScript compares strings, or by the bytes
   * of their UTF-8 (in PostgreSQL, `COLLATE "C"`).
   *
   * With `after`, the last entry of the previous page, return only entries that come after that place in this order.
   * There may be no record at that place any more. A store that ignores `after` causes a {@link StoreError}.
   */
  due(before: number, limit: number, after?: DueRecord): Promise<readonly DueRecord[]> | readonly DueRecord[]
  /** Whether records outlive the process. A durable store requires an `encryptionKey`. Default: true. */
  readonly durable?: boolean | undefined
  /**
   * The name that separates these records from others in the same place. It is part of their encryption, so a record
   * cannot be read under another namespace. Default: none.
   */
  readonly namespace?: string | undefined
}
