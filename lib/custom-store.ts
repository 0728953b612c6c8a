/** Checks what the methods of the user's own store return, before the addon receives it. */

import { copied } from './bytes.js'
import { isOrdered } from './due-order.js'
import { members } from './members.js'
import { types } from './platform.js'
import type { DueRecord, StoredRecord } from './store-contract.js'
import { isList, kind } from './validate.js'

/** The maximum length of the description of an error from a store, in characters. */
const LONGEST_REASON = 500

/** Checks the record that `load` returned; `undefined` if there is none. */
export function loadedRecord(found: unknown): StoredRecord | undefined {
  if (found === undefined || found === null) return undefined
  if (typeof found !== 'object' || isList(found)) throw wrong('a record or undefined', found)
  // Each property is read once, also from a class: records of an ORM have getters there.
  const { version, content } = members(found, ['version', 'content'])
  if (!Number.isSafeInteger(version) || (version as number) < 1) throw wrong('a version of 1 or more', version)
  if (!types.isUint8Array(content)) throw wrong('a Uint8Array', content)
  return { version: version as number, content: copied("the record's content", content) }
}

/** The arguments with which `due` was called. */
export interface DueQuestion {
  before: number
  limit: number
  after?: DueRecord | undefined
}

/**
 * Checks the page that `due` returned. Each record must come after the one before it, and the first after `after`: a
 * store that ignores `after` would otherwise be asked for the same page without end.
 */
export function duePage(page: unknown, { before, limit, after }: DueQuestion): DueRecord[] {
  if (!isList(page)) throw wrong('a list', page)
  const { length } = page
  if (length > limit) throw wrong(`at most ${limit} records, its \`limit\``, page, `${length} records`)
  const records = Array.from({ length }, (_, index) => dueRecord(page[index]))
  const late = records.find(record => record.due >= before)
  if (late !== undefined) {
    throw wrong(`records that are due before ${before}, its \`before\``, page, `one that is due at ${late.due}`)
  }
  if (!isOrdered(records)) {
    throw new TypeError(
      'it must return each record once, by `due` and then by `id` as JavaScript compares strings (in PostgreSQL, ' +
        '`COLLATE "C"`), but returned them in another order',
    )
  }
  if (after !== undefined && !isOrdered([after, ...records])) {
    throw new TypeError(
      'it must return only records that come after `after`, by `due` and then by `id`, but returned one that does not; ' +
        'check that it does not ignore `after`',
    )
  }
  return records
}

function dueRecord(entry: unknown): DueRecord {
  if (typeof entry !== 'object' || entry === null) {
    throw new TypeError(`an entry of the list must be an object, but is ${kind(entry)}`)
  }
  const { id, due } = members(entry, ['id', 'due'])
  if (typeof id !== 'string') throw wrong('the id of each entry as a string', id)
  if (!id.isWellFormed())
    throw wrong('the id of each entry as it was stored', id, 'one that is not well-formed Unicode')
  if (!Number.isSafeInteger(due) || (due as number) < 0) throw wrong('the due of each entry as a whole number', due)
  return { id, due: due as number }
}

function wrong(wanted: string, value: unknown, got = kind(value)): TypeError {
  return new TypeError(`it must return ${wanted}, but returned ${got}`)
}

/** Describes what a store threw or rejected with, without the password of a URL that the message may quote. */
export function describe(error: unknown): string {
  try {
    // By its properties: `instanceof` fails for an error from another realm.
    const { name, message } = Object(error) as Partial<Record<keyof Error, unknown>>
    if (typeof message !== 'string') return 'it gave no reason'
    const text = `${typeof name === 'string' ? name : 'Error'}: ${message}`
    return text.replace(/\/\/[^/\s]*@/g, '//').slice(0, LONGEST_REASON)
  } catch {
    return 'its reason cannot be read'
  }
}
