import { PER_SECOND } from '../scenarios.mjs'
import { limitedBy } from './limiters.mjs'

export function setup(context) {
  const reservoir = { reservoir: PER_SECOND, reservoirRefreshAmount: PER_SECOND, reservoirRefreshInterval: 1000 }
  return limitedBy(context, reservoir)
}
