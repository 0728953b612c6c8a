import pLimit from 'p-limit'
import { AT_ONCE, ONE_AT_ONCE } from '../scenarios.mjs'
import { undiciClient } from './support.mjs'

export function setup(context) {
  const client = undiciClient(context, { retry: true })
  return { get: limited(path => client.get(path)), close: client.close }
}

/** `get` with eight at once, one of which is for the endpoint that takes no more. */
export function limited(get) {
  const one = pLimit(1)
  const rest = pLimit(AT_ONCE - 1)
  return (path, endpoint) => (endpoint === ONE_AT_ONCE ? one : rest)(get, path)
}
