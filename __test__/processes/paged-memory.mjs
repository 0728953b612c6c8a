import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// Reads a long list item by item, and prints what came, and how far memory rose after the first tenth.
const [baseUrl, apiKey, path, total] = process.argv.slice(2)
const MARK = Number(total) / 10

const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl, limits: false })
const memory = () => {
  globalThis.gc()
  return process.memoryUsage()
}

let items = 0
let inOrder = true
let last = ''
let start
let peak = { rss: 0, heapUsed: 0 }
const list = sr.paginate(path)
const began = performance.now()
for await (const { id, refNumber } of list) {
  items++
  // Jobs come in the order of their ids, postings in that of their numbers, of which each second is public.
  inOrder &&= path === '/jobs' ? id > last : refNumber === `REF${2 * items - 1}`
  last = id
  if (items % MARK === 0) {
    const now = memory()
    start ??= now
    peak = { rss: Math.max(peak.rss, now.rss), heapUsed: Math.max(peak.heapUsed, now.heapUsed) }
  }
}
const { done, duplicates, missing } = list.progress
const seconds = (performance.now() - began) / 1000
console.log(JSON.stringify({ items, inOrder, done, duplicates, missing, start, peak, seconds }))
