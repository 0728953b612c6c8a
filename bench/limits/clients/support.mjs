/** What clients share. */

import http from 'node:http'
import { interceptors, Pool } from 'undici'
import { AT_ONCE, ONE_AT_ONCE } from '../scenarios.mjs'

/** How often a request is tried again. At one attempt a second, twice as often as a job of fifty items has to. */
export const RETRIES = 10
/** Milliseconds until then: the length of the server's window. */
export const RETRY_DELAY = 1000

export function headersOf(apiKey) {
  return { 'x-smarttoken': apiKey }
}

/** GET by an undici pool, for all that bring no client of their own. Retries are undici's, if any. */
export function undiciClient({ baseUrl, apiKey }, { retry = false } = {}) {
  const pool = new Pool(baseUrl)
  const options = { maxRetries: RETRIES, minTimeout: RETRY_DELAY, maxTimeout: RETRY_DELAY }
  const dispatcher = retry ? pool.compose(interceptors.retry(options)) : pool
  const headers = headersOf(apiKey)
  return {
    async get(path) {
      const { statusCode, body } = await dispatcher.request({ method: 'GET', path, headers })
      if (statusCode === 200) return body.json()
      await body.dump()
      throw Object.assign(new Error(`status ${statusCode}`), { status: statusCode })
    },
    close: () => pool.close(),
  }
}

/** For clients that limit requests at once by their sockets: an agent for each endpoint. */
export function agents() {
  const one = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const rest = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE - 1 })
  return {
    of: endpoint => (endpoint === ONE_AT_ONCE ? one : rest),
    close() {
      one.destroy()
      rest.destroy()
    },
  }
}

/** One of a kind for each endpoint, made when it is first asked for. */
export function perEndpoint(make) {
  const made = new Map()
  return endpoint => {
    if (!made.has(endpoint)) made.set(endpoint, make(endpoint))
    return made.get(endpoint)
  }
}
