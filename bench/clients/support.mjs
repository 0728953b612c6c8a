/** What clients share: the credential, and streams that are read to their end. */

export const TOKEN = 'benchmark'

export const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }

/** Fails the run if an answer is no success. */
export function expectOk(status) {
  if (status !== 200) throw new Error(`status ${status}`)
}

/** Reads a web stream to its end. */
export async function lengthOfWebStream(stream) {
  const reader = stream.getReader()
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return length
    length += value.byteLength
  }
}

/** Reads a stream of Node's to its end, the fastest way there is. */
export function lengthOfNodeStream(stream) {
  return new Promise((resolve, reject) => {
    let length = 0
    stream.on('data', chunk => {
      length += chunk.length
    })
    stream.on('end', () => resolve(length))
    stream.on('error', reject)
  })
}

const CHUNK = Buffer.alloc(64 * 1024, 'n')

/** A body of this length, piece by piece. */
export async function* pieces(length) {
  for (let left = length; left > 0; left -= CHUNK.length) yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
}

/** The headers of an upload of this length. */
export function uploadHeaders(length) {
  return { ...AUTHORIZED, 'content-type': 'application/octet-stream', 'content-length': String(length) }
}
