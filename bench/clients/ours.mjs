/** This project's client, with whichever credential. It is handed the package, whose loading is timed in `cold.mjs`. */

import { expectOk, lengthOfWebStream, pieces } from './support.mjs'

/** The whole product: everything that can be in the way of a call is, but nothing holds it back. */
export function client({ baseUrl, ca }, { ConfigurationError, SmartRecruiters }, credential) {
  try {
    return new SmartRecruiters({ credential, baseUrl, limits: false, ...(ca && { ca }) })
  } catch (error) {
    if (ca && error instanceof ConfigurationError) error.unsupported = 'this build has no option `ca`'
    throw error
  }
}

export async function ours(context, entry, credential) {
  const sr = client(context, entry, credential)
  const { path } = context
  return {
    // Rejects if the answer is no success.
    request: () => sr.get(path),
    async download() {
      const response = await sr.get(path).asResponse()
      expectOk(response.status)
      return lengthOfWebStream(response.body)
    },
    async upload(length) {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(length) }
      return (await sr.post(path, { body: pieces(length), headers })).received
    },
    async list() {
      let count = 0
      for await (const item of sr.paginate(path, { query: { limit: 100 } })) if (item.id) count++
      return count
    },
    close: () => sr.close(),
  }
}
