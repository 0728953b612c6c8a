/** The order in which a store lists what is due. It needs nothing else: the suite for stores uses it, too. */

import type { DueRecord } from './store-contract.js'

/** Whether each record comes after the one before it, with the ids in the order of UTF-16 or in that of UTF-8. */
export function isOrdered(places: readonly DueRecord[]): boolean {
  return [byCodeUnits, byBytes].some(compare =>
    places.every((place, index) => {
      const next = places[index + 1]
      return next === undefined || place.due < next.due || (place.due === next.due && compare(place.id, next.id) < 0)
    }),
  )
}

/** As JavaScript has it. */
function byCodeUnits(one: string, two: string): number {
  return one < two ? -1 : Number(one > two)
}

/** As databases have it that compare UTF-8. It differs from the other for characters beyond U+FFFF. */
function byBytes(one: string, two: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(two))
}
