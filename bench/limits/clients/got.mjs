import got from 'got'
import { agents, headersOf, RETRIES, RETRY_DELAY } from './support.mjs'

export function setup({ baseUrl, apiKey }) {
  const sockets = agents()
  const client = got.extend({
    headers: headersOf(apiKey),
    responseType: 'json',
    retry: { limit: RETRIES, backoffLimit: RETRY_DELAY },
  })
  return {
    async get(path, endpoint) {
      const { body } = await client.get(baseUrl + path, { agent: { http: sockets.of(endpoint) } })
      return body
    },
    close: sockets.close,
  }
}
