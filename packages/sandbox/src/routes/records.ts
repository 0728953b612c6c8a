import { notFound } from '../errors.js'
import { type Item, isGiven } from '../state/given-data.js'
import type { World } from '../world.js'

/** Returns the record with this id. Without it, the answer is a 404 with a message such as `Job not found`. */
export function find<Found>(records: ReadonlyMap<string, Found>, id: string, what: string): Found {
  const record = records.get(id)
  if (record === undefined) throw notFound(`${what} not found`)
  return record
}

/** Removes the record with this id. */
export function remove(records: Map<string, unknown>, id: string, what: string): void {
  find(records, id, what)
  records.delete(id)
}

/** Returns a record with further fields; one that the user has given, unchanged. */
export function shown<Record extends Item>(record: Record, more: () => object): object {
  return isGiven(record) ? record : { ...record, ...more() }
}

/** Makes a link to another operation, as it is in the `actions` of a record. */
export function action(world: World, path: string): { url: string; method: string } {
  return { url: `${world.origins.api}${path}`, method: 'GET' }
}

/** Whether a record has this value in a field. A record that the user has given without the field matches as well. */
export function has(record: Item, field: string, value: string | null): boolean {
  return (record[field] ?? value) === value
}

export function now(): string {
  return new Date().toISOString()
}
