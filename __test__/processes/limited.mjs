// One process of a fleet that shares the limits of a credential: does what its parent says, and says what came of it.

import { ApiKey, RedisLimits, SmartRecruiters } from 'smartrecruiters'

const { baseUrl, apiKey, url } = JSON.parse(process.argv[2])
const shared = new RedisLimits({ url })
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: { shared } })
shared.on('degraded', ({ members, error }) => process.send({ event: 'degraded', members, code: error.code }))
shared.on('restored', () => process.send({ event: 'restored' }))

let loading = true

const ACTIONS = {
  /** Keeps `width` calls on their way until told to stop. */
  async load({ path, width }) {
    const worker = async () => {
      while (loading) await sr.get(path, { query: { limit: 1 } })
    }
    await Promise.all(Array.from({ length: width }, worker))
    return 'stopped'
  },
  stop() {
    loading = false
  },
  call({ path }) {
    return sr.get(path).then(() => 'answered')
  },
  limits() {
    return sr.limits()
  },
}

process.on('message', async ({ action, ...options }) => {
  const answer = await ACTIONS[action](options)
  if (answer !== undefined && process.connected) process.send({ action, answer })
})
process.send('ready')
