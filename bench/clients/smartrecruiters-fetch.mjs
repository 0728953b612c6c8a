import * as entry from '../../index.mjs'
import { client } from './ours.mjs'
import { expectOk, lengthOfWebStream, pieces, TOKEN } from './support.mjs'

export async function setup(context) {
  const sr = client(context, entry, new entry.ApiKey(TOKEN))
  const url = context.baseUrl + context.path
  return {
    async request() {
      const response = await sr.fetch(url)
      expectOk(response.status)
      return response.json()
    },
    async download() {
      const response = await sr.fetch(url)
      expectOk(response.status)
      return lengthOfWebStream(response.body)
    },
    async upload(length) {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(length) }
      const body = ReadableStream.from(pieces(length))
      const response = await sr.fetch(url, { method: 'POST', headers, body, duplex: 'half' })
      expectOk(response.status)
      return (await response.json()).received
    },
    close: () => sr.close(),
  }
}
