import { AUTHORIZED, expectOk, lengthOfWebStream, pieces, uploadHeaders } from './support.mjs'

export async function setup(context) {
  return { ...fetching(fetch, context), close() {} }
}

/** A client that is a `fetch`. */
export function fetching(fetch, { baseUrl, path }) {
  const url = baseUrl + path
  const init = { headers: AUTHORIZED }
  return {
    async request() {
      const response = await fetch(url, init)
      expectOk(response.status)
      return response.json()
    },
    async download() {
      const response = await fetch(url, init)
      expectOk(response.status)
      return lengthOfWebStream(response.body)
    },
    async upload(length) {
      const body = ReadableStream.from(pieces(length))
      const response = await fetch(url, { method: 'POST', headers: uploadHeaders(length), body, duplex: 'half' })
      expectOk(response.status)
      return (await response.json()).received
    },
  }
}
