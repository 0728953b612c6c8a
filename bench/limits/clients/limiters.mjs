/** bottleneck with one of its ways to hold a rate. */

import Bottleneck from 'bottleneck'
import { AT_ONCE, ONE_AT_ONCE } from '../scenarios.mjs'
import { perEndpoint, RETRIES, RETRY_DELAY, undiciClient } from './support.mjs'

export function limitedBy(context, rate) {
  const client = undiciClient(context)
  const all = new Bottleneck({ maxConcurrent: AT_ONCE })
  const limiter = perEndpoint(endpoint => {
    const own = new Bottleneck({ ...rate, ...(endpoint === ONE_AT_ONCE && { maxConcurrent: 1 }) })
    own.on('failed', retry)
    return own.chain(all)
  })
  return {
    get: (path, endpoint) => limiter(endpoint).schedule(() => client.get(path)),
    async close() {
      await all.disconnect()
      await client.close()
    },
  }
}

/** When to try again; nothing gives up. */
function retry(error, { retryCount }) {
  if (error.status === 429 && retryCount < RETRIES) return RETRY_DELAY
}
