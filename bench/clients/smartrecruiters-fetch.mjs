import * as entry from '../../index.mjs'
import { client } from './ours.mjs'
import { expectOk, lengthOfWebStream, TOKEN } from './support.mjs'

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
    close: () => sr.close(),
  }
}
