import { Pool } from 'undici'
import { AUTHORIZED, expectOk, lengthOfNodeStream } from './support.mjs'

/** As many connections as this project's client opens at most. */
export function poolOptions({ inFlight }) {
  return { connections: Math.min(inFlight, 64) }
}

export async function setup(context) {
  const pool = new Pool(context.baseUrl, poolOptions(context))
  const options = { method: 'GET', path: context.path, headers: AUTHORIZED }
  return {
    async request() {
      const { statusCode, body } = await pool.request(options)
      expectOk(statusCode)
      return body.json()
    },
    async download() {
      const { statusCode, body } = await pool.request(options)
      expectOk(statusCode)
      return lengthOfNodeStream(body)
    },
    close: () => pool.close(),
  }
}
