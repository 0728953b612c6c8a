import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import axios from 'axios'
import { AUTHORIZED, expectOk, lengthOfNodeStream, pieces, uploadHeaders } from './support.mjs'

export async function setup({ baseUrl, path }) {
  const agents = keepAlive()
  const client = axios.create({ baseURL: baseUrl, headers: AUTHORIZED, ...agents.options })
  return {
    async request() {
      const { status, data } = await client.get(path)
      expectOk(status)
      return data
    },
    async download() {
      const { status, data } = await client.get(path, { responseType: 'stream' })
      expectOk(status)
      return lengthOfNodeStream(data)
    },
    async upload(length) {
      // Without redirects, it keeps no copy of the body.
      const options = { headers: uploadHeaders(length), maxRedirects: 0 }
      const { status, data } = await client.post(path, Readable.from(pieces(length)), options)
      expectOk(status)
      return data.received
    },
    close: agents.close,
  }
}

/** Connections that are kept, for both kinds of axios. */
export function keepAlive() {
  const httpAgent = new http.Agent({ keepAlive: true })
  const httpsAgent = new https.Agent({ keepAlive: true })
  return {
    options: { httpAgent, httpsAgent },
    close() {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}
