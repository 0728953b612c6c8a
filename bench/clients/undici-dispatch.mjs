import { Pool } from 'undici'
import { AUTHORIZED, expectOk } from './support.mjs'
import { poolOptions } from './undici-pool.mjs'

export async function setup(context) {
  const pool = new Pool(context.baseUrl, poolOptions(context))
  const options = { method: 'GET', path: context.path, headers: AUTHORIZED }
  return {
    request: () =>
      new Promise((resolve, reject) => {
        const chunks = []
        const onEnd = () => {
          const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
          resolve(JSON.parse(body.toString()))
        }
        pool.dispatch(
          options,
          handler(chunk => chunks.push(chunk), onEnd, reject),
        )
      }),
    download: () =>
      new Promise((resolve, reject) => {
        let length = 0
        const onData = chunk => {
          length += chunk.length
        }
        pool.dispatch(
          options,
          handler(onData, () => resolve(length), reject),
        )
      }),
    close: () => pool.close(),
  }
}

/** The handler that undici 7 calls without wrapping it, and so the fastest. Its headers stay unparsed. */
function handler(onData, onEnd, onError) {
  return {
    onConnect() {},
    onHeaders(status) {
      expectOk(status)
      return true
    },
    onData(chunk) {
      onData(chunk)
      return true
    },
    onComplete: onEnd,
    onError,
  }
}
