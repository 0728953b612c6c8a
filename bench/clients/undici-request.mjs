import { Agent, request, setGlobalDispatcher } from 'undici'
import { AUTHORIZED, expectOk, lengthOfNodeStream, pieces, uploadHeaders } from './support.mjs'

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
    async upload(length) {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: uploadHeaders(length),
        body: pieces(length),
      })
      expectOk(statusCode)
      return (await body.json()).received
    },
    // As octokit's paginate does: the next page is asked for once the items of the last one have been taken.
    async list() {
      let count = 0
      for await (const items of pages(url, options)) for (const item of items) if (item.id) count++
      return count
    },
    close: () => agent.close(),
  }
}

async function* pages(url, options) {
  for (let offset = 0, total = 1; offset < total; ) {
    const { statusCode, body } = await request(`${url}?limit=100&offset=${offset}`, options)
    expectOk(statusCode)
    const page = await body.json()
    total = page.totalFound
    offset += page.content.length
    yield page.content
  }
}
