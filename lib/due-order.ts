/**
 * The order in which a store lists due records. It needs nothing else, since `smartrecruiters/testing` uses it
 * too.
 */

import type { DueRecord } from './store-contract.js'

/** Whether each record comes after the one before it, with ids in the order of UTF-16 or of UTF-8. */
export function isOrdered(places: readonly DueRecord[]): boolean {
  return [byCodeUnits, byBytes].some(compare =>
    places.every((place, index) => {
      const next = places[index + 1]
      return next === undefined || place.due < next.due || (place.due === next.due && compare(place.id, next.id) < 0)
    }),
  )
}

/** Compares strings by their UTF-16 code units, as JavaScript does. */
function byCodeUnits(one: string, two: string): number {
  return one < two ? -1 : Number(one > two)
}

/**
 * Compares strings by the bytes of their UTF-8, as databases do. The two orders differ for characters beyond U+FFFF.
 */
function byBytes(one: string, two: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(two))
}
