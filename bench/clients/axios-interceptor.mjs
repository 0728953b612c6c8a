import axios from 'axios'
import { keepAlive } from './axios.mjs'
import { expectOk } from './support.mjs'
import { tokenCache } from './token.mjs'

export async function setup({ baseUrl, path }) {
  const agents = keepAlive()
  const credentials = { grant_type: 'client_credentials', client_id: 'benchmark', client_secret: 'secret' }
  const token = tokenCache(async () => {
    const body = new URLSearchParams(credentials)
    return (await axios.post(`${baseUrl}/identity/oauth/token`, body, agents.options)).data
  })
  const client = axios.create({ baseURL: baseUrl, ...agents.options })
  client.interceptors.request.use(async config => {
    config.headers.set('authorization', `Bearer ${await token()}`)
    return config
  })
  return {
    async request() {
      const { status, data } = await client.get(path)
      expectOk(status)
      return data
    },
    close: agents.close,
  }
}
