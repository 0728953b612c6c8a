import { createSession } from 'wreq-js'
import { fetching } from './fetch.mjs'

export async function setup(context) {
  const session = await createSession()
  return { ...fetching((url, init) => session.fetch(url, init), context), close: () => session.close() }
}
