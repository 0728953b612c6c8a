import Bottleneck from 'bottleneck'
import { AT_ONCE, ONE_AT_ONCE, PER_SECOND } from '../scenarios.mjs'
import { RETRIES, RETRY_DELAY, undiciClient } from './support.mjs'

/**
 * How @octokit/plugin-throttling 11 is made, with SmartRecruiters' numbers in place of GitHub's. The plugin itself takes
 * neither a rate for an endpoint nor another number at once, and looks for headers that only GitHub sends.
 */
export function setup(context) {
  const client = undiciClient(context)
  // Its group `global`, which has 10 at once.
  const global = new Bottleneck.Group({ maxConcurrent: AT_ONCE })
  // As its groups `search` and `write`: a limiter that is passed before the request has its turn.
  const rate = new Bottleneck.Group({ maxConcurrent: 1, minTime: 1000 / PER_SECOND })
  const one = new Bottleneck({ maxConcurrent: 1 })
  const retries = new Bottleneck()

  const attempt = async call => {
    // A retry goes first, and is not counted among those at once.
    const options = call.retryCount > 0 ? { priority: 0, weight: 0 } : {}
    await rate.key(call.endpoint).schedule(options, () => Promise.resolve())
    const send = () => global.key('credential').schedule(options, () => client.get(call.path))
    return call.endpoint === ONE_AT_ONCE ? one.schedule(send) : send()
  }
  retries.on('failed', (error, { args: [call] }) => {
    if (error.status !== 429 || call.retryCount === RETRIES) return undefined
    call.retryCount += 1
    // The reset, which is a second away at most as no header tells when it is, and another second as there.
    return RETRY_DELAY + 1000
  })
  return {
    get: (path, endpoint) => retries.schedule(attempt, { path, endpoint, retryCount: 0 }),
    close: () => client.close(),
  }
}
