import { Agent, request, setGlobalDispatcher } from 'undici'
import { AUTHORIZED, expectOk, lengthOfNodeStream } from './support.mjs'

export async function setup({ baseUrl, path }) {
  const url = baseUrl + path
  const options = { headers: AUTHORIZED }
  const agent = new Agent()
  setGlobalDispatcher(agent)
  return {
    async request() {
      const { statusCode, body } = await request(url, options)
      expectOk(statusCode)
      return body.json()
    },
    async download() {
      const { statusCode, body } = await request(url, options)
      expectOk(statusCode)
      return lengthOfNodeStream(body)
    },
    close: () => agent.close(),
  }
}
