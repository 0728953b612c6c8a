import axios from 'axios'
import axiosRetry from 'axios-retry'
import { agents, headersOf, RETRIES, RETRY_DELAY } from './support.mjs'

export function setup({ baseUrl, apiKey }) {
  const sockets = agents()
  const client = axios.create({ baseURL: baseUrl, headers: headersOf(apiKey) })
  axiosRetry(client, {
    retries: RETRIES,
    retryDelay: () => RETRY_DELAY,
    retryCondition: error => axiosRetry.isNetworkOrIdempotentRequestError(error) || error.response?.status === 429,
  })
  return {
    async get(path, endpoint) {
      const { data } = await client.get(path, { httpAgent: sockets.of(endpoint) })
      return data
    },
    close: sockets.close,
  }
}
