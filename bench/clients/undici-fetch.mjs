import { Agent, fetch, setGlobalDispatcher } from 'undici'
import { fetching } from './fetch.mjs'

export async function setup(context) {
  const agent = new Agent()
  setGlobalDispatcher(agent)
  return { ...fetching(fetch, context), close: () => agent.close() }
}
