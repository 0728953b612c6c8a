import { OAuth2Client } from 'google-auth-library'
import { expectOk, lengthOfNodeStream, lengthOfWebStream, TOKEN } from './support.mjs'

export async function setup({ baseUrl, path }) {
  const client = new OAuth2Client({ clientId: 'benchmark', clientSecret: 'secret' })
  client.setCredentials({ access_token: TOKEN, token_type: 'Bearer', expiry_date: Date.now() + 1_800_000 })
  const url = baseUrl + path
  return {
    async request() {
      const { status, data } = await client.request({ url })
      expectOk(status)
      return data
    },
    async download() {
      const { status, data } = await client.request({ url, responseType: 'stream' })
      expectOk(status)
      return 'getReader' in data ? lengthOfWebStream(data) : lengthOfNodeStream(data)
    },
    close() {},
  }
}
