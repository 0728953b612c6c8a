import { setImmediate } from 'node:timers/promises'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// Takes all 64 places with answers that nobody reads, and waits for the collector to give them back.
const [baseUrl, apiKey] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: false })
const { signal } = new AbortController()
for (let call = 0; call < 64; call++) await sr.fetch('/payload/2000000', { signal })

let free = false
const next = sr.get('/echo').then(() => {
  free = true
})
while (!free) {
  globalThis.gc()
  await setImmediate()
}
await next
console.log('all 64 places are free again')
process.exit(signal.aborted ? 1 : 0)
