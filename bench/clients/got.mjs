import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import got from 'got'
import { AUTHORIZED, expectOk, lengthOfNodeStream, pieces, uploadHeaders } from './support.mjs'

export async function setup({ baseUrl, path }) {
  const agent = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) }
  const client = got.extend({ headers: AUTHORIZED, agent })
  const url = baseUrl + path
  return {
    async request() {
      const { statusCode, body } = await client.get(url, { responseType: 'json' })
      expectOk(statusCode)
      return body
    },
    // Rejects if the answer is no success.
    download: () => lengthOfNodeStream(client.stream.get(url)),
    async upload(length) {
      const options = { headers: uploadHeaders(length), body: Readable.from(pieces(length)), responseType: 'json' }
      const { statusCode, body } = await client.post(url, options)
      expectOk(statusCode)
      return body.received
    },
    close() {
      agent.http.destroy()
      agent.https.destroy()
    },
  }
}
