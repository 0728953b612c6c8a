/** p-throttle with any of its options. */

import pThrottle from 'p-throttle'
import { PER_SECOND } from '../scenarios.mjs'
import { limited } from './p-limit.mjs'
import { perEndpoint, undiciClient } from './support.mjs'

export function throttled(context, options) {
  const client = undiciClient(context, { retry: true })
  // The throttle first: what waits for its second is not at the server yet, and must take no slot.
  const get = limited(path => client.get(path))
  const throttle = perEndpoint(() => pThrottle({ limit: PER_SECOND, interval: 1000, ...options })(get))
  return { get: (path, endpoint) => throttle(endpoint)(path, endpoint), close: client.close }
}
