import { getEventListeners } from 'node:events'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// Takes one item of a list whose next pages never come, and leaves it: by `break`, as it is, or to the collector.
const [baseUrl, apiKey, path, how] = process.argv.slice(2)
const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: false })
const { signal } = new AbortController()
const query = { limit: 5 }

async function take() {
  const { value } = await sr.paginate(path, { query, signal }).next()
  return value
}

if (how === 'break') {
  for await (const item of sr.paginate(path, { query })) {
    console.log(typeof item.id)
    break
  }
} else if (how === 'abandon') {
  const list = sr.paginate(path, { query })
  console.log(typeof (await list.next()).value.id)
} else {
  const { id } = await take()
  for (;;) {
    globalThis.gc()
    const { concurrency } = await sr.get('/_sandbox/counters')
    if (concurrency.current === 0 && getEventListeners(signal, 'abort').length === 0) break
  }
  console.log(typeof id)
}
